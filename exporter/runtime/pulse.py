"""How a source of data fares: an immutable value, replaced whole by the thread that reads, read by anybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from exporter.domain.failures import Failed, Word
from exporter.domain.freshness import Holds, State, may_show, resource_state, worst
from exporter.domain.snapshots import ResourceHealth


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """`every`: seconds between two lists or polls, 0 for a watch. `heard_at` is monotonic seconds of the last byte,
    event or complete list, `heard_wall` the same moment in Unix seconds; both None before the first complete list.
    `tried`: an attempt has ended, well or badly. `busy_since`: monotonic seconds since when a pass runs. `skew`: the
    API's clock minus ours, in seconds."""

    every: float = 0.0
    heard_at: float | None = None
    heard_wall: float | None = None
    word: Word | None = None
    detail: str = ""
    tried: bool = False
    busy_since: float | None = None
    skew: float | None = None

    @property
    def mode(self) -> str:
        return "poll" if self.every else "watch"

    def busy(self, mono: float) -> Pulse:
        return replace(self, busy_since=mono)

    def heard(self, *, mono: float, wall: float) -> Pulse:
        return replace(self, heard_at=mono, heard_wall=wall, word=None, detail="", tried=True, busy_since=None)

    def agreed(self) -> Pulse:
        """The API has agreed to a watch: nothing is wrong now, though nothing new was heard either."""
        return replace(self, word=None, detail="")

    def failed(self, failure: Failed) -> Pulse:
        return replace(self, word=failure.word, detail=failure.detail, tried=True, busy_since=None)

    def age(self, mono: float) -> float | None:
        """Seconds since anything was heard; None if nothing ever was."""
        return None if self.heard_at is None else max(mono - self.heard_at, 0.0)

    def state(self, mono: float, holds: Holds) -> State:
        return resource_state(self.age(mono), self.word, self._fitting(holds))

    def shown(self, mono: float, holds: Holds) -> bool:
        """Whether what it told may be shown."""
        return may_show(self.age(mono), self.state(mono, holds), self._fitting(holds))

    def _fitting(self, holds: Holds) -> Holds:
        """What is asked for rarely is held for longer: it is stale after three intervals and expires after five."""
        return Holds(
            stale_after=max(holds.stale_after, 3 * self.every), expire_after=max(holds.expire_after, 5 * self.every)
        )


class Source(Protocol):
    """A feed or a poller: something with a pulse."""

    @property
    def collector(self) -> str: ...
    @property
    def namespace(self) -> str: ...
    @property
    def pulse(self) -> Pulse: ...
    @property
    def name(self) -> str: ...


def health_of(sources: Sequence[Source], mono: float, holds: Holds) -> tuple[ResourceHealth, ...]:
    """One line per (collector, resource): the worst of its namespaces."""
    groups: dict[tuple[str, str], list[Source]] = {}
    for source in sources:
        groups.setdefault((source.collector, source.name), []).append(source)
    return tuple(_health(key, group, mono, holds) for key, group in sorted(groups.items()))


def _health(key: tuple[str, str], group: list[Source], mono: float, holds: Holds) -> ResourceHealth:
    pulses = [source.pulse for source in group]
    heard = [pulse.heard_wall for pulse in pulses]
    failing = next((pulse for pulse in pulses if pulse.word is not None), None)
    return ResourceHealth(
        collector=key[0],
        resource=key[1],
        mode="poll" if any(pulse.mode == "poll" for pulse in pulses) else "watch",
        state=worst(pulse.state(mono, holds) for pulse in pulses),
        last_success=min((at for at in heard if at is not None), default=None) if None not in heard else None,
        word=str(failing.word) if failing else "",
        detail=failing.detail if failing else "",
    )
