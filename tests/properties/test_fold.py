"""Folding what a watch tells, in any order, gives what a recount of the final objects gives."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from exporter.domain.fold.evaluate import evaluate
from exporter.domain.fold.ledger import Ledger
from exporter.domain.jobs import base_state
from exporter.domain.pods import pod_state
from exporter.domain.records import Ending, JobRecord, PodRecord
from tests.support.histories import NODES, Step, histories, present, relist, tell, with_nodes
from tests.support.records import NAMESPACE, START, container, ended, event, job, new_ledger, pod, see, total

LATER = START + 5000


def live_counts(ledger: Ledger) -> dict[str, Any]:
    """Everything that is said of what is there now. What is zero is left out."""
    searches = ledger.jobs.searches.values()
    ledger_seconds: Counter[str] = Counter()
    for name in ("n0", "n1"):
        for key, guests in ledger.nodes._guests.get(name, {}).items():
            ledger_seconds[f"{name} {key}"] += guests
    return {
        "jobs": +ledger.jobs.live,
        "searches": {s.key: live for s in searches if (live := +s.live)},
        "running": {s.key: s.running for s in searches if s.running},
        "created": {s.key: s.live_created for s in searches if s.live_created},
        "shards": {s.key: s.pending_shards for s in searches if s.pending_shards},
        "unattributed": ledger.jobs.unattributed(),
        "pods": +ledger.pods.states,
        "blocked": +ledger.pods.blocked,
        "searches blocked": {s.key: s.blocked for s in searches if s.blocked},
        "unschedulable": {s.key: s.unschedulable for s in searches if s.unschedulable},
        "exports": {s.key: s.export_waits for s in searches if s.export_waits},
        "pending": {group: pods for group, pods in ledger.pods.pending.items() if pods},
        "pools": ledger.nodes.pools(with_pods=True),
        "guests": ledger_seconds,
    }


def tallies(ledger: Ledger) -> dict[str, Any]:
    """Everything that is remembered of what was."""
    frozen = ledger.counts.freeze()
    searches = ledger.jobs.searches.values()
    kept = {s.key: (+s.ended, s.batch_counted, +s.attempts, s.highest_batch, list(s.failures)) for s in searches}
    return {"totals": frozen.totals, "tallies": frozen.tallies, "searches": kept}


def recount(steps: list[Step]) -> Ledger:
    """A fresh ledger that is given the final objects only."""
    fresh = with_nodes(new_ledger())
    relist(fresh, present(steps).values(), LATER, gap=0.0)
    return fresh


@given(histories())
def test_a_fold_in_any_order_is_a_recount_of_the_final_objects(steps: list[Step]) -> None:
    folded = with_nodes(new_ledger())
    tell(folded, steps)
    assert live_counts(folded) == live_counts(recount(steps))


@given(histories(deletions=False, pods=0))
def test_without_pods_and_deletions_the_ended_are_recounted_too(steps: list[Step]) -> None:
    folded = with_nodes(new_ledger())
    tell(folded, steps)
    fresh = recount(steps)
    assert tallies(folded)["searches"].keys() == tallies(fresh)["searches"].keys()
    for key, search in folded.jobs.searches.items():
        assert search.five_states() == fresh.jobs.searches[key].five_states()


@given(histories(), st.booleans(), st.integers(1, 3), st.data())
def test_listing_again_at_any_moment_changes_nothing(
    steps: list[Step], ended_too: bool, times: int, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(steps)))
    ledger = with_nodes(new_ledger())
    tell(ledger, steps[:cut], judged=True)
    evaluate(ledger, LATER, stale=frozenset())
    before = (live_counts(ledger), tallies(ledger))
    for _ in range(times):
        relist(ledger, present(steps[:cut]).values(), LATER, gap=30.0, ended_too=ended_too)
        ledger.listed("nodes", "", NODES, LATER, gap=30.0)
    evaluate(ledger, LATER, stale=frozenset())
    assert live_counts(ledger) == before[0]
    assert tallies(ledger) == before[1]


@given(histories(), st.data())
def test_hearing_any_end_of_the_story_again_changes_nothing(steps: list[Step], data: st.DataObject) -> None:
    ledger = with_nodes(new_ledger())
    tell(ledger, steps)
    evaluate(ledger, LATER, stale=frozenset())
    before = (live_counts(ledger), tallies(ledger))
    tell(ledger, steps[data.draw(st.integers(0, len(steps))) :])
    evaluate(ledger, LATER, stale=frozenset())
    after = (live_counts(ledger), tallies(ledger))
    assert after[1] == before[1]
    assert after[0] == before[0]
    assert after[0] == live_counts(recount(steps))


@given(histories(), st.data())
def test_the_first_listing_moves_no_counter(steps: list[Step], data: st.DataObject) -> None:
    ledger = new_ledger(synced=False)
    there = [r for r in present(steps).values() if isinstance(r, JobRecord)]
    pods = [r for r in present(steps).values() if isinstance(r, PodRecord)]
    for resource, records in data.draw(
        st.permutations([("jobs", there), ("pods", pods), ("events", [event(count=9)])])
    ):
        ledger.listed(resource, NAMESPACE, records, LATER, gap=None)
    for later in (0, 10):
        evaluate(ledger, LATER + later, stale=frozenset())
    frozen = ledger.counts.freeze()
    assert ({k: v for k, v in frozen.totals.items() if v}, frozen.tallies) == ({}, {})


@given(histories(waits=True), st.data())
def test_counters_never_fall_and_every_batch_is_accounted_for_even_if_the_watch_has_gaps(
    steps: list[Step], data: st.DataObject
) -> None:
    """A part of the story is not heard, and a listing follows it.

    A Job that had ended, and whose deletion was not heard, stays known: a listing need not have it.
    """
    first = data.draw(st.integers(0, len(steps)))
    last = data.draw(st.integers(first, len(steps)))
    ledger = with_nodes(new_ledger())
    totals: dict[Any, float] = {}
    parts = [[s] for s in steps[:first]] + [steps[first:last]] + [[s] for s in steps[last:]]
    for number, part in enumerate(parts):
        if number == first:
            until = steps[:last]
            heard, now = (until[first - 1].at if first else START, until[-1].at if until else START)
            relist(ledger, present(until).values(), now, gap=now - heard)
        else:
            tell(ledger, part)
        evaluate(ledger, steps[-1].at, stale=frozenset())
        now_totals = ledger.counts.freeze().totals
        assert all(now_totals[key] >= n for key, n in totals.items())
        totals = dict(now_totals)
        for search in ledger.jobs.searches.values():
            known = sum(search.five_states().values()) + search.ended["blast", "expired_unseen"]
            assert known == search.batch_counted
    known = {uid for uid, entry in ledger.jobs.entries.items() if entry.ended}
    unseen = [s for s in steps[first:last] if s.gone and s.record.uid in known]
    assert live_counts(ledger) == live_counts(recount([*steps, *(replace(s, gone=False) for s in unseen)]))


@given(histories(), st.sampled_from(["jobs", "pods"]), st.sampled_from([None, 30.0]), st.data())
def test_a_listing_in_parts_among_the_events_of_others_ends_as_one_in_one_piece(
    steps: list[Step], resource: str, gap: float | None, data: st.DataObject
) -> None:
    kind = JobRecord if resource == "jobs" else PodRecord
    cut = data.draw(st.integers(0, len(steps)))
    others = [step for step in steps[cut:] if not isinstance(step.record, kind)]
    there = [r for r in present(steps).values() if isinstance(r, kind)]
    records = [r for r in there if isinstance(r, JobRecord) or pod_state(r) is not None]
    whole, parted = with_nodes(new_ledger()), with_nodes(new_ledger())
    for ledger in (whole, parted):
        tell(ledger, steps[:cut])
    whole.listed(resource, NAMESPACE, records, LATER, gap=gap)
    tell(whole, others)
    for _ in parted.listing(resource, NAMESPACE, records, LATER, gap=gap, step=1):
        now = data.draw(st.integers(0, len(others)))
        tell(parted, others[:now])
        others = others[now:]
    tell(parted, others)
    for ledger in (whole, parted):
        evaluate(ledger, LATER + 100, stale=frozenset())
    assert live_counts(parted) == live_counts(whole)
    assert without_reasons(parted) == without_reasons(whole)


def without_reasons(ledger: Ledger) -> Counter[tuple[str, ...]]:
    """The totals but for their last label: why a Job failed is what its pods had told by then."""
    found: Counter[tuple[str, ...]] = Counter()
    for (name, labels), n in ledger.counts.freeze().totals.items():
        found[name, *labels[:-1]] += int(n)
    return +found


@given(histories())
def test_each_job_is_counted_once_by_its_end(steps: list[Step]) -> None:
    ledger = new_ledger()
    tell(ledger, steps, judged=True)
    evaluate(ledger, LATER, stale=frozenset())
    ends = _ends(steps)
    for result in ("succeeded", "failed", "lost"):
        by_role = Counter(role for role, end in ends.values() if end == result)
        for role in ("blast", "setup", "submit", "finalizer"):
            counted = sum(
                n
                for (name, labels), n in ledger.counts.freeze().totals.items()
                if name == "jobs_finished_total" and labels[1:3] == (role, result)
            )
            assert counted == by_role[role], (role, result)


def _ends(steps: list[Step]) -> dict[str, tuple[str, str]]:
    """How each Job ended, by uid, with its role."""
    ends: dict[str, tuple[str, str]] = {}
    for step in steps:
        record = step.record
        if not isinstance(record, JobRecord) or record.uid in ends:
            continue
        state = base_state(record)
        if state.terminal:
            ends[record.uid] = (record.role, str(state))
        elif step.gone and record.role != "setup":
            ends[record.uid] = (record.role, "lost")
    return ends


RUNS = st.lists(st.sampled_from([1, 2, 4, 137, 255]), min_size=1, max_size=5)


@given(RUNS, st.booleans(), st.data())
def test_attempts_are_counted_by_restart_whatever_was_missed(codes: list[int], good: bool, data: st.DataObject) -> None:
    """A blast container fails some times, and at last may succeed; a watcher that misses states still counts all."""
    states = _restarts(codes, good=good)
    seen = [state for state in states if data.draw(st.booleans())] + [states[-1]] * data.draw(st.integers(1, 2))
    ledger = new_ledger()
    see(ledger, job("j", "running"), pod(phase="Pending"), *seen)
    evaluate(ledger, START + 200)
    search = ledger.jobs.searches[NAMESPACE, job().search]
    assert total(ledger, "attempts_failed_total", "blast") == sum(search.attempts.values()) == len(codes)
    if seen[: len(states)] == states:
        assert search.attempts["other"] == 0


def _restarts(codes: list[int], *, good: bool) -> list[PodRecord]:
    """The states of a pod whose blast container ends with `codes`; results-export passes each code through."""
    states = []
    last: Ending | None = None
    for restarts, code in enumerate(codes):
        end = ended(code)
        runs = {"running_since": START, "restarts": restarts, "last": last}
        over = {"ended": end, "restarts": restarts, "last": last}
        waits = {"waiting": "CrashLoopBackOff", "restarts": restarts, "last": end}
        for blast, export in ((runs, runs), (over, runs), (over, over), (waits, waits)):
            states.append(pod(containers=(container(**blast), container("results-export", **export))))
        last = end
    if good:
        done = {"ended": ended(0), "restarts": len(codes), "last": last}
        runs = {"running_since": START, "restarts": len(codes), "last": last}
        states.append(pod(containers=(container(**done), container("results-export", **runs))))
        states.append(pod(phase="Succeeded", containers=(container(**done), container("results-export", **done))))
    return states
