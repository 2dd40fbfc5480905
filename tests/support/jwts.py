"""JSON web tokens that nobody has signed."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode


def jwt(**claims: object) -> str:
    """A token with these claims."""
    return ".".join(_part(one) for one in ({"alg": "RS256"}, claims, "signature"))


def _part(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
