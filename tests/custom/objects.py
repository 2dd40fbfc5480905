"""Custom resources as an API server gives them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from exporter.domain.custom.objects import Kind

Object = dict[str, Any]
WHEN = "2026-05-01T10:00:00Z"


def conditions(**told: str | tuple[str, str]) -> list[Object]:
    """Conditions by type: their value, or value and reason."""
    pairs = {name: told if isinstance(told, tuple) else (told, f"{name}Reason") for name, told in told.items()}
    return [
        {"type": name, "status": value, "reason": reason, "message": "m", "lastTransitionTime": WHEN}
        for name, (value, reason) in pairs.items()
    ]


def item(kind: Kind, name: str = "one", *, version: str = "v1", **fields: Any) -> Object:
    """One object; `metadata` is added to what every object has."""
    metadata = {"name": name, "uid": f"uid-{name}", "generation": 1, "creationTimestamp": WHEN}
    if kind.namespaced:
        metadata["namespace"] = "default"
    metadata |= fields.pop("metadata", {})
    return {"apiVersion": f"{kind.group}/{version}", "kind": kind.kind, "metadata": metadata, **fields}


def page(
    kind: Kind, items: Sequence[Object], *, version: str = "v1", metadata: Mapping[str, Any] | None = None
) -> bytes:
    """One page of a list."""
    body = {
        "apiVersion": f"{kind.group}/{version}",
        "kind": f"{kind.kind}List",
        "metadata": {"resourceVersion": "7", "continue": "", **(metadata or {})},
        "items": list(items),
    }
    return json.dumps(body).encode()
