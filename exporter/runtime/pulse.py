"""How a source of data fares: an immutable value, replaced whole by the thread that reads, read by anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from exporter.domain.failures import Failed, Word
from exporter.domain.freshness import Holds, State, may_show, resource_state, worst
from exporter.domain.snapshots import ResourceHealth


@dataclass(frozen=True, slots=True, kw_only=True)
class Barrier:
    """What a gate does to the sources behind it: everything is silent while it is `paused`, and what was heard before
    `since` (monotonic seconds) stays so afterwards."""

    paused: Literal["", "stopped", "absent"] = ""
    since: float = float("-inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """`every`: seconds between two lists or polls, 0 for a watch. `heard_at` is monotonic seconds of the last byte,
    event or complete list, `heard_wall` the same moment in Unix seconds; both None before the first complete list.
    `tried`: an attempt has ended, well or badly. `busy_since`: monotonic seconds since when a pass runs. `skew`: the
    API's clock minus ours, in seconds. `paused`: nothing is asked, because the cluster is off. `hidden`: what was heard
    is from before it was, and is not shown again. `optional`: where it is not there,
    it is not missed. `hold`: seconds for which what was heard may be shown at least."""

    every: float = 0.0
    heard_at: float | None = None
    heard_wall: float | None = None
    word: Word | None = None
    detail: str = ""
    tried: bool = False
    busy_since: float | None = None
    skew: float | None = None
    paused: Literal["", "stopped", "absent"] = ""
    hidden: bool = False
    optional: bool = False
    hold: float = 0.0

    @property
    def silent(self) -> bool:
        """Whether nothing is said of it: it is optional, and not there or not yet found."""
        unseen = self.heard_at is None and self.word is not Word.DENIED
        return self.optional and (unseen or self.word is Word.ABSENT)

    @property
    def mode(self) -> str:
        return "poll" if self.every else "watch"

    def busy(self, mono: float) -> Pulse:
        return replace(self, busy_since=mono)

    def heard(self, *, mono: float, wall: float) -> Pulse:
        return replace(self, heard_at=mono, heard_wall=wall, word=None, detail="", tried=True, busy_since=None)

    def released(self) -> Pulse:
        """The pass under way has ended without an attempt."""
        return replace(self, busy_since=None)

    def agreed(self) -> Pulse:
        """The API has agreed to a watch: nothing is wrong now, though nothing new was heard either."""
        return replace(self, word=None, detail="")

    def failed(self, failure: Failed) -> Pulse:
        return replace(self, word=failure.word, detail=failure.detail, tried=True, busy_since=None)

    def age(self, mono: float) -> float | None:
        """Seconds since anything was heard; None if nothing ever was."""
        return None if self.heard_at is None else max(mono - self.heard_at, 0.0)

    def behind(self, barrier: Barrier) -> Pulse:
        """The pulse as it may be told of."""
        hidden = self.heard_at is not None and self.heard_at < barrier.since
        if not barrier.paused and not hidden:
            return self
        silent = replace(self, word=None, detail="") if barrier.paused else self
        return replace(silent, paused=barrier.paused, hidden=hidden)

    def state(self, mono: float, holds: Holds) -> State:
        if self.paused:
            return self.paused
        return resource_state(None if self.hidden else self.age(mono), self.word, self._fitting(holds))

    def shown(self, mono: float, holds: Holds) -> bool:
        """Whether what it told may be shown."""
        return not self.hidden and may_show(self.age(mono), self.state(mono, holds), self._fitting(holds))

    def recent(self, mono: float, holds: Holds) -> bool:
        """Whether the last good answer is not stale, whatever came of later attempts."""
        return resource_state(self.age(mono), None, self._fitting(holds)) == "fresh"

    def _fitting(self, holds: Holds) -> Holds:
        """What is asked for rarely is held for longer: it is stale after three intervals and expires after five."""
        return Holds(
            stale_after=max(holds.stale_after, 3 * self.every),
            expire_after=max(holds.expire_after, 5 * self.every, self.hold),
        )


NO_BARRIER = Barrier()


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The pulses of all sources at one moment, so that what is shown and what is said of it agree."""

    mono: float
    holds: Holds
    pulses: Mapping[Source, Pulse]

    def state(self, source: Source) -> State:
        return self.pulses[source].state(self.mono, self.holds)

    def shown(self, resource: str) -> tuple[str, ...]:
        """Namespaces whose series of a resource may be shown; a cluster-wide one has the single name ''."""
        named = (source for source in self.pulses if source.name == resource)
        return tuple(s.namespace for s in named if self.pulses[s].shown(self.mono, self.holds))

    def standing(self) -> tuple[tuple[State, bool], ...]:
        """What must not change without a new snapshot: the states, and what is shown."""
        return tuple((self.state(s), pulse.shown(self.mono, self.holds)) for s, pulse in self.pulses.items())

    def health(self, collector: str) -> tuple[ResourceHealth, ...]:
        """One line per resource of a collector: the worst of its namespaces."""
        groups: dict[str, list[Pulse]] = {}
        for source, pulse in self.pulses.items():
            if source.collector == collector and not pulse.silent:
                groups.setdefault(source.name, []).append(pulse)
        return tuple(self._line(collector, name, pulses) for name, pulses in sorted(groups.items()))

    def _line(self, collector: str, resource: str, pulses: Sequence[Pulse]) -> ResourceHealth:
        heard = [pulse.heard_wall for pulse in pulses]
        failing = next((pulse for pulse in pulses if pulse.word is not None), None)
        return ResourceHealth(
            collector=collector,
            resource=resource,
            mode="poll" if any(pulse.mode == "poll" for pulse in pulses) else "watch",
            state=worst(pulse.state(self.mono, self.holds) for pulse in pulses),
            last_success=min((at for at in heard if at is not None), default=None) if None not in heard else None,
            word=str(failing.word) if failing else "",
            detail=failing.detail if failing else "",
        )


def look(sources: Sequence[Source], mono: float, holds: Holds, barrier: Barrier = NO_BARRIER) -> Look:
    """Look at all sources at once; those of ARM are in front of the barrier."""
    pulses = {s: s.pulse if s.collector == "arm" else s.pulse.behind(barrier) for s in sources}
    return Look(mono=mono, holds=holds, pulses=pulses)
