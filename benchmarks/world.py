"""The state of the replayed cluster: what a LIST selects, and the events that change it."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from objects import Thing

from exporter.simulator.kinds import KINDS
from exporter.simulator.selectors import both, by_fields, by_labels

_NEXT = {"pending": "running", "running": "retrying", "retrying": "pending"}
_VIEW = {"retrying": "pending"}


@dataclass(slots=True)
class World:
    """Objects by resource, their newest resourceVersion, and when each restart of a container was sent."""

    things: dict[str, list[Thing]]
    version: int = 1
    restarts: list[float] = field(default_factory=list)
    _pods: Iterator[Thing] = field(init=False)
    _jobs: Iterator[Thing] = field(init=False)

    def __post_init__(self) -> None:
        self._pods = itertools.cycle([t for t in self.things["pods"] if t.app == "blast" and t.state == "running"])
        self._jobs = itertools.cycle([t for t in self.things["jobs"] if t.app == "blast" and t.state == "pending"])

    def select(self, resource: str, labels: str, fields: str) -> list[Thing]:
        """The objects that both selectors let through. Selectors see few facts, so each set of facts is tried once."""
        matches = both(by_labels(labels), by_fields(fields, KINDS[resource]))
        known: dict[tuple[str, str, str], bool] = {}
        chosen = []
        for thing in self.things[resource]:
            facts = (thing.app, thing.search, thing.state)
            if facts not in known:
                known[facts] = matches(thing.selectable())
            if known[facts]:
                chosen.append(thing)
        return chosen

    def pod_event(self) -> bytes:
        """The container blast of the next running pod was restarted after exit code 5."""
        thing = next(self._pods)
        thing.restarts += 1
        self.restarts.append(time.monotonic())
        return self._modified(thing)

    def job_event(self) -> bytes:
        """The next waiting Job goes one step on: pending, running, retrying, pending."""
        thing = next(self._jobs)
        if thing.state in _NEXT:
            thing.state = _NEXT[thing.state]
        return self._modified(thing)

    def job_succeeded(self) -> bytes:
        """The next waiting Job is complete."""
        thing = next(t for t in self._jobs if t.state != "succeeded")
        thing.state = "succeeded"
        return self._modified(thing)

    def states(self) -> dict[str, dict[str, int]]:
        """Batches by search and state, as a page should say it."""
        counts: dict[str, Counter[str]] = {}
        for thing in self.things["jobs"]:
            if thing.app == "blast":
                counts.setdefault(thing.search, Counter())[_VIEW.get(thing.state, thing.state)] += 1
        return {search: dict(counter) for search, counter in counts.items()}

    def _modified(self, thing: Thing) -> bytes:
        self.version += 1
        thing.version = self.version
        return b'{"type":"MODIFIED","object":' + thing.encoded(whole=True) + b"}\n"
