from __future__ import annotations

from typing import Any

from exporter.domain.fold.evaluate import evaluate
from exporter.domain.fold.ledger import Ledger
from exporter.domain.phase import Phase, Reason
from exporter.domain.records import JobRecord, Record
from exporter.domain.rules import Rules
from exporter.domain.words import FINISHED_PAIRS
from tests.support.records import (
    NAMESPACE,
    START,
    A,
    B,
    batch_of,
    container,
    ended,
    job,
    new_ledger,
    observations,
    pod,
    search_of,
    see,
    total,
    view_of,
)

FINALIZER = {"role": "finalizer", "created": START + 5}


def tick(ledger: Ledger, now: float = START + 100, *, stale: tuple[str, ...] = ()) -> None:
    evaluate(ledger, now, stale=frozenset(stale))


def step(ledger: Ledger, *records: Record, now: float = START + 100) -> str:
    """Fold, judge, and tell the phase and the reason of search A."""
    see(ledger, *records, now=now)
    tick(ledger, now)
    memory = search_of(ledger).memory
    return f"{memory.phase}/{memory.reason}"


def finalizer(look: str, **fields: Any) -> JobRecord:
    return job("fin", look, **{**FINALIZER, **fields})


def listed(ledger: Ledger, *records: Record, gap: float | None, now: float = START + 100) -> None:
    ledger.listed("jobs", NAMESPACE, records, now, gap=gap)


def test_a_search_goes_through_its_life_and_is_counted_once() -> None:
    ledger = new_ledger()
    life = [
        step(ledger, job("set", "running", role="setup")),
        step(ledger, job("sub", "running", role="submit")),
        step(ledger, job("set", "succeeded", role="setup")),
        step(ledger, job("b0", "pending"), finalizer("pending")),
        step(ledger, job("b0", "running")),
        step(ledger, job("sub", "succeeded", role="submit")),
        step(ledger, job("b0", "succeeded")),
        step(ledger, finalizer("succeeded", ended=START + 90)),
    ]
    assert life == [
        "initializing/none",
        "initializing/none",
        "submitting/submit_active",
        "pending/none",
        "running/none",
        "running/none",
        "finalizing/none",
        "succeeded/none",
    ]
    for later in range(3):
        tick(ledger, START + 200 + later)
    assert total(ledger, "searches_finished_total") == total(ledger, "searches_finished_total", NAMESPACE) == 1
    assert total(ledger, "searches_finished_total", NAMESPACE, "succeeded", "none") == 1
    assert observations(ledger, "search_duration_seconds") == 1
    tallies = ledger.counts.freeze().tallies
    assert tallies["search_duration_seconds", ("other",)].sum == 90


def test_every_end_that_is_counted_is_a_pair_of_the_catalogue() -> None:
    ledger = new_ledger()
    ends = {"a": "succeeded", "b": "failed", "c": "lost"}
    for identity, end in ends.items():
        see(ledger, job(identity, "running", search=identity))
        tick(ledger)
        if end == "lost":
            ledger.gone(job(identity, "running", search=identity), START + 100)
        else:
            see(ledger, job(identity, end, search=identity))
    for later in (0, 121):
        tick(ledger, START + 100 + later)
    counted = {labels[1:] for (name, labels) in ledger.counts.freeze().totals if name == "searches_finished_total"}
    assert counted == {("succeeded", "no_finalizer"), ("failed", "batch_failed"), ("cancelled", "external_delete")}
    assert counted <= set(FINISHED_PAIRS)


def test_ends_that_the_first_listing_finds_are_not_counted() -> None:
    ledger = new_ledger(synced=False)
    listed(ledger, job("b0", "succeeded"), finalizer("succeeded"), gap=None)
    tick(ledger)
    assert search_of(ledger).memory.phase is Phase.SUCCEEDED
    assert (total(ledger, "searches_finished_total"), total(ledger, "jobs_finished_total")) == (0, 0)
    assert (observations(ledger, "search_duration_seconds"), observations(ledger, "job_duration_seconds")) == (0, 0)


def test_the_first_listing_of_a_second_namespace_moves_no_counter_either() -> None:
    ledger = new_ledger()
    old = {"namespace": "second", "created": START, "conditions": frozenset({"Complete"}), "ended": START + 90}
    ledger.listed("jobs", "second", [job("b0", **old)], START + 100, gap=None)
    tick(ledger, START + 900)
    assert (total(ledger, "searches_finished_total"), total(ledger, "jobs_finished_total")) == (0, 0)


def test_a_search_that_came_and_ended_while_nobody_looked_is_counted_at_the_next_listing() -> None:
    ledger = new_ledger()
    for _ in range(2):
        listed(ledger, job("b0", "succeeded"), finalizer("succeeded"), gap=30.0)
        tick(ledger)
    assert total(ledger, "searches_finished_total", NAMESPACE, "succeeded") == 1
    assert total(ledger, "jobs_finished_total", NAMESPACE, "blast", "succeeded") == 1


def test_a_busy_namespace_does_not_make_the_news_of_another_old() -> None:
    ledger = new_ledger()
    ledger.listed("jobs", "busy", [], START, gap=None)
    see(ledger, job("there", "running", namespace="busy", created=START + 80))
    listed(ledger, job("b0", "succeeded"), gap=90.0)
    assert total(ledger, "jobs_finished_total", NAMESPACE, "blast", "succeeded") == 1


def test_a_search_that_was_live_at_the_first_listing_is_counted_when_it_ends() -> None:
    ledger = new_ledger(synced=False)
    listed(ledger, job("b0", "running"), gap=None)
    tick(ledger)
    assert step(ledger, job("b0", "failed")) == "failed/batch_failed"
    assert total(ledger, "searches_finished_total", NAMESPACE, "failed", "batch_failed") == 1


def test_an_object_created_after_its_end_reopens_a_search() -> None:
    ledger = new_ledger()
    step(ledger, job("b0", "running"))
    assert step(ledger, job("b0", "failed")) == "failed/batch_failed"
    assert step(ledger, job("b1", "running", created=START + 60)) == "failed/batch_failed"
    assert not view_of(ledger).flags["recreated"]
    assert step(ledger, job("b2", "running", created=START + 61)) == "failing/batch_failed"
    assert view_of(ledger).flags["recreated"]
    step(ledger, job("b1", "succeeded"))
    assert step(ledger, job("b2", "succeeded", ended=START + 99)) == "failed/batch_failed"
    assert total(ledger, "searches_finished_total") == 2, "it ended twice"


def test_a_cancelled_search_that_is_made_again_lives_again() -> None:
    ledger = new_ledger()
    step(ledger, job("b0", "running"))
    ledger.gone(job("b0", "deleting"), START + 100)
    assert step(ledger) == "cancelled/external_delete"
    assert step(ledger, job("b1", "running", created=START + 101)) == "running/none"
    assert view_of(ledger).flags["recreated"]


def test_searches_of_stale_namespaces_keep_their_phase() -> None:
    ledger = new_ledger()
    step(ledger, job("b0", "running"))
    see(ledger, job("b0", "failed"))
    tick(ledger, START + 200, stale=(NAMESPACE,))
    assert search_of(ledger).memory.phase is Phase.RUNNING
    tick(ledger, START + 300)
    assert search_of(ledger).memory.phase is Phase.FAILED


def test_an_ended_search_that_changed_while_stale_is_judged_when_fresh() -> None:
    ledger = new_ledger()
    step(ledger, job("b0", "running"))
    step(ledger, job("b0", "failed"))
    see(ledger, job("b1", "running", created=START + 99))
    tick(ledger, stale=(NAMESPACE,))
    assert step(ledger) == "failing/batch_failed"


def since(ledger: Ledger) -> float:
    return search_of(ledger).phase_since - START


def test_a_phase_began_when_the_objects_say_so() -> None:
    ledger = new_ledger()
    step(ledger, job("b0", "running"), now=START + 7)
    assert since(ledger) == 1
    step(ledger, job("b0", "failed"), now=START + 70)
    assert since(ledger) == 60
    step(ledger, now=START + 500)
    assert since(ledger) == 60


def test_a_phase_that_only_pods_tell_began_when_it_was_seen() -> None:
    ledger = new_ledger()
    step(ledger, job("b0"), now=START + 1)
    step(ledger, job("b0", "pending", started=START + 2), now=START + 3)
    step(ledger, pod("p", "b0"), now=START + 3600)
    assert search_of(ledger).memory.phase is Phase.RUNNING
    assert since(ledger) == 3600


def test_a_phase_that_a_deletion_brings_began_when_it_was_seen() -> None:
    ledger = new_ledger()
    step(ledger, job("b0", "running"), job("b1", "running"), now=START + 10)
    step(ledger, job("b0", "succeeded"), job("b1", "deleting"), now=START + 200)
    assert (search_of(ledger).memory.phase, since(ledger)) == (Phase.CANCELLING, 200)
    ledger.gone(job("b1", "deleting"), START + 230)
    step(ledger, now=START + 230)
    assert (search_of(ledger).memory.phase, since(ledger)) == (Phase.CANCELLED, 230)


def test_no_phase_begins_in_the_future() -> None:
    ledger = new_ledger()
    step(ledger, job("b0", "running", created=START + 999), now=START + 10)
    assert since(ledger) == 10


def test_a_failed_job_is_counted_with_the_reason_of_its_last_attempt_even_if_that_comes_late() -> None:
    ledger = new_ledger()
    step(ledger, job("b0", "running"), pod("p", "b0"))
    step(ledger, job("b0", "failed"))
    assert total(ledger, "jobs_finished_total") == 0
    see(ledger, pod("p", "b0", containers=(container(ended=ended(2)),)))
    tick(ledger, START + 101)
    assert total(ledger, "jobs_finished_total") == 0, "a later attempt may still be told"
    tick(ledger, START + 200)
    assert total(ledger, "jobs_finished_total", NAMESPACE, "blast", "failed", "database") == 1
    assert total(ledger, "jobs_finished_total") == 1


def test_a_failed_job_whose_exit_code_nobody_saw_is_counted_as_other_after_a_while() -> None:
    ledger = new_ledger()
    step(ledger, job("b0", "running"))
    step(ledger, job("b0", "failed"))
    tick(ledger, START + 102.9)
    assert total(ledger, "jobs_finished_total") == 0
    tick(ledger, START + 103)
    assert total(ledger, "jobs_finished_total", NAMESPACE, "blast", "failed", "other") == 1


def test_a_job_over_its_deadline_is_counted_so_and_has_an_obituary() -> None:
    ledger = new_ledger()
    step(ledger, job("set", "running", role="setup"))
    step(ledger, job("set", "failed", role="setup", fail_reason="DeadlineExceeded"))
    tick(ledger, START + 200)
    assert total(ledger, "jobs_finished_total", NAMESPACE, "setup", "failed", "deadline") == 1
    assert [(f.job, f.reason) for f in view_of(ledger).failures] == [("setup-set", "deadline")]


def test_an_ended_search_is_forgotten_after_a_day() -> None:
    ledger = new_ledger(rules=Rules(forget_after=1000))
    step(ledger, job("b0", "running"))
    step(ledger, job("b0", "failed"))
    tick(ledger, START + 60 + 1000)
    assert list(ledger.jobs.searches) == [(NAMESPACE, A)]
    tick(ledger, START + 60 + 1001)
    assert (ledger.jobs.searches, ledger.jobs.entries) == ({}, {})


def test_what_is_left_of_a_forgotten_search_does_not_bring_it_back() -> None:
    ledger = new_ledger(rules=Rules(forget_after=1000))
    step(ledger, job("b0", "running"))
    step(ledger, job("b0", "failed"))
    tick(ledger, START + 9000)
    see(ledger, job("b0", "failed", deleting=True), now=START + 9001)
    assert ledger.jobs.searches == {}
    ledger.gone(job("b0", "failed", deleting=True), START + 9002)
    assert ledger.jobs.searches == {}


def test_a_forgotten_search_that_is_listed_again_is_not_counted_again() -> None:
    ledger = new_ledger(rules=Rules(forget_after=1000))
    step(ledger, job("b0", "running"))
    step(ledger, job("b0", "failed"))
    for later in (9000, 9900):
        tick(ledger, START + later)
        listed(ledger, job("b0", "failed"), gap=30.0, now=START + later + 1)
        tick(ledger, START + later + 2)
    assert total(ledger, "searches_finished_total") == 1
    assert total(ledger, "jobs_finished_total") == 1


def test_a_search_with_a_live_job_is_not_forgotten() -> None:
    """A finalizer that hangs for days still counts among the live Jobs, and must not look like a new search."""
    ledger = new_ledger(rules=Rules(forget_after=1000))
    step(ledger, job("b0", "running"), finalizer("running"))
    step(ledger, job("b0", "failed"))
    tick(ledger, START + 9000)
    assert step(ledger, now=START + 9001) == "failed/batch_failed"
    ledger.gone(finalizer("running"), START + 9002)
    tick(ledger, START + 9003)
    assert (ledger.jobs.searches, ledger.jobs.live) == ({}, {})


def test_the_oldest_ended_searches_over_the_cap_are_forgotten() -> None:
    ledger = new_ledger(searches_kept=2)
    for number, identity in enumerate("abc"):
        see(ledger, job(identity, "running", search=identity))
        see(ledger, job(identity, "failed", search=identity, ended=START + 60 - number))
    see(ledger, job("live", "running", search=B))
    tick(ledger)
    tick(ledger)
    assert sorted(identity for _, identity in ledger.jobs.searches) == ["a", B]


def test_cancel_is_followed_until_nothing_is_live() -> None:
    ledger = new_ledger()
    step(ledger, job("b0", "running"))
    search_of(ledger).cancel_requested = True
    assert step(ledger) == "cancelling/admin"
    ledger.gone(job("b0", "deleting"), START + 100)
    assert step(ledger) == "cancelled/admin"
    assert total(ledger, "searches_finished_total", NAMESPACE, "cancelled", "admin") == 1


def test_a_stalled_search_ends_by_time_alone() -> None:
    ledger = new_ledger()
    step(ledger, job("sub", "running", role="submit"))
    assert step(ledger, job("sub", "succeeded", role="submit")) == "submitting/none"
    assert step(ledger, now=START + 60 + 901) == "submitting/stalled"
    assert step(ledger, now=START + 60 + 7201) == "completed_unverified/nothing_left"
    assert search_of(ledger).memory.reason is Reason.NOTHING_LEFT
    assert len(batch_of(ledger, START + 60 + 7201).searches) == 1
