"""The parts that Kubernetes objects share, and the rules for their fields.

A field of the wrong type, a negative or huge number, an identifier that is too long or a creation time that is none
spoils its object (ValueError). Any other time that is no time is None. Free text is cleaned and cut.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from sys import intern
from typing import Annotated

from msgspec import Meta, Struct

from exporter.domain.quantities import parse_quantity
from exporter.domain.records import Uid
from exporter.domain.text import clean

Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
Amount = str | int | float

_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ID_LENGTH = 63
_TEXT_LENGTH = 128
_TIME_LENGTH = 40


class Owner(Struct, gc=False):
    kind: str = ""
    uid: str = ""
    controller: bool | None = None


class Metadata(Struct, gc=False, rename="camel"):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None


class Condition(Struct, gc=False, rename="camel"):
    type: str = ""
    status: str = ""
    reason: str | None = None
    message: str | None = None
    last_transition_time: str | None = None


class Env(Struct, gc=False):
    name: str = ""
    value: str | None = None


def identifier(value: str, what: str, *, empty: bool = False) -> str:
    """Return `value` if it can identify an object. Raises ValueError if it is too long, not printable, or empty."""
    if len(value) > _ID_LENGTH or not (value.isascii() and value.isprintable()) or not (value or empty):
        raise ValueError(what)
    return value


def unique(value: str, what: str) -> Uid:
    """Return what identifies an object for ever. Raises ValueError as `identifier` does."""
    return bytes.fromhex(value.replace("-", "")) if _UUID.fullmatch(value) else identifier(value, what)


def told_uid(metadata: Metadata) -> Uid:
    """Return the uid that a broken object tells; empty if that is broken too."""
    try:
        return unique(metadata.uid, "uid")
    except ValueError:
        return ""


def shared_text(value: str) -> str:
    """Return cleaned text that many objects have in common, as one object."""
    return _shared(value if len(value) <= _TEXT_LENGTH else value[:_TEXT_LENGTH])


def shared_identifier(value: str, what: str) -> str:
    """Return an identifier that many objects have in common, as one object. Raises ValueError as `identifier` does."""
    if len(value) > _ID_LENGTH:
        raise ValueError(what)
    return _identifier(value, what)


@lru_cache(maxsize=1024)
def _identifier(value: str, what: str) -> str:
    return intern(identifier(value, what))


@lru_cache(maxsize=4096)
def _shared(value: str) -> str:
    return intern(clean(value))


def seconds(text: str | None) -> float | None:
    """Return an RFC 3339 time as Unix seconds; None for none, for junk and for times before 1970."""
    return _seconds(text) if text and len(text) <= _TIME_LENGTH else None


@lru_cache(maxsize=8192)
def _seconds(text: str) -> float | None:
    if not _RFC3339.fullmatch(text):
        return None
    try:
        value = datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return None
    return value if value > 0 else None


def created(metadata: Metadata) -> float:
    """Return when an object was created as Unix seconds. Raises ValueError if it does not tell: every real one does."""
    at = seconds(metadata.creation_timestamp)
    if at is None:
        raise ValueError("creationTimestamp")
    return at


def condition(conditions: Sequence[Condition] | None, kind: str) -> Condition | None:
    """Return the last condition of type `kind`, whatever its status."""
    for item in reversed(conditions or ()):
        if item.type == kind:
            return item
    return None


def quantity(raw: Amount) -> float:
    """Return an amount in cores or bytes. Raises ValueError for a bad quantity."""
    value = parse_quantity(raw if isinstance(raw, str) else repr(raw))
    if value is None:
        raise ValueError("quantity")
    return value


def decimal(text: str | None) -> int | None:
    """Return a plain decimal number of at most 9 digits, None for other text."""
    return int(text) if text and len(text) <= 9 and text.isascii() and text.isdigit() else None
