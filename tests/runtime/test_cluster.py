"""What a cluster publishes, what it stops saying when its sources fall silent, and what it never stops counting."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from uuid import UUID

import pytest

from exporter.adapters.decode import WatchEvent
from exporter.collectors.base import Listing
from exporter.domain.phase import Phase, Reason
from exporter.domain.snapshots import SearchView
from exporter.simulator.access import Rule
from exporter.simulator.server import Simulator
from tests.runtime.follow import Follower, faster, following
from tests.runtime.play import A, B, activate, batches, claim, complete, node, pod_of
from tests.support.clock import ManualClock
from tests.support.records import job
from tests.support.waiting import wait_for

SUCCEEDED = ("default", "blast", "succeeded", "none")
NO_CPU = {
    "type": "PodScheduled",
    "status": "False",
    "reason": "Unschedulable",
    "message": "0/1 nodes are available: 1 Insufficient cpu.",
}


def look(follower: Follower, *names: str) -> None:
    """One list of each resource named, of all without."""
    for feed in follower.cluster.feeds:
        if not names or feed.name in names:
            feed.once()


def search(follower: Follower, identity: str = A) -> SearchView:
    batch = follower.view().batch
    assert batch is not None
    return next(s for s in batch.searches if s.id == identity)


def busy_seconds(follower: Follower) -> float:
    return follower.total("node_seconds_total", "blastpool", "busy")


def test_a_tick_publishes_only_what_changed_or_has_waited(follower: Follower, clock: ManualClock) -> None:
    def generation_after_a_tick() -> int:
        follower.cluster.tick("batch", idle_after=5.0)
        return follower.cluster.generation

    look(follower)
    assert [generation_after_a_tick() for _ in range(3)] == [1, 1, 1]
    clock.advance(5.1)
    assert [generation_after_a_tick() for _ in range(3)] == [2, 2, 2]
    look(follower, "pods")
    assert [generation_after_a_tick() for _ in range(3)] == [3, 3, 3]


def test_what_expires_goes_and_what_is_counted_stays(
    simulator: Simulator, follower: Follower, clock: ManualClock
) -> None:
    made = batches(simulator.store)
    claim(simulator.store, "one")
    node(simulator.store)
    look(follower)
    complete(simulator.store, made[0])
    look(follower)
    clock.advance(299.0)
    before = follower.view()
    assert before.batch is not None
    assert {h.state for h in before.health} == {"stale"}
    clock.advance(1.1)
    after = follower.view()
    assert after.batch is None
    assert after.core is not None
    assert (after.core.pods, after.core.pools, after.core.claims) == (None, None, None)
    assert {h.state for h in after.health} == {"expired"}
    assert after.counts == before.counts
    assert follower.total("jobs_finished_total", *SUCCEEDED) == 1
    look(follower)
    assert follower.jobs(A) == {"pending": 2, "running": 0, "succeeded": 1, "failed": 0, "lost": 0}
    assert follower.total("jobs_finished_total", *SUCCEEDED) == 1


def test_a_deletion_that_cannot_be_read_is_still_a_deletion(simulator: Simulator, follower: Follower) -> None:
    claim(simulator.store, "one")
    look(follower)
    assert follower.claims() == {"one"}
    feed = next(f for f in follower.cluster.feeds if f.name == "persistentvolumeclaims")
    uid = UUID(simulator.store.list("persistentvolumeclaims")[0]["metadata"]["uid"]).bytes
    follower.cluster.changed(feed, [WatchEvent(type="DELETED", rejected=True, resource_version="9", uid=uid)])
    assert follower.claims() == set()


def test_an_age_alone_makes_a_new_snapshot(simulator: Simulator, follower: Follower, clock: ManualClock) -> None:
    """A page never calls expired what it still shows, however rarely it is made anew."""
    batches(simulator.store)
    look(follower)
    follower.view()
    clock.advance(300.1)
    follower.cluster.tick("batch", idle_after=1e9)
    view = follower.cluster.view()
    assert view.batch is None
    assert {h.state for h in view.health if h.collector == "batch"} == {"expired"}


@pytest.mark.fault(70)
def test_after_a_suspension_nothing_old_is_called_fresh(
    simulator: Simulator, follower: Follower, clock: ManualClock
) -> None:
    node(simulator.store)
    pod_of(simulator.store, batches(simulator.store)[0])
    look(follower)
    follower.view()
    clock.advance(600.0)
    view = follower.view()
    assert view.batch is None
    assert {h.state for h in view.health} == {"expired"}
    assert busy_seconds(follower) == 0
    look(follower)
    assert {h.state for h in follower.view().health} == {"fresh"}
    assert busy_seconds(follower) == 0


def test_stale_jobs_keep_their_phase_though_time_alone_would_change_it(
    simulator: Simulator, follower: Follower, clock: ManualClock
) -> None:
    for name in batches(simulator.store):
        activate(simulator.store, name)
        look(follower)
        complete(simulator.store, name)
    look(follower)
    before = search(follower).phase
    assert not before.terminal
    clock.advance(130.0)
    assert search(follower).phase is before
    look(follower)
    assert search(follower).phase is Phase.SUCCEEDED


def test_without_pods_the_numbers_rest_on_jobs_alone(
    simulator: Simulator, follower: Follower, clock: ManualClock
) -> None:
    made = batches(simulator.store)
    activate(simulator.store, made[0], ready=0)
    pod_of(simulator.store, made[0])
    pod_of(simulator.store, made[1], phase="Pending", conditions=[NO_CPU])
    simulator.access.denials.append(Rule(resources=["pods"]))
    look(follower)
    assert follower.jobs(A)["running"] == 0
    simulator.access.denials.clear()
    look(follower)
    assert follower.jobs(A)["running"] == 1
    assert "export_stuck" in search(follower).flags
    assert search(follower).blocked == {"cpu": 1}
    clock.advance(301.0)
    look(follower, "jobs", "nodes")
    assert sum(follower.jobs(A).values()) == 3
    assert "export_stuck" not in search(follower).flags
    assert search(follower).blocked == {}
    view = follower.view()
    assert view.core is not None
    assert view.core.pods is None
    assert view.core.pools == ()


def test_without_pods_nobody_says_that_they_find_no_node(
    simulator: Simulator, follower: Follower, clock: ManualClock
) -> None:
    (made,) = batches(simulator.store, count=1)
    activate(simulator.store, made, ready=0)
    pod_of(simulator.store, made, phase="Pending", conditions=[NO_CPU])
    look(follower)
    assert search(follower).reason is Reason.UNSCHEDULABLE
    clock.advance(301.0)
    look(follower, "jobs")
    assert (search(follower).phase, search(follower).reason) == (Phase.PENDING, Reason.NONE)


@pytest.mark.parametrize("silent", ["pods", "nodes"])
def test_node_time_stands_still_while_pods_or_nodes_are_not_fresh(
    simulator: Simulator, follower: Follower, clock: ManualClock, silent: str
) -> None:
    node(simulator.store)
    pod_of(simulator.store, batches(simulator.store)[0])
    look(follower)
    follower.view()
    clock.advance(4.0)
    follower.view()
    assert busy_seconds(follower) == 4.0
    other = "nodes" if silent == "pods" else "pods"
    for _ in range(3):
        clock.advance(4.0)
        look(follower, other)
        follower.view()
    assert busy_seconds(follower) == 4.0
    look(follower)
    follower.view()
    clock.advance(2.0)
    follower.view()
    assert busy_seconds(follower) == 6.0


@pytest.mark.fault(24)
def test_a_namespace_that_is_denied_hides_only_itself(simulator: Simulator, clock: ManualClock) -> None:
    simulator.store.create("namespaces", {"metadata": {"name": "blast"}})
    batches(simulator.store)
    batches(simulator.store, B, namespace="blast")
    simulator.access.denials.append(Rule(namespaces=["blast"]))
    follower = Follower(simulator.url, simulator.token, clock=clock, namespaces=("default", "blast"))
    look(follower)
    batch = follower.view().batch
    assert batch is not None
    assert batch.namespaces == ("default",)
    assert [(s.namespace, s.id) for s in batch.searches] == [("default", A)]
    assert follower.state("jobs") == "denied"
    simulator.access.denials.clear()
    look(follower)
    batch = follower.view().batch
    assert batch is not None
    assert {(s.namespace, s.id) for s in batch.searches} == {("default", A), ("blast", B)}
    assert follower.state("jobs") == "fresh"
    follower.stop()


def test_while_a_listing_is_folded_others_go_on_and_no_tick_sees_half_of_it(
    simulator: Simulator, follower: Follower
) -> None:
    """The three Jobs that the listing lacks are lost, and stay in the sum."""
    batches(simulator.store)
    look(follower)
    records = [job(f"u{number}", "running", search=A, created=follower.clock.wall()) for number in range(5000)]
    listing = Listing(records=records, resource_version="9")
    feed, sums, others = follower.feed("jobs"), {sum(follower.jobs(A).values())}, 0

    def tick() -> None:
        while folding.is_alive():
            sums.add(sum(follower.jobs(A).values()))

    folding = threading.Thread(target=follower.cluster.listed, args=(feed, listing), kwargs={"gap": 1.0})
    ticking = threading.Thread(target=tick)
    folding.start()
    ticking.start()
    while folding.is_alive():
        follower.cluster.count_request("batch", "get", "2xx")
        others += 1
    ticking.join()
    assert sums | {sum(follower.jobs(A).values())} == {3, 5003}
    assert others > 5


def test_relists_and_events_under_readers_make_no_hole(simulator: Simulator) -> None:
    """One thread makes every watch expire and Jobs end; two read. No view lacks a Job, no counter falls."""
    total = 60
    made = batches(simulator.store, count=total)
    wrong: list[object] = []
    stop = threading.Event()

    def read(follower: Follower) -> None:
        ended = 0.0
        while not stop.is_set():
            view = follower.view()
            jobs = view.batch.searches[0].jobs if view.batch and view.batch.searches else {}
            now_ended = view.counts.totals["jobs_finished_total", SUCCEEDED]
            if sum(jobs.values()) != total or now_ended < ended or jobs["lost"]:
                wrong.append((jobs, ended, now_ended))
            ended = now_ended
            time.sleep(0.01)

    with following(simulator, times=faster(backoff=0.02, backoff_cap=0.05)) as follower:
        follower.synced()
        wait_for(lambda: follower.jobs(A), 5.0)
        readers = [threading.Thread(target=read, args=(follower,)) for _ in range(2)]
        for reader in readers:
            reader.start()
        for round_ in range(8):
            _cut_off(simulator, lambda n=round_: complete(simulator.store, made[n]))
            time.sleep(0.15)
        wait_for(lambda: follower.jobs(A)["succeeded"] == 8, 5.0, follower.told)
        stop.set()
        for reader in readers:
            reader.join(5.0)
        assert not wrong
        assert follower.runs("jobs", "gone") >= 3
        assert follower.total("jobs_finished_total", *SUCCEEDED) == 8


def _cut_off(simulator: Simulator, meanwhile: Callable[[], None]) -> None:
    """Every watch ends, something happens, and where they ended is forgotten."""
    simulator.api.closing = True
    simulator.store.touch()
    meanwhile()
    simulator.store.compact()
    simulator.api.closing = False
