"""Which search a Job without an id belongs to: names of Jobs end with the last characters of the id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from exporter.domain.names import SHORT_LENGTH, short_id
from exporter.domain.records import Uid

T = TypeVar("T")
Ending = tuple[str, str]


class NameEndings:
    """Known ids, and Jobs that wait for theirs, by (namespace, ending)."""

    def __init__(self) -> None:
        self._ids: dict[Ending, set[str]] = {}
        self._waiting: dict[Ending, set[Uid]] = {}

    def know(self, namespace: str, identity: str) -> None:
        self._ids.setdefault((namespace, short_id(identity)), set()).add(identity)

    def forget(self, namespace: str, identity: str) -> None:
        _discard(self._ids, (namespace, short_id(identity)), identity)

    def match(self, namespace: str, name: str) -> str:
        """The one known id that the name ends with; empty when none or several do."""
        found = {identity for ending in _endings(name) for identity in self._ids.get((namespace, ending), ())}
        return found.pop() if len(found) == 1 else ""

    def wait(self, namespace: str, name: str, uid: Uid) -> None:
        for ending in _endings(name):
            self._waiting.setdefault((namespace, ending), set()).add(uid)

    def leave(self, namespace: str, name: str, uid: Uid) -> None:
        for ending in _endings(name):
            _discard(self._waiting, (namespace, ending), uid)

    def waiting_for(self, namespace: str, identity: str) -> list[Uid]:
        """The uids of Jobs whose names end like the id."""
        return list(self._waiting.get((namespace, short_id(identity)), ()))


def _endings(name: str) -> Iterator[str]:
    """What follows a dash near the end of a name: an id shorter than the usual ending is its own ending."""
    return (name[-n:] for n in range(1, SHORT_LENGTH + 1) if len(name) > n and name[-n - 1] == "-")


def _discard(index: dict[Ending, set[T]], key: Ending, value: T) -> None:
    found = index.get(key)
    if found is not None:
        found.discard(value)
        if not found:
            del index[key]
