"""The closed list of words for a failed attempt to read an API: metric label, log field and heading of the docs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Word(StrEnum):
    """Why an attempt failed. Nothing else is ever said."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    UNAUTHENTICATED = "unauthenticated"
    DENIED = "denied"
    ABSENT = "absent"
    CONFLICT = "conflict"
    GONE = "gone"
    THROTTLED = "throttled"
    SERVER = "server"
    GARBLED = "garbled"
    INCOMPLETE = "incomplete"
    OVERSIZE = "oversize"
    BUG = "bug"


@dataclass(slots=True, unsafe_hash=True)  # not frozen: an exception's traceback is assigned to
class Failed(Exception):  # noqa: N818 - reads as an outcome: "the pass failed"
    """One failed attempt. `detail` is short, ours, and free of anything secret; `retry_after` is in seconds."""

    word: Word
    detail: str = ""
    retry_after: float | None = None

    def __str__(self) -> str:
        return f"{self.word}: {self.detail}" if self.detail else str(self.word)


@dataclass(slots=True, unsafe_hash=True)
class Deferred(Exception):  # noqa: N818 - reads as an outcome: "the ask is deferred"
    """Not asked, by a limit of our own: again after `wait` seconds. Nothing has failed."""

    wait: float
