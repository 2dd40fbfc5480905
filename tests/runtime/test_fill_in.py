"""Which LISTs the batch collector sends, and which finished Jobs they bring."""

from __future__ import annotations

import time

import pytest

from exporter.adapters.clock import SystemClock
from exporter.collectors.base import Known, Listing
from exporter.collectors.batch import list_jobs
from exporter.runtime.pager import ListLimits, PassReport, pass_over
from exporter.simulator.server import Simulator
from tests.runtime.follow import open_access
from tests.runtime.play import A, B, activate, batches, complete, fail, finalizer, submit
from tests.support.manifests import warmup_job
from tests.support.pods import now

JOBS = "/apis/batch/v1/namespaces/default/jobs"
SEARCH_APPS = "app in (setup,submit,blast,finalizer)"
LONG_AGO = "2020-01-01T00:00:00Z"
FIXED = [
    (SEARCH_APPS, "status.successful=0"),
    ("app in (elb-db-warmup,elb-prepare-db)", None),
    ("app=finalizer", "status.successful!=0"),
]


def look(simulator: Simulator, *ids: str, retention: float = 3600.0) -> tuple[Listing, list[tuple[str, str | None]]]:
    """One listing, and the (label, field) selectors of the requests it made."""
    access = open_access(simulator.url, simulator.token)
    transport = access.transport("test")
    pages = pass_over(transport, "jobs", JOBS, limits=ListLimits(), clock=SystemClock(), report=PassReport())
    simulator.api.seen.clear()
    listing = list_jobs(pages, Known(ids=ids, now=time.time(), retention=retention))
    transport.close()
    access.close()
    return listing, [(s.query["labelSelector"], s.query.get("fieldSelector")) for s in simulator.api.seen]


def names(listing: Listing) -> set[str]:
    return {record.name for record in listing.records}


def fill_in(*ids: str) -> tuple[str, str]:
    return f"elb-job-id in ({','.join(ids)}),{SEARCH_APPS}", "status.successful!=0"


def test_an_empty_cluster_takes_three_lists(simulator: Simulator) -> None:
    listing, asked = look(simulator)
    assert asked == FIXED
    assert not listing.records


def test_finished_jobs_come_for_a_search_that_has_a_live_one(simulator: Simulator) -> None:
    made = batches(simulator.store, A)
    complete(simulator.store, made[0])
    dead = batches(simulator.store, B)
    for name in dead:
        complete(simulator.store, name)
    listing, asked = look(simulator)
    assert asked == [*FIXED, fill_in(A)]
    assert names(listing) == set(made)


def test_finished_jobs_come_for_a_search_that_is_remembered(simulator: Simulator) -> None:
    made = batches(simulator.store, A)
    for name in made:
        complete(simulator.store, name)
    listing, asked = look(simulator, A)
    assert asked == [*FIXED, fill_in(A)]
    assert names(listing) == set(made)


@pytest.mark.parametrize(("when", "wanted"), [(now, True), (lambda: LONG_AGO, False)])
def test_finished_jobs_come_while_the_finalizer_ended_within_the_retention(
    simulator: Simulator, when: object, wanted: bool
) -> None:
    made = [*batches(simulator.store, A), submit(simulator.store, A), finalizer(simulator.store, A)]
    for name in made:
        complete(simulator.store, name, completionTime=when())
    listing, asked = look(simulator)
    assert asked == [*FIXED, *([fill_in(A)] if wanted else [])]
    assert names(listing) == (set(made) if wanted else set())


@pytest.mark.parametrize(("at", "wanted"), [("", True), (LONG_AGO, False)])
@pytest.mark.parametrize("failing", ["finalizer", "batch"])
def test_finished_jobs_come_while_a_failure_is_within_the_retention(
    simulator: Simulator, failing: str, at: str, wanted: bool
) -> None:
    """A failed Job is listed with the living, but is none: its search is as over as one that succeeded."""
    made, last = batches(simulator.store, A), finalizer(simulator.store, A)
    failed, *rest = [last, *made] if failing == "finalizer" else [made[0], *made[1:], last]
    fail(simulator.store, failed, at=at)
    for name in rest:
        complete(simulator.store, name, completionTime=LONG_AGO)
    listing, asked = look(simulator)
    assert asked == [*FIXED, *([fill_in(A)] if wanted else [])]
    assert names(listing) == ({failed, *rest} if wanted else {failed})


def test_ids_are_asked_for_in_groups_of_twenty(simulator: Simulator) -> None:
    ids = sorted(f"job-{n:032x}" for n in range(45))
    for search in ids[:30]:
        activate(simulator.store, batches(simulator.store, search, 1)[0])
    _, asked = look(simulator, *ids[10:])
    assert asked[3:] == [fill_in(*ids[:20]), fill_in(*ids[20:40]), fill_in(*ids[40:])]


def test_warm_up_jobs_come_whatever_their_state(simulator: Simulator) -> None:
    made = simulator.store.create("jobs", warmup_job("core_nt", 0, "node-0"))["metadata"]["name"]
    complete(simulator.store, made)
    listing, asked = look(simulator)
    assert names(listing) == {made}
    assert asked == FIXED


def test_the_watch_goes_on_from_the_first_list(simulator: Simulator) -> None:
    batches(simulator.store, A)
    version = str(simulator.store.rv)
    assert look(simulator)[0].resource_version == version
