"""The watch log: what changed, in order of resourceVersion, for as long as the window lasts."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from operator import attrgetter
from typing import Literal

import msgspec

from exporter.simulator.errors import expired
from exporter.simulator.kinds import Kind, Object

ChangeType = Literal["ADDED", "MODIFIED", "DELETED"]
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of one object. `raw` is its JSON without kind and apiVersion, as list items have it."""

    obj: Object
    raw: bytes
    rv: int

    @classmethod
    def of(cls, obj: Object, rv: int) -> Entry:
        return cls(obj, _encode({k: v for k, v in obj.items() if k not in ("kind", "apiVersion")}), rv)

    def whole(self, kind: Kind) -> bytes:
        """The JSON of the object on its own."""
        return f'{{"kind":"{kind.kind}","apiVersion":"{kind.api_version}",'.encode() + self.raw[1:]


@dataclass(frozen=True, slots=True)
class Change:
    """One step of one object; for DELETED `entry` is the last content under the version of the removal."""

    rv: int
    type: ChangeType
    entry: Entry
    previous: Entry | None


class Journal:
    """Bounded history per resource. Not locked: the store that owns it is."""

    def __init__(self, first_rv: int, window: int) -> None:
        self.rv = first_rv
        self._window = window
        self._logs: defaultdict[str, list[Change]] = defaultdict(list)
        self._floors: dict[str, int] = {}
        self.compacted = first_rv

    def append(self, resource: str, change: Change) -> None:
        self.rv = change.rv
        log = self._logs[resource]
        log.append(change)
        if len(log) > 2 * self._window:
            self._floors[resource] = log[self._window - 1].rv
            del log[: self._window]

    def since(self, resource: str, rv: int) -> list[Change]:
        """The changes after `rv`; ApiError 410 if some of them are forgotten."""
        floor = self._floors.get(resource, self.compacted)
        if rv < floor:
            raise expired(f"too old resource version: {rv} ({floor})")
        log = self._logs[resource]
        return log[bisect_right(log, rv, key=attrgetter("rv")) :]

    def compact(self) -> None:
        """Forget everything up to now."""
        self.compacted = self.rv
        self._logs.clear()
        self._floors.clear()
