from __future__ import annotations

from typing import Any

import pytest

from exporter.domain.fold.evaluate import evaluate
from exporter.domain.fold.ledger import Ledger
from exporter.domain.records import BlastFacts, JobRecord, Record
from exporter.domain.words import JOB_VIEW, WARMUP_STATES
from tests.support.records import (
    NAMESPACE,
    START,
    A,
    B,
    batch_of,
    claim,
    container,
    core_of,
    ended,
    job,
    new_ledger,
    node,
    pod,
    see,
    view_of,
)


def frozen(ledger: Ledger, *records: Record, now: float = START + 100, **changes: Any) -> Any:
    """The view of search A after some records and a tick."""
    see(ledger, *records, now=now)
    evaluate(ledger, now, stale=frozenset())
    return view_of(ledger, now, **changes)


def with_records(*records: Record, now: float = START + 100) -> Ledger:
    ledger = new_ledger()
    see(ledger, *records, now=now)
    return ledger


def many(ledger: Ledger, *names: str, look: str = "running", now: float = START + 100) -> None:
    """Searches, each later created than the one before."""
    see(
        ledger,
        *(job(f"{name}-b", look, search=name, created=START - 50 + n) for n, name in enumerate(names)),
        now=now,
    )
    evaluate(ledger, now, stale=frozenset())


def shown(ledger: Ledger, *before: str, now: float = START + 100) -> list[str]:
    keys = frozenset((NAMESPACE, name) for name in before)
    return [view.id for view in batch_of(ledger, now, shown_before=keys).searches]


def test_the_newest_searches_are_shown_and_the_others_counted() -> None:
    ledger = new_ledger(searches_shown=2)
    many(ledger, "a", "b", "c", "d", "e")
    assert shown(ledger) == ["d", "e"]
    batch = batch_of(ledger)
    assert batch.hidden == 3
    assert batch.live_phases == {(NAMESPACE, "running"): 5}


def test_a_search_once_shown_stays_shown() -> None:
    ledger = new_ledger(searches_shown=2)
    many(ledger, "a", "b", "c", "d")
    assert shown(ledger, "a") == ["a", "d"]
    assert shown(ledger, "b", "a") == ["a", "b"]


def test_live_searches_come_before_ended_ones() -> None:
    ledger = new_ledger(searches_shown=2)
    many(ledger, "a", "b", "c")
    many(ledger, "c", look="failed")
    see(ledger, job("c-b", "failed", search="c"))
    assert shown(ledger, "c") == ["a", "b"]


def test_an_ended_search_is_shown_for_an_hour() -> None:
    ledger = new_ledger()
    frozen(ledger, job("j", "running"))
    frozen(ledger, job("j", "failed"))
    assert shown(ledger, now=START + 100 + 3600) == [A], "an hour from when its end was told"
    assert shown(ledger, now=START + 100 + 3601) == []
    assert batch_of(ledger, START + 100 + 3601).hidden == 0


def test_a_search_that_ended_before_the_first_look_is_shown_for_an_hour_from_its_end() -> None:
    ledger = new_ledger()
    ledger.listed("jobs", NAMESPACE, [job("j", "failed")], START + 100, gap=None)
    evaluate(ledger, START + 100)
    assert shown(ledger, now=START + 60 + 3600) == [A]
    assert shown(ledger, now=START + 60 + 3601) == []


def test_only_the_namespaces_that_may_be_shown_are() -> None:
    ledger = new_ledger()
    there = {"namespace": "other"}
    see(ledger, job("x", "running", **there), job("y", "running", search="", role="submit", **there), claim())
    see(ledger, job("w", "running", role="warmup", search="", **there), pod("p", "x", phase="Pending", **there))
    evaluate(ledger, START + 100, stale=frozenset())
    batch, core = batch_of(ledger, stored={"other": 9, NAMESPACE: 3}), core_of(ledger)
    assert (batch.searches, batch.jobs, batch.live_phases, batch.unattributed, batch.warmup) == ((), {}, {}, {}, {})
    assert batch.stored == {NAMESPACE: 3}
    assert (core.pods, core.blocked, core.oldest_pending, core.run_slots) == ({}, {}, {}, {})
    assert core.claims == {(NAMESPACE, "blast-dbs-pvc-rwm"): "Bound"}
    both = core_of(ledger, pod_namespaces=[NAMESPACE, "other"])
    assert both.oldest_pending == {("other", "blast"): START}


def test_what_may_not_be_shown_is_none_and_not_zero() -> None:
    core = core_of(new_ledger(), pod_namespaces=[], claim_namespaces=[], nodes_known=False)
    assert (core.pods, core.blocked, core.oldest_pending, core.run_slots) == (None,) * 4
    assert (core.pools, core.claims) == (None, None)


def test_a_search_is_described_by_its_blast_jobs() -> None:
    ledger = new_ledger()
    facts = BlastFacts(program="blastn", db="core_nt", mode="sharded", client_version="1.5")
    view = frozen(
        ledger,
        job("sub", "running", role="submit", created=START - 40, evidence="env", openapi_id="0123456789ab"),
        job("b0", "running", batch=0, shard=0, facts=facts),
        job("b1", "pending", batch=2, shard=1, facts=facts),
    )
    assert (view.program, view.db, view.mode, view.client_version) == ("blastn", "core_nt", "sharded", "1.5")
    assert (view.created, view.last_progress, view.evidence) == (START - 40, START, "label")
    assert (view.shards, view.expected, view.expected_min, view.openapi_id) == (2, None, 6, "0123456789ab")
    assert view.jobs == {**dict.fromkeys(JOB_VIEW, 0), "pending": 1, "running": 1}
    assert view.roles == {("submit", "running"): 1, ("blast", "running"): 1, ("blast", "pending"): 1}


def test_nothing_is_invented_about_a_search_without_batches() -> None:
    view = frozen(new_ledger(), job("sub", "running", role="submit"))
    assert (view.program, view.db, view.mode, view.shards, view.expected_min) == (*["unknown"] * 3, None, None)
    assert (view.last_progress, view.eta) == (view.created, None)


def test_the_expected_number_is_told_when_submission_has_closed() -> None:
    ledger = new_ledger()
    submit, finalizer = job("sub", "running", role="submit"), job("fin", "pending", role="finalizer")
    assert frozen(ledger, submit, job("b0", "running", batch=9)).expected is None
    assert frozen(ledger, finalizer).expected is None
    assert frozen(ledger, job("sub", "succeeded", role="submit")).expected == 10


def eta(*records: JobRecord, now: float = START + 100) -> float | None:
    ledger = new_ledger()
    view = frozen(ledger, *(job(r.uid, role=r.role) for r in records), *records, now=now)
    return None if view.eta is None else view.eta - now


FIN = job("fin", "pending", role="finalizer")
DONE = job("b0", "succeeded", batch=0, ended=START + 61)
RUNS = job("b1", "running", batch=1, started=START + 80)


def test_the_end_is_estimated_from_the_batches_that_have_ended() -> None:
    assert eta(DONE, RUNS, FIN) == 40
    assert eta(DONE, RUNS, job("b2", "pending", batch=2), FIN) == 100


@pytest.mark.parametrize(
    ("claim", "records"),
    [
        ("more batches may come", [DONE, RUNS]),
        ("no batch has ended", [job("b1", "running", batch=0), FIN]),
        ("a batch is missing", [DONE, job("b2", "running", batch=2), FIN]),
        ("nothing runs", [DONE, job("b1", "pending", batch=1), FIN]),
        ("a batch failed", [DONE, job("b1", "failed", batch=1), job("b2", "running", batch=2), FIN]),
        ("all has ended", [DONE, FIN]),
    ],
)
def test_no_end_is_estimated_if_(claim: str, records: list[Record]) -> None:
    ledger = new_ledger()
    see(ledger, *(job(r.uid) for r in records if isinstance(r, type(FIN)) and r.role == "blast"))
    assert frozen(ledger, *records).eta is None


def test_no_end_is_estimated_if_batches_were_lost() -> None:
    ledger = new_ledger()
    lost = job("b2", "running", batch=2)
    frozen(ledger, job("b0", "running"), lost, RUNS, FIN)
    ledger.gone(lost, START + 100)
    assert frozen(ledger, DONE).eta is None


def test_the_typical_time_may_be_that_of_the_database() -> None:
    ledger = new_ledger()
    facts = BlastFacts(program="blastn", db="core_nt")
    see(ledger, job("x", "running", search=B, facts=facts), job("x", "succeeded", search=B, ended=START + 61))
    assert frozen(ledger, job("b0", "running", started=START + 90, batch=0, facts=facts), FIN).eta == START + 150


@pytest.mark.parametrize(
    ("state", "look", "created", "nodes_known"),
    [
        ("loading", "running", START - 9, True),
        ("failed", "failed", START - 9, True),
        ("ready", "succeeded", START - 9, True),
        ("stale", "succeeded", START + 60, True),
        ("stale", "succeeded", None, True),
        ("unknown", "succeeded", START - 9, False),
    ],
)
def test_a_database_is_warm_while_its_node_is_the_one_it_was_loaded_on(
    state: str, look: str, created: float | None, nodes_known: bool
) -> None:
    warm = {"role": "warmup", "search": "", "warm_db": "core_nt", "warm_node": "n1"}
    ledger = new_ledger()
    ledger.listed("jobs", NAMESPACE, [job("w", look, **warm)], START + 100, gap=None)
    if created is not None:
        see(ledger, node(name="n1", created=created))
    assert state in WARMUP_STATES
    assert batch_of(ledger, nodes_known=nodes_known).warmup == {("core_nt", state): 1}
    ledger.listed("jobs", NAMESPACE, [], START + 200, gap=30.0)
    assert batch_of(ledger).warmup == {}


def test_live_jobs_without_an_id_are_counted_by_role() -> None:
    ledger = new_ledger()
    stray = {"search": "", "name": "import-queries", "role": "setup"}
    see(ledger, job("x", "running", **stray), job("y", "pending", **stray))
    assert batch_of(ledger).unattributed == {(NAMESPACE, "setup"): 2}
    see(ledger, job("x", "succeeded", **stray))
    ledger.gone(job("y", "pending", **stray), START)
    assert batch_of(ledger).unattributed == {}
    assert ledger.jobs.searches == {}


LEGACY = {"search": "", "role": "finalizer", "name": f"elb-finalizer-{A[-8:]}"}


@pytest.mark.parametrize("first", [True, False], ids=["search first", "finalizer first"])
def test_a_job_without_an_id_finds_the_search_with_its_suffix(first: bool) -> None:
    ledger = new_ledger()
    both = [job("b", "running"), job("fin", "running", **LEGACY)]
    see(ledger, *(both if first else both[::-1]))
    assert batch_of(ledger).unattributed == {}
    assert frozen(ledger).roles == {("blast", "running"): 1, ("finalizer", "running"): 1}
    see(ledger, pod("p", "fin", role="finalizer", phase="Pending", unschedulable="3 Insufficient cpu"))
    assert frozen(ledger).blocked == {"cpu": 1}


def test_the_pods_of_an_adopted_job_come_with_it() -> None:
    ledger = new_ledger()
    see(ledger, pod("p", "fin", role="finalizer", phase="Pending", unschedulable="3 Insufficient cpu"))
    see(ledger, job("fin", "pending", **LEGACY))
    assert frozen(ledger, job("b", "running")).blocked == {"cpu": 1}


def test_an_ended_job_is_adopted_with_its_result() -> None:
    ledger = new_ledger()
    see(ledger, job("fin", "running", **LEGACY), job("fin", "succeeded", **LEGACY))
    view = frozen(ledger, job("b", "running"), job("b", "succeeded"))
    assert (view.phase, view.reason) == ("succeeded", "none")


def test_a_suffix_that_several_searches_share_is_no_evidence() -> None:
    ledger = new_ledger()
    see(ledger, job("b", "running"), job("c", "running", search="x" + A), job("fin", "running", **LEGACY))
    assert batch_of(ledger).unattributed == {(NAMESPACE, "finalizer"): 1}


def test_the_last_five_failures_of_a_search_are_remembered() -> None:
    ledger = new_ledger()
    see(ledger, *(job(f"b{n}", "running", batch=n, shard=1) for n in range(7)))
    for n in range(7):
        dead = container(ended=ended(n + 1, at=START + n))
        see(ledger, pod(f"p{n}", f"b{n}", node="n1", containers=(dead,)))
        ledger.gone(pod(f"p{n}", f"b{n}", node="n1", containers=(dead,)), START + 99)
    view = frozen(ledger)
    assert [f.batch for f in view.failures] == [2, 3, 4, 5, 6]
    last = view.failures[-1]
    assert (last.job, last.shard, last.container, last.exit_code) == ("blast-b6", 1, "blast", 7)
    assert (last.reason, last.node, last.at) == ("other", "n1", START + 6)
    assert sum(view.attempts.values()) == 7


def test_what_blocks_its_pods_is_told_while_it_does() -> None:
    ledger = new_ledger()
    blocked = pod("p", "b", phase="Pending", unschedulable="0/3 nodes are available: 3 Insufficient cpu.")
    view = frozen(ledger, job("b", "pending"), blocked)
    assert (view.blocked, view.reason) == ({"cpu": 1}, "unschedulable")
    assert view_of(ledger, pods_known=[]).blocked == {}
    assert core_of(ledger).blocked == {(NAMESPACE, "blast", "cpu"): 1}
    view = frozen(ledger, pod("p", "b"))
    assert (view.blocked, view.phase, core_of(ledger).blocked) == ({}, "running", {})


def test_the_run_slots_are_those_of_a_living_openapi_pod() -> None:
    ledger = with_records(*(pod(str(n), "rs", role="openapi", max_active=n) for n in (1, 3)))
    assert core_of(ledger).run_slots == {NAMESPACE: 3}
    ledger.gone(pod("3", "rs", role="openapi", max_active=3), START)
    assert core_of(ledger).run_slots == {NAMESPACE: 1}
