"""What a listing says by what it lacks, and what a watch says of objects that the listing before it left out."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.domain.fold.ledger import Ledger
from exporter.domain.records import JobRecord
from tests.support.records import (
    NAMESPACE,
    START,
    TTL,
    claim,
    container,
    core_of,
    ended,
    job,
    new_ledger,
    observations,
    pod,
    search_of,
    see,
    total,
)


def missed(record: JobRecord, gap: float) -> Ledger:
    """A Job that was seen, and that a listing lacks after a gap."""
    ledger = new_ledger()
    see(ledger, record)
    ledger.listed("jobs", NAMESPACE, [], START + 100 + gap, gap=gap)
    return ledger


@pytest.mark.parametrize(
    ("claim", "gap", "fields", "result"),
    [
        ("lost", 30.0, {}, "lost"),
        ("lost just before its TTL may have taken it", TTL - 1, {}, "lost"),
        ("perhaps taken by its TTL", TTL, {}, "expired_unseen"),
        ("lost whenever it has no TTL", 10 * TTL, {"ttl": None}, "lost"),
        ("perhaps finished, if listings cannot ask for it", 30.0, {"evidence": "env"}, "expired_unseen"),
    ],
)
def test_a_live_job_that_a_listing_lacks_is_(claim: str, gap: float, fields: dict[str, Any], result: str) -> None:
    ledger = missed(job("j", "running", **fields), gap)
    assert +search_of(ledger).ended == {("blast", result): 1}
    assert total(ledger, "jobs_finished_total", NAMESPACE, "blast", "lost") == (1 if result == "lost" else 0)


def test_a_live_setup_job_that_a_listing_lacks_is_just_gone() -> None:
    ledger = missed(job("j", "running", role="setup"), 30.0)
    assert not +search_of(ledger).ended
    assert total(ledger, "jobs_finished_total") == 0


def test_the_listing_of_one_namespace_takes_nothing_from_another() -> None:
    ledger = new_ledger()
    there = {"namespace": "other"}
    see(ledger, job("j", "running", **there), pod("p", "j", **there), claim(**there))
    for resource in ("jobs", "pods", "persistentvolumeclaims"):
        ledger.listed(resource, NAMESPACE, [], START + 200, gap=30.0)
    core = core_of(ledger, pod_namespaces=["other"], claim_namespaces=["other"])
    assert (core.pods, len(core.claims or ())) == ({("other", "blast", "running"): 1}, 1)
    assert ledger.jobs.live == {("other", "blast", "running"): 1}


DEAD = {"phase": "Failed", "role": "setup", "containers": (container("get-blastdb", ended=ended(1)),)}


def test_a_failed_pod_that_a_listing_left_out_is_not_counted_again_when_it_is_deleted() -> None:
    ledger = new_ledger()
    see(ledger, job("j", "running", role="setup"), pod("p", role="setup"), pod("p", **DEAD))
    ledger.listed("pods", NAMESPACE, [], START + 200, gap=30.0)
    see(ledger, pod("p", deleting=True, **DEAD))
    ledger.gone(pod("p", deleting=True, **DEAD), START + 300)
    assert total(ledger, "attempts_failed_total") == search_of(ledger).attempts["download"] == 1


def test_a_failed_pod_from_before_the_first_listing_is_old() -> None:
    ledger = new_ledger()
    see(ledger, job("j", "running", role="setup"), pod("p", deleting=True, **DEAD))
    assert (total(ledger, "attempts_failed_total"), +search_of(ledger).attempts) == (0, {})


def test_the_time_in_the_queue_is_observed_once_from_creation_to_the_first_start() -> None:
    ledger = new_ledger()
    see(ledger, job("j", "pending"), pod("p", phase="Pending"))
    runs = (container(running_since=START + 40),)
    see(ledger, pod("p", containers=runs), pod("p", containers=runs), pod("again", containers=runs))
    assert observations(ledger, "job_queue_duration_seconds") == 1
    assert ledger.counts.freeze().tallies["job_queue_duration_seconds", ()].sum == 40


def test_the_wait_of_a_retry_is_not_the_wait_of_the_job() -> None:
    ledger = new_ledger()
    see(ledger, job("j", "retrying"), pod("second", containers=(container(running_since=START + 900),)))
    assert observations(ledger, "job_queue_duration_seconds") == 0
