"""Once a tick: the phase of every search that may have changed, and what follows from a change."""

from __future__ import annotations

from exporter.domain.ledger import Ledger
from exporter.domain.phase import Memory, Phase, Verdict, judge, reopened
from exporter.domain.search import Key, Search
from exporter.domain.words import PROGRAMS, SEARCH_DURATION_BOUNDS

_BY_DELETION = (Phase.CANCELLING, Phase.CANCELLED, Phase.VANISHED)


def evaluate(ledger: Ledger, now: float, *, stale: frozenset[str], pods_known: bool = True) -> None:
    """Judge the searches that events touched and those that time may move; forget what is old.

    `stale` names the namespaces whose Jobs were not heard of lately: their searches keep the phase they have.
    Without `pods_known` phases rest on Job facts alone.
    """
    jobs = ledger.jobs
    jobs.endings.settle(now)
    touched, jobs.touched = jobs.touched, set()
    for key, search in jobs.searches.items():
        if (search.moving or key in touched) and search.namespace not in stale:
            _judge(ledger, search, now, pods_known=pods_known)
    jobs.touched |= {key for key in touched if key[0] in stale}
    _forget(ledger, now)


def _judge(ledger: Ledger, search: Search, now: float, *, pods_known: bool) -> None:
    facts, before = search.facts(pods_known=pods_known), search.memory
    verdict = judge(facts, before, now=now, rules=ledger.rules)
    if verdict is None:
        return
    again = reopened(facts, before)
    search.reopened |= again
    if verdict.phase is not before.phase:
        search.phase_since = _began(search, verdict, now)
        _count_change(ledger, search, verdict)
    search.newest_judged = search.newest
    search.seen_live |= not verdict.phase.terminal
    first = again or before.terminal_at is None
    ended = (facts.newest if first else before.terminal_at) if verdict.phase.terminal else None
    search.memory = Memory(phase=verdict.phase, reason=verdict.reason, terminal_at=ended)


def _began(search: Search, verdict: Verdict, now: float) -> float:
    """When the phase began: the newest time its objects carry, unless only our own watching can tell."""
    told_by_objects = search.newest > search.newest_judged or not search.seen_live
    deleted = verdict.phase in _BY_DELETION and search.seen_live
    return min(search.newest, now) if told_by_objects and not deleted else now


def _count_change(ledger: Ledger, search: Search, verdict: Verdict) -> None:
    if not verdict.phase.terminal or not (search.seen_live or search.news):
        return  # an end that the first listing found is old
    labels = (search.namespace, verdict.phase.value, verdict.reason.value)
    ledger.counts.add("searches_finished_total", labels)
    if verdict.phase is Phase.SUCCEEDED:
        program = search.program if search.program in PROGRAMS else "other"
        if program != search.program:
            ledger.counts.replaced("program")
        lasted = max(search.phase_since - search.created, 0.0)
        ledger.counts.observe("search_duration_seconds", (program,), lasted, SEARCH_DURATION_BOUNDS)


def _forget(ledger: Ledger, now: float) -> None:
    """Forget searches that ended long ago, and the oldest ended ones over the cap; none that still has a live Job."""
    searches = ledger.jobs.searches
    ended = [s for s in searches.values() if not s.moving and not s.live_created]
    old: set[Key] = {s.key for s in ended if now - max(s.phase_since, 0.0) > ledger.rules.forget_after}
    over = len(searches) - len(old) - ledger.limits.searches_kept
    if over > 0:
        rest = sorted((s for s in ended if s.key not in old), key=lambda s: s.phase_since)
        old |= {s.key for s in rest[:over]}
    if old:
        ledger.jobs.forget(old)
