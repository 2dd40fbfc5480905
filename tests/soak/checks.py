"""What must hold of any page in an outage and after it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.soak.plan import Death
from tests.support.daemon import Page, family, moved


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds. `silence` and `expire` are limits of the daemons; `recovery` is from the end of an outage until all is
    fresh: back-off cap 30, poll interval 5, and the lists; `slack` is how late a busy machine may serve a page."""

    silence: float = 12.0
    expire: float = 24.0
    recovery: float = 40.0
    slack: float = 2.0


WATCHED = frozenset({"jobs", "pods", "nodes", "persistentvolumeclaims", "events"})
"""Resources that are followed by a watch."""

_FAMILIES = {
    "jobs": ("jobs", "jobs_unattributed", "search_phase", "search_jobs", "searches"),
    "pods": ("pods",),
    "nodes": ("pool_nodes",),
    "persistentvolumeclaims": ("persistentvolumeclaim_phase",),
}
_WORDS = {
    "api server killed": {"connect", "tls"},
    "connections refused": {"connect", "tls"},
    "long black hole": {"timeout", "connect", "tls"},
}
_NEVER = {"bug", "dns", "absent", "oversize", "incomplete", "conflict"}


class Holds:
    """Looks at every page: what has expired is not shown, and what is shown is not older than that."""

    def __init__(self, pace: Pace) -> None:
        self.expired = 0
        self._oldest = pace.expire + pace.slack

    def look(self, page: Page) -> None:
        for resource, names in _FAMILIES.items():
            shown = [name for name in names if family(page, name)]
            states = {key[1] for key in moved(page, "exporter_collector_state", resource=resource)}
            heard = family(page, "exporter_collector_last_success_timestamp_seconds", resource=resource)
            assert len(states) == 1, f"{resource} is {states}"
            if "expired" in states:
                self.expired += 1
                assert not shown, f"{resource} has expired, but {shown} are shown"
            if shown:
                age = time.time() - min(heard.values())
                assert age < self._oldest, f"{shown} are {age:.1f} s old"


def fresh_since(moment: float) -> Callable[[Page], bool]:
    """Whether every watched resource is fresh, and has told something since `moment` in Unix seconds.

    A connection that was cut is fresh until the daemon notices; what is polled waits for its next poll.
    """

    def holds(page: Page) -> bool:
        heard = family(page, "exporter_collector_last_success_timestamp_seconds").items()
        states = {key[-1] for key in moved(page, "exporter_collector_state") if key[1] in WATCHED}
        return states == {"fresh"} and all(at > moment for key, at in heard if key[1] in WATCHED)

    return holds


def words_since(before: Page, now: Page) -> Counter[str]:
    """How the reads of Jobs and of the core API between two pages ended, by word."""
    words: Counter[str] = Counter()
    earlier = family(before, "exporter_collector_runs_total")
    for key, number in family(now, "exporter_collector_runs_total").items():
        if key[0] != "custom":
            words[key[-1]] += int(number - earlier.get(key, 0.0))
    return +words


def gone_since(before: Page, now: Page) -> frozenset[str]:
    """The resources one of whose watches was answered 410 between two pages."""
    name = "exporter_collector_runs_total"
    then, since = (family(page, name, result="gone") for page in (before, now))
    return frozenset(key[-1] for key, number in since.items() if number > then.get(key, 0.0))


def lists_since(before: Page, now: Page) -> tuple[bool, bool]:
    """Whether Jobs, and anything of the core API, were listed between two pages."""
    jobs, core = (_passes(now, name) - _passes(before, name) for name in ("batch", "core"))
    return jobs > 0, core > 0


def _passes(page: Page, collector: str) -> float:
    """List passes so far; what is polled is counted with them and taken away."""
    (passes,) = family(page, "exporter_collector_duration_seconds_count", collector=collector).values()
    polls = family(page, "exporter_collector_runs_total", collector=collector, resource="jobs_stored", result="ok")
    return passes - sum(polls.values())


def check_words(deaths: Sequence[Death], words: Counter[str]) -> None:
    """The survivor said what it met, if it could see it, and nothing that it cannot have met."""
    assert not _NEVER & words.keys(), f"the survivor says {dict(words)}"
    blind = any(death.target == "survivor" or death.kind == "black hole" for death in deaths)
    for death in deaths:
        wanted = _WORDS.get(death.kind)
        assert blind or wanted is None or wanted & words.keys(), f"{death.kind}: the survivor says {dict(words)}"
