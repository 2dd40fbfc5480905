"""How old data may be: the state of a resource, and whether its series may be shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from exporter.domain.failures import Word

State = Literal["fresh", "stale", "expired", "denied", "absent", "stopped", "never"]

_NOT_ALLOWED = (Word.DENIED, Word.UNAUTHENTICATED)
_WORST_FIRST: tuple[State, ...] = ("expired", "denied", "never", "stale", "absent", "stopped", "fresh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holds:
    """Ages in seconds: `stale_after` without a word from the API, and `expire_after` until the series go."""

    stale_after: float = 150.0
    expire_after: float = 300.0


def resource_state(age: float | None, word: Word | None, holds: Holds) -> State:
    """The state by the age of the data (None: there never was any) and the word of the last attempt (None: good)."""
    if word is Word.ABSENT:
        return "absent"
    if word in _NOT_ALLOWED:
        return "denied"
    if age is None:
        return "never"
    if age > holds.expire_after:
        return "expired"
    return "stale" if word is not None or age > holds.stale_after else "fresh"


def may_show(age: float | None, state: State, holds: Holds) -> bool:
    """Whether the series of the resource may be shown: held for a while, then dropped; at once if it is not there."""
    return age is not None and age <= holds.expire_after and state not in ("absent", "stopped", "never")


def worst(states: Iterable[State]) -> State:
    """The state that speaks for several; `never` for none."""
    found = set(states)
    return next((state for state in _WORST_FIRST if state in found), "never")
