"""What the three boundaries share: JSON in and out of a transport, whole listings, deleting one very object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import msgspec

from exporter.adapters.transport import Transport
from exporter.domain.failures import Failed, Word

BUDGET = 10.0  # seconds
_CAP = 32 * 1024**2
_PAGE_ITEMS = 500
_MAX_PAGES = 200
T = TypeVar("T")


class Metadata(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    uid: str
    labels: Mapping[str, str] = {}
    deletion_timestamp: str = ""


class Object(msgspec.Struct, frozen=True):
    metadata: Metadata


class _Continue(msgspec.Struct, frozen=True):
    token: str = msgspec.field(default="", name="continue")


class _Listing(msgspec.Struct, frozen=True):
    items: list[msgspec.Raw]
    metadata: _Continue = _Continue()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One object as the API has it. `deleting`: somebody asked for its end."""

    name: str
    uid: str
    labels: Mapping[str, str] = field(default_factory=dict)
    deleting: bool = False


def stored(metadata: Metadata) -> Stored:
    return Stored(
        name=metadata.name, uid=metadata.uid, labels=metadata.labels, deleting=bool(metadata.deletion_timestamp)
    )


def decoded(body: bytes | msgspec.Raw, shape: type[T]) -> T:
    """Raises Failed for anything else."""
    try:
        return msgspec.json.decode(body, type=shape)
    except (ValueError, RecursionError):
        raise Failed(Word.GARBLED, f"not a {shape.__name__}") from None


def read(transport: Transport, path: str, shape: type[T]) -> T | None:
    """One object, None where there is none. Raises Failed."""
    try:
        return decoded(transport.get(path, budget=BUDGET, cap=_CAP).body, shape)
    except Failed as failure:
        if failure.word is Word.ABSENT:
            return None
        raise


def listed(transport: Transport, path: str, selector: str, shape: type[T]) -> list[T]:
    """Every object that the label selector names. Raises Failed."""
    found: list[T] = []
    query = {"labelSelector": selector, "limit": str(_PAGE_ITEMS)}
    for _ in range(_MAX_PAGES):
        page = decoded(transport.get(path, query, budget=BUDGET, cap=_CAP).body, _Listing)
        found += [decoded(item, shape) for item in page.items]
        if not page.metadata.token:
            return found
        query["continue"] = page.metadata.token
    raise Failed(Word.INCOMPLETE, "too many pages")


def sent(transport: Transport, method: Literal["POST", "PATCH"], path: str, body: Mapping[str, Any]) -> Stored:
    """Send once; the object as it is then. Raises Failed."""
    answer = transport.send(method, path, body, budget=BUDGET, cap=_CAP)
    return stored(decoded(answer.body, Object).metadata)


def remove(
    transport: Transport, path: str, uid: str, *, policy: Literal["Foreground", "Background"] = "Foreground"
) -> None:
    """Have this very object deleted, what it owns first or afterwards; one that is gone or has another uid is left as
    it is. Raises Failed."""
    body = {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "propagationPolicy": policy,
        "preconditions": {"uid": uid},
    }
    try:
        transport.send("DELETE", path, body, budget=BUDGET, cap=_CAP)
    except Failed as failure:
        if failure.word not in (Word.ABSENT, Word.CONFLICT):
            raise
