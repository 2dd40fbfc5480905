"""The properties of identity and phase, by their numbers in the specification of the state machine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from exporter.domain.fold.evaluate import evaluate
from exporter.domain.fold.ledger import Ledger
from exporter.domain.fold.search import Search
from exporter.domain.jobs import JobState, base_state
from exporter.domain.phase import Facts, Memory, Phase, judge
from exporter.domain.records import JobRecord
from exporter.domain.rules import Rules
from tests.support.histories import Step, histories, present, relist, tell
from tests.support.records import NAMESPACE, START, TTL, A, B, batch_of, new_ledger, search_of, see

LATER = START + 5000
TYPES = ("Failed", "Complete", "FailureTarget", "SuccessCriteriaMet", "Suspended", "Surprise")
TIMES = st.integers(1, 9000).map(lambda s: START + s)
JOBS = st.builds(
    JobRecord,
    uid=st.uuids().map(str),
    namespace=st.sampled_from([NAMESPACE, "other"]),
    name=st.just("job"),
    role=st.sampled_from(["setup", "submit", "blast", "blast", "finalizer"]),
    search=st.sampled_from([A, A, B, ""]),
    evidence=st.just("label"),
    created=TIMES,
    started=st.none() | TIMES,
    ended=st.none() | TIMES,
    active=st.integers(0, 2),
    ready=st.integers(0, 1),
    failed=st.integers(0, 2),
    conditions=st.frozensets(st.sampled_from(TYPES), max_size=3),
    suspended=st.booleans(),
    deleting=st.booleans(),
    ttl=st.sampled_from([None, 1800.0]),
    batch=st.none() | st.integers(0, 9),
)
FATES = st.sampled_from(["never", "live", "succeeded", "failed", "lost"])
COUNTS = st.integers(0, 2)
BY_STATE = st.dictionaries(st.sampled_from([s for s in JobState if not s.terminal]), st.integers(1, 2), max_size=2)
FACTS = st.builds(
    Facts,
    blast=BY_STATE,
    submit_live=BY_STATE,
    setup_live=COUNTS,
    setup_shared=COUNTS,
    setup_seen=st.booleans(),
    setup_failed=st.booleans(),
    submit=FATES,
    finalizer=FATES,
    finalizer_created=TIMES,
    succeeded=COUNTS,
    failed=COUNTS,
    lost=COUNTS,
    expired_unseen=COUNTS,
    retried_success=st.booleans(),
    ever_ran=st.booleans(),
    unschedulable=st.booleans(),
    newest=TIMES,
    newest_live_created=st.none() | TIMES,
    cancel_requested=st.booleans(),
    stale=st.booleans(),
)
MEMORIES = st.builds(Memory, phase=st.none() | st.sampled_from(Phase), terminal_at=st.none() | TIMES)


def tick(ledger: Ledger, now: float = LATER, *stale: str) -> None:
    evaluate(ledger, now, stale=frozenset(stale))


def listed(jobs: list[JobRecord], *, gap: float | None = None) -> Ledger:
    """What a fresh ledger makes of a listing."""
    ledger = new_ledger(synced=False)
    for namespace in (NAMESPACE, "other"):
        ledger.listed("jobs", namespace, [j for j in jobs if j.namespace == namespace], LATER, gap=gap)
    tick(ledger)
    return ledger


def told(ledger: Ledger) -> dict[Any, Any]:
    """Phase, reason and tallies of every search."""
    return {key: say(search) for key, search in ledger.jobs.searches.items()}


def say(search: Search) -> Any:
    memory = search.memory
    live = sorted((role, str(state), n) for (role, state), n in search.live.items() if n)
    return (memory.phase, memory.reason, search.five_states(), live, sorted((+search.ended).items()))


@given(st.lists(JOBS, max_size=8))
def test_p01_any_jobs_give_each_search_exactly_one_phase(jobs: list[JobRecord]) -> None:
    ledger = listed(jobs)
    assert set(ledger.jobs.searches) == {(j.namespace, j.search) for j in jobs if j.search}
    assert all(s.memory.phase in set(Phase) - {Phase.UNKNOWN} for s in ledger.jobs.searches.values())
    assert told(listed(jobs)) == told(ledger)


@given(FACTS, MEMORIES, st.integers(-9000, 90_000))
def test_p01_any_facts_and_any_memory_give_one_verdict(facts: Facts, memory: Memory, later: int) -> None:
    verdict = judge(facts, memory, now=LATER + later, rules=Rules())
    assert verdict == judge(facts, memory, now=LATER + later, rules=Rules())
    if verdict is None:
        nothing = (
            facts.succeeded,
            facts.failed,
            facts.lost,
            facts.expired_unseen,
            facts.setup_live,
            facts.setup_failed,
        )
        assert not any(nothing)
        assert (facts.submit, facts.finalizer, facts.setup_seen) == ("never", "never", False)
        assert not facts.blast


@given(st.lists(JOBS, max_size=8).flatmap(lambda jobs: st.tuples(st.just(jobs), st.permutations(jobs))))
def test_p02_the_order_of_objects_is_irrelevant(orders: tuple[list[JobRecord], list[JobRecord]]) -> None:
    first, second = (listed(list(jobs)) for jobs in orders)
    assert told(first) == told(second)
    views = [[replace(v, phase_since=0.0) for v in batch_of(ledger, LATER).searches] for ledger in (first, second)]
    assert views[0] == views[1]


@given(histories(), st.lists(JOBS, max_size=5), st.data())
def test_p03_other_searches_and_jobs_without_one_change_nothing(
    steps: list[Step], others: list[JobRecord], data: st.DataObject
) -> None:
    alone, among = new_ledger(), new_ledger()
    own = [step for step in steps if _of(step, steps) == A]
    tell(alone, own, judged=True)
    foreign = [replace(j, search=j.search and "another") for j in others]
    for step in steps:
        tell(among, [step], judged=True)
        for stranger in foreign:
            if data.draw(st.booleans()):
                see(among, stranger, now=step.at)
    tick(alone)
    tick(among)
    assert (NAMESPACE, A) in alone.jobs.searches or (NAMESPACE, A) not in among.jobs.searches
    if own and (NAMESPACE, A) in alone.jobs.searches:
        assert say(search_of(alone)) == say(search_of(among))


def _of(step: Step, steps: list[Step]) -> str:
    """The search that a Job, or the Job of a pod, belongs to."""
    uid = step.record.uid if isinstance(step.record, JobRecord) else step.record.owner
    return next((s.record.search for s in steps if isinstance(s.record, JobRecord) and s.record.uid == uid), "")


@given(histories(), st.booleans(), st.data())
def test_p04_what_has_ended_may_be_removed(steps: list[Step], by_watch: bool, data: st.DataObject) -> None:
    ledger = new_ledger()
    tell(ledger, steps, judged=True)
    tick(ledger)
    before = told(ledger)
    there = present(steps)
    ended = [r for r in there.values() if isinstance(r, JobRecord) and base_state(r).terminal]
    removed = [record for record in ended if data.draw(st.booleans())]
    if by_watch:
        for record in removed:
            ledger.gone(record, LATER)
    else:
        left = [r for r in there.values() if r not in removed]
        relist(ledger, left, LATER, gap=data.draw(st.sampled_from([1.0, 9000.0])))
    tick(ledger)
    assert told(ledger) == before


@given(histories(waits=True))
def test_p05_only_a_later_object_reopens_a_search_that_has_ended(steps: list[Step]) -> None:
    ledger = new_ledger()
    ends: dict[Any, float] = {}
    for number, step in enumerate(steps):
        before = {key: s.memory.phase for key, s in ledger.jobs.searches.items()}
        tell(ledger, [step], judged=True)
        for key, search in ledger.jobs.searches.items():
            was, phase = before.get(key), search.memory.phase
            if was and was.terminal and phase is not was:
                live = [r.created for r in present(steps[: number + 1]).values() if _is_live(r, key[1])]
                assert max(live, default=0.0) > ends[key]
            if phase and phase.terminal and phase is not was:
                ends[key] = max(_times(steps[: number + 1], key[1]))


def _is_live(record: Any, search: str) -> bool:
    return isinstance(record, JobRecord) and record.search == search and not base_state(record).terminal


def _times(steps: list[Step], search: str) -> list[float]:
    own = [s.record for s in steps if isinstance(s.record, JobRecord) and s.record.search == search]
    return [t for j in own for t in (j.created, j.started, j.ended) if t]


@given(histories(waits=True), st.data())
def test_p06_conservation(steps: list[Step], data: st.DataObject) -> None:
    """Batches known = live + succeeded + failed + lost + expired unseen, and each number is that of the model."""
    cut = data.draw(st.integers(0, len(steps)))
    ledger = new_ledger()
    heard, gap = steps[:cut], data.draw(st.sampled_from([10.0, TTL - 1, TTL]))
    tell(ledger, heard, judged=True)
    there = [r for r in present(heard).values() if data.draw(st.booleans())]
    relist(ledger, there, LATER, gap=gap)
    kept = {r.uid for r in there}
    for key, search in ledger.jobs.searches.items():
        uids = {s.record.uid for s in heard if isinstance(s.record, JobRecord) and s.record.role == "blast"}
        lives = [_life(heard, uid, kept, gap) for uid in uids if _search(heard, uid) == key[1]]
        states = search.five_states()
        assert states["pending"] + states["running"] == lives.count("live")
        for result in ("succeeded", "failed", "lost", "expired_unseen"):
            assert search.ended["blast", result] == lives.count(result), result
        assert search.batch_counted == len(lives)


def _search(steps: list[Step], uid: str) -> str:
    return next(s.record.search for s in steps if s.record.uid == uid and isinstance(s.record, JobRecord))


def _life(steps: list[Step], uid: str, kept: set[str], gap: float) -> str:
    for step in (s for s in steps if s.record.uid == uid):
        assert isinstance(step.record, JobRecord)
        state = base_state(step.record)
        if state.terminal or step.gone:
            return str(state) if state.terminal else "lost"
    if uid in kept:
        return "live"
    return "expired_unseen" if gap >= TTL else "lost"


@given(st.lists(JOBS, max_size=8))
def test_p07_failed_pods_and_interim_conditions_are_no_verdict(jobs: list[JobRecord]) -> None:
    sound = [replace(j, failed=j.failed + 1, conditions=j.conditions - {"Failed"}) for j in jobs]
    phases = {s.memory.phase for s in listed(sound).jobs.searches.values()}
    assert not phases & {Phase.FAILED, Phase.FAILING}


@given(histories(deletions=False, waits=True), st.data())
def test_p08_what_was_not_listed_completely_ends_nothing(steps: list[Step], data: st.DataObject) -> None:
    """An incomplete pass is not folded: hearing less, or nothing for long, is never a loss."""
    ledger = new_ledger()
    for step in steps:
        if data.draw(st.booleans()):
            tell(ledger, [step])
        tick(ledger, step.at + data.draw(st.sampled_from([0, 9000])), *data.draw(st.sampled_from([(), (NAMESPACE,)])))
        for search in ledger.jobs.searches.values():
            assert search.five_states()["lost"] == search.ended["blast", "expired_unseen"] == 0
            assert search.memory.phase not in (Phase.VANISHED, Phase.CANCELLED)


@given(histories(), st.data())
def test_p08_stale_data_keeps_every_phase(steps: list[Step], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(steps)))
    ledger = new_ledger()
    tell(ledger, steps[:cut], judged=True)
    before = {key: search.memory for key, search in ledger.jobs.searches.items()}
    tell(ledger, steps[cut:])
    tick(ledger, LATER, NAMESPACE)
    for key, memory in before.items():
        assert ledger.jobs.searches[key].memory == memory


@given(histories(deletions=False, pods=0, loose=False, waits=True))
def test_p09_a_restart_with_all_of_the_history_gives_the_same_phase(steps: list[Step]) -> None:
    """But for what only memory tells: that a batch ran before, and runs on while its results are exported."""
    ledger, fresh = new_ledger(), new_ledger(synced=False)
    tell(ledger, steps, judged=True)
    relist(fresh, present(steps).values(), steps[-1].at, gap=None)
    tick(fresh, steps[-1].at)
    for key, search in fresh.jobs.searches.items():
        before, after = ledger.jobs.searches[key].memory, search.memory
        weaker = (before.phase, after.phase) == (Phase.RUNNING, Phase.PENDING)
        assert weaker or after.phase is before.phase
        assert weaker or after.reason is before.reason or before.reason == "idle" or after.reason == "idle"


WEAKER = {Phase.COMPLETED_UNVERIFIED, Phase.FINALIZING, Phase.SUBMITTING, None}


@given(histories(deletions=False, pods=0, loose=False))
def test_p09_a_restart_after_the_batches_expired_says_less_and_nothing_else(steps: list[Step]) -> None:
    ledger, fresh = new_ledger(), new_ledger(synced=False)
    tell(ledger, steps, judged=True)
    tick(ledger)
    left = [r for r in present(steps).values() if isinstance(r, JobRecord) and not _expired(r)]
    relist(fresh, left, LATER, gap=None)
    tick(fresh)
    for key, search in ledger.jobs.searches.items():
        before = search.memory.phase
        found = fresh.jobs.searches.get(key)
        after = found.memory.phase if found else None
        if before and before.terminal and not search.live_of("setup"):
            allowed = WEAKER | {before, Phase.SUCCEEDED, Phase.FAILED}
            assert after in allowed
            assert (before, after) != (Phase.SUCCEEDED, Phase.FAILED)


def _expired(record: JobRecord) -> bool:
    return record.role in ("blast", "submit") and base_state(record).terminal


@given(histories(waits=True))
def test_p12_tallies_never_fall(steps: list[Step]) -> None:
    ledger = new_ledger()
    known: dict[Any, list[int]] = {}
    for step in steps:
        tell(ledger, [step])
        for key, s in ledger.jobs.searches.items():
            results = [s.ended["blast", result] for result in ("succeeded", "failed", "lost", "expired_unseen")]
            tallies = [s.batch_counted, s.expected_min() or 0, sum(s.attempts.values()), *results]
            assert all(new >= old for new, old in zip(tallies, known.get(key, tallies), strict=True))
            known[key] = tallies


@given(histories(waits=True), st.integers(-100_000, 100_000))
def test_p13_a_clock_that_is_wrong_makes_no_negative_age(steps: list[Step], skew: int) -> None:
    ledger = new_ledger()
    for step in steps:
        tell(ledger, [replace(step, at=step.at + skew)])
        now = step.at + skew
        tick(ledger, now)
        for view in batch_of(ledger, now).searches:
            assert view.phase_since <= now
            assert view.eta is None or view.eta >= now
    tallies = ledger.counts.freeze().tallies.values()
    assert all(tally.sum >= 0 for tally in tallies)
