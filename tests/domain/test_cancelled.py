"""What is said of a search whose cancel was asked for here."""

from __future__ import annotations

from exporter.domain.fold.evaluate import evaluate
from exporter.domain.fold.ledger import Ledger
from exporter.domain.records import JobRecord, Record
from tests.support.records import NAMESPACE, START, A, B, job, new_ledger, search_of, see, total, view_of

KEY = (NAMESPACE, A)
ALIVE = (
    job("fin", "running", role="finalizer"),
    job("sub", "running", role="submit"),
    job("set", "running", role="setup", name="init-ssd-aaaaaaaa-0"),
    job("b0", "running"),
)


def phase(ledger: Ledger, *records: Record, now: float = START + 100) -> str:
    """Fold, judge, and tell the phase and the reason of search A."""
    see(ledger, *records, now=now)
    evaluate(ledger, now)
    memory = search_of(ledger).memory
    return f"{memory.phase}/{memory.reason}"


def gone(ledger: Ledger, *jobs: JobRecord, now: float = START + 100) -> str:
    for one in jobs:
        ledger.gone(one, now)
    return phase(ledger, now=now)


def cancelled(*jobs: JobRecord) -> Ledger:
    """A ledger in which search A had these Jobs and was cancelled."""
    ledger = new_ledger()
    phase(ledger, *jobs)
    ledger.jobs.cancel(KEY)
    phase(ledger)
    assert gone(ledger, *jobs) == "cancelled/admin"
    ledger.jobs.end_cancel(KEY)
    return ledger


def finished(ledger: Ledger) -> dict[tuple[str, ...], float]:
    totals = ledger.counts.freeze().totals
    return {labels[1:]: n for (name, labels), n in totals.items() if name == "searches_finished_total"}


def strays(ledger: Ledger) -> float:
    return total(ledger, "jobs_after_cancel_total", NAMESPACE)


def test_a_cancelled_search_is_cancelling_until_nothing_lives_and_is_counted_once() -> None:
    ledger = new_ledger()
    assert phase(ledger, *ALIVE) == "running/none"
    ledger.jobs.cancel(KEY)
    assert phase(ledger) == "cancelling/admin"
    for one in ALIVE[:-1]:
        assert gone(ledger, one) == "cancelling/admin"
    assert gone(ledger, ALIVE[-1]) == "cancelled/admin"
    for later in range(3):
        phase(ledger, now=START + 200 + later)
    assert finished(ledger) == {("cancelled", "admin"): 1}


def test_every_stage_alone_holds_the_phase() -> None:
    for one in ALIVE:
        ledger = new_ledger()
        phase(ledger, one)
        ledger.jobs.cancel(KEY)
        assert phase(ledger) == "cancelling/admin"
        assert gone(ledger, one) == "cancelled/admin"


def test_what_a_cancel_spares_does_not_hold_the_phase() -> None:
    """Setup that other searches share, while it lives, and Jobs that have ended."""
    for name in ("init-pv", "init-pv-partitioned"):
        ledger = new_ledger()
        shared = job("pv", "running", role="setup", name=name)
        phase(ledger, shared, job("done", "succeeded"), job("b0", "running"))
        ledger.jobs.cancel(KEY)
        assert phase(ledger) == "cancelling/admin"
        assert gone(ledger, job("b0", "running")) == "cancelled/admin"
        assert gone(ledger, shared) == "cancelled/admin"


def test_a_search_that_ended_before_keeps_its_end() -> None:
    """Its hung finalizer is deleted, and nothing is counted twice."""
    ledger = new_ledger()
    finalizer = job("fin", "running", role="finalizer")
    phase(ledger, job("b0", "running"), finalizer)
    assert phase(ledger, job("b0", "failed")) == "failed/batch_failed"
    ledger.jobs.cancel(KEY)
    assert phase(ledger) == "failed/batch_failed"
    assert gone(ledger, finalizer) == "failed/batch_failed"
    assert finished(ledger) == {("failed", "batch_failed"): 1}
    assert view_of(ledger).flags["zombie"] is False


def test_a_cancel_of_a_search_that_is_not_known_yet_is_remembered() -> None:
    ledger = new_ledger()
    ledger.jobs.cancel(KEY)
    assert phase(ledger, job("b0", "running")) == "cancelling/admin"
    assert gone(ledger, job("b0", "running")) == "cancelled/admin"


def test_cancels_of_unknown_searches_are_remembered_up_to_a_bound() -> None:
    ledger = new_ledger()
    ledger.jobs.cancel(KEY)
    for number in range(999):
        ledger.jobs.cancel((NAMESPACE, f"s{number}"))
    ledger.jobs.cancel((NAMESPACE, "last"))
    assert phase(ledger, job("b0", "running")) == "running/none"
    see(ledger, job("x", "running", search="last"), job("y", "running", search="s0"))
    evaluate(ledger, START + 100)
    assert [search_of(ledger, one).memory.phase for one in ("last", "s0")] == ["cancelling", "cancelling"]


def test_a_cancel_that_deleted_nothing_is_taken_back() -> None:
    ledger = new_ledger()
    phase(ledger, *ALIVE)
    ledger.jobs.cancel(KEY)
    assert phase(ledger) == "cancelling/admin"
    ledger.jobs.withdraw_cancel(KEY)
    assert phase(ledger) == "running/none"
    assert "zombie" not in view_of(ledger).flags
    ledger.jobs.cancel((NAMESPACE, B))
    ledger.jobs.withdraw_cancel((NAMESPACE, B))
    see(ledger, job("other", "running", search=B))
    evaluate(ledger, START + 100)
    assert search_of(ledger, B).memory.phase == "running"


def test_a_cancel_that_was_done_is_not_taken_back() -> None:
    ledger = cancelled(*ALIVE)
    ledger.jobs.withdraw_cancel(KEY)
    assert phase(ledger) == "cancelled/admin"


def test_a_job_that_comes_after_the_cancel_is_a_zombie_while_it_lives() -> None:
    ledger = cancelled(*ALIVE)
    assert view_of(ledger).flags["zombie"] is False
    late = job("late", "pending", created=START + 90)
    for _ in range(2):
        assert phase(ledger, late) == "cancelling/admin"
    assert (strays(ledger), view_of(ledger).flags["zombie"]) == (1, True)
    phase(ledger, job("late", "running", created=START + 90), job("later", "running", created=START + 91))
    assert total(ledger, "jobs_after_cancel_total", NAMESPACE, "blast") == strays(ledger) == 2
    assert gone(ledger, late) == "cancelling/admin"
    assert view_of(ledger).flags["zombie"] is True
    assert phase(ledger, job("later", "succeeded", created=START + 91, ended=START + 95)) == "cancelled/admin"
    assert view_of(ledger).flags["zombie"] is False
    assert (strays(ledger), finished(ledger)) == (2, {("cancelled", "admin"): 1})


def test_a_job_of_the_last_second_before_the_cancel_was_done_is_counted_too() -> None:
    """Creation times have no finer resolution; its phase stays, the flag tells of it."""
    ledger = cancelled(*ALIVE)
    newest = search_of(ledger).newest
    assert phase(ledger, job("late", "running", created=newest)) == "cancelled/admin"
    assert (strays(ledger), view_of(ledger).flags["zombie"]) == (1, True)


def test_jobs_that_come_while_the_cancel_runs_are_not_after_it() -> None:
    ledger = new_ledger()
    phase(ledger, *ALIVE)
    ledger.jobs.cancel(KEY)
    phase(ledger)
    more = job("b1", "running", created=START + 90)
    assert phase(ledger, more) == "cancelling/admin"
    assert gone(ledger, *ALIVE, more) == "cancelled/admin"
    assert strays(ledger) == 0


def test_a_straggler_that_the_same_cancel_deletes_did_not_come_after_it() -> None:
    """All was gone once, but the cancel still looks; what comes when it has ended counts."""
    ledger = new_ledger()
    phase(ledger, *ALIVE)
    ledger.jobs.cancel(KEY)
    phase(ledger)
    assert gone(ledger, *ALIVE) == "cancelled/admin"
    straggler = job("straggler", "running", created=START + 90)
    assert phase(ledger, straggler) == "cancelling/admin"
    assert (strays(ledger), view_of(ledger).flags["zombie"]) == (0, False)
    assert gone(ledger, straggler) == "cancelled/admin"
    ledger.jobs.end_cancel(KEY)
    assert (strays(ledger), finished(ledger)) == (0, {("cancelled", "admin"): 1})
    phase(ledger, job("late", "running", created=START + 95))
    assert (strays(ledger), view_of(ledger).flags["zombie"]) == (1, True)


def test_other_searches_have_neither_the_phase_nor_the_flag() -> None:
    ledger = new_ledger()
    see(ledger, job("other", "running", search=B), *ALIVE)
    ledger.jobs.cancel(KEY)
    evaluate(ledger, START + 100)
    assert search_of(ledger, B).memory.phase == "running"
    assert "zombie" not in view_of(ledger, identity=B).flags


def test_a_cancel_waits_while_nothing_fresh_is_heard() -> None:
    ledger = new_ledger()
    phase(ledger, *ALIVE)
    ledger.jobs.cancel(KEY)
    evaluate(ledger, START + 100, stale={NAMESPACE})
    assert search_of(ledger).memory.phase == "running"
    assert phase(ledger) == "cancelling/admin"
