"""Who the exporter is to an API, and until when it may be sure of it. Nothing here is secret."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from typing import Literal

Api = Literal["kubernetes", "arm"]
APIS: tuple[Api, ...] = ("kubernetes", "arm")
MODES = (
    "service_account", "token_file", "token", "client_certificate", "none",
    "workload_identity", "managed_identity", "azure_cli", "environment", "other",
)  # fmt: skip
_LATEST = 2.0**40


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialFacts:
    """`mode` is how it is shown; `ends_at` the end of the token in use, Unix seconds, None where that is not known."""

    api: Api
    mode: str
    ends_at: float | None = None


def end_of(token: str) -> float | None:
    """When a JWT says that it ends, Unix seconds; None for anything else. Its signature is not looked at."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return None
    end = claims.get("exp") if isinstance(claims, dict) else None
    sound = isinstance(end, int | float) and not isinstance(end, bool) and 0 < end < _LATEST
    return float(end) if sound else None  # type: ignore[arg-type] # `sound` says so
