"""Once a tick: the phase of every search that may have changed, and what follows from a change."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from exporter.domain.fold.ledger import Ledger
from exporter.domain.fold.search import Key, Search
from exporter.domain.phase import Facts, Memory, Phase, Reason, Verdict, judge, reopened
from exporter.domain.snapshots import Obituary
from exporter.domain.words import PROGRAMS, SEARCH_DURATION_BOUNDS

_BY_DELETION = (Phase.CANCELLING, Phase.CANCELLED, Phase.VANISHED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A search went from one phase (None: it is new) to another. `failure`: the newest of its failed attempts."""

    namespace: str
    id: str
    previous: Phase | None
    phase: Phase
    reason: Reason
    failure: Obituary | None


def evaluate(
    ledger: Ledger, now: float, *, stale: Collection[str] = (), pods_known: Collection[str] | None = None
) -> list[Change]:
    """Judge the searches that events touched and those that time may move; forget what is old.

    `stale` names the namespaces whose Jobs were not heard of lately: their searches keep the phase they have.
    `pods_known` names those whose pods are known (None: all); elsewhere phases rest on Job facts alone. Returns what
    changed, but for ends that the first listing found: those are old.
    """
    jobs = ledger.jobs
    ledger.pods.settle(now)
    jobs.endings.settle(now)
    touched, jobs.touched = jobs.touched, set()
    changes: list[Change] = []
    for key, search in jobs.searches.items():
        if search.moving or key in touched:
            known = pods_known is None or search.namespace in pods_known
            facts = search.facts(stale=search.namespace in stale, pods_known=known)
            changes += _judge(ledger, search, facts, now)
    jobs.touched |= {key for key in touched if key[0] in stale}
    _forget(ledger, now)
    return changes


def _judge(ledger: Ledger, search: Search, facts: Facts, now: float) -> Iterator[Change]:
    before = search.memory
    verdict = judge(facts, before, now=now, rules=ledger.rules)
    if verdict is None or verdict.row == "0":
        return
    again = reopened(facts, before)
    search.reopened |= again
    if verdict.phase is not before.phase:
        search.phase_since = _began(search, verdict, now)
        search.told_since = now if search.seen_live else search.phase_since
        if not verdict.phase.terminal or search.seen_live or search.news:
            if verdict.row != "3" or search.cancelled_at is None:
                _count_change(ledger, search, verdict)
            yield _change(search, before.phase, verdict)
    if search.cancel_requested and search.cancelled_at is None and verdict.phase.terminal and not facts.cancellable:
        search.cancelled_at = facts.newest
    search.newest_judged = search.newest
    search.seen_live |= not verdict.phase.terminal
    first = again or before.terminal_at is None
    ended = (facts.newest if first else before.terminal_at) if verdict.phase.terminal else None
    search.memory = Memory(phase=verdict.phase, reason=verdict.reason, terminal_at=ended)


def _change(search: Search, previous: Phase | None, verdict: Verdict) -> Change:
    return Change(
        namespace=search.namespace,
        id=search.id,
        previous=previous,
        phase=verdict.phase,
        reason=verdict.reason,
        failure=search.failures[-1] if search.failures else None,
    )


def _began(search: Search, verdict: Verdict, now: float) -> float:
    """When the phase began: the newest time its objects carry, unless only our own watching can tell.

    An end that time alone brings (nothing followed for long enough) was when the last thing happened.
    """
    if verdict.phase in _BY_DELETION and search.seen_live:
        return now
    told_by_objects = search.newest > search.newest_judged or not search.seen_live or verdict.phase.terminal
    return min(search.newest, now) if told_by_objects else now


def _count_change(ledger: Ledger, search: Search, verdict: Verdict) -> None:
    if not verdict.phase.terminal:
        return
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
        for job in ledger.jobs.forget(old):
            ledger.pods.release(job)
