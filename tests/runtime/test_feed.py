"""A feed lists, watches and never tells a hole: against the simulated API server, on real sockets."""

from __future__ import annotations

import asyncio
import time

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from exporter.simulator.access import Rule
from exporter.simulator.server import Simulator
from tests.runtime.asked import CLAIMS, end_watches, lists, requests_for, watches, watching
from tests.runtime.follow import Follower, faster, following
from tests.runtime.play import A, activate, batches, claim, complete, fail, node, remove
from tests.support.clock import ManualClock
from tests.support.waiting import wait_for


def finished(follower: Follower, result: str = "succeeded", reason: str = "none") -> float:
    return follower.total("jobs_finished_total", "default", "blast", result, reason)


def test_it_lists_then_watches_from_the_version_of_the_list(simulator: Simulator) -> None:
    batches(simulator.store)
    version = str(simulator.store.rv)
    with following(simulator, only=["jobs"]) as follower:
        wait_for(lambda: follower.jobs(A), 5.0, follower.told)
        watching(simulator)
        query = watches(simulator)[0].query
        assert query["resourceVersion"] == version
        assert query["allowWatchBookmarks"] == "true"
        assert "fieldSelector" not in query
        assert 300 <= int(query["timeoutSeconds"]) <= 600


def test_what_happens_is_folded_as_it_comes(simulator: Simulator) -> None:
    names = batches(simulator.store)
    with following(simulator, only=["jobs"]) as follower:
        follower.synced()
        activate(simulator.store, names[0])
        complete(simulator.store, names[1])
        fail(simulator.store, names[2])
        expected = {"pending": 0, "running": 1, "succeeded": 1, "failed": 1, "lost": 0}
        wait_for(lambda: follower.jobs(A) == expected, 5.0, lambda: str(follower.jobs(A)))
        assert finished(follower) == 1
        remove(simulator.store, names[0])
        wait_for(lambda: follower.jobs(A)["lost"] == 1, 5.0)
        assert follower.state("jobs") == "fresh"
        assert len(requests_for(simulator)) == len(lists(simulator, "jobs")) + 1


def test_what_happens_between_the_list_and_the_watch_is_not_lost(simulator: Simulator) -> None:
    names = batches(simulator.store)
    done = []

    async def meddle(request: Request) -> None:
        if "watch" in request.query_params and not done:
            done.append(complete(simulator.store, names[0]))
            batches(simulator.store, A.replace("a", "c"), 1)

    simulator.api.intercept = meddle
    with following(simulator, only=["jobs"]) as follower:
        wait_for(lambda: follower.jobs(A).get("succeeded") == 1, 5.0, follower.told)
        wait_for(lambda: follower.jobs(A.replace("a", "c")), 5.0)
        assert finished(follower) == 1


def test_what_changes_while_the_lists_of_a_pass_are_read_is_counted_once(simulator: Simulator) -> None:
    names = batches(simulator.store)
    done = []

    async def meddle(request: Request) -> None:
        if "status.successful!=0" in request.query_params.get("fieldSelector", "") and not done:
            done.append(complete(simulator.store, names[0]))

    simulator.api.intercept = meddle
    with following(simulator, only=["jobs"]) as follower:
        wait_for(lambda: follower.jobs(A).get("succeeded") == 1, 5.0, follower.told)
        watching(simulator)
        assert sum(follower.jobs(A).values()) == 3


def test_a_bookmark_moves_the_version_on(simulator: Simulator) -> None:
    with following(simulator, only=[CLAIMS]) as follower:
        follower.synced()
        watching(simulator, CLAIMS)
        node(simulator.store)
        version = simulator.store.rv
        time.sleep(0.35)
        end_watches(simulator)
        watching(simulator, CLAIMS, more_than=1)
        assert int(watches(simulator, CLAIMS)[1].query["resourceVersion"]) >= version


def test_a_watch_that_the_server_ends_goes_on_from_the_last_version(simulator: Simulator) -> None:
    with following(simulator, only=[CLAIMS]) as follower:
        follower.synced()
        watching(simulator, CLAIMS)
        claim(simulator.store, "one")
        wait_for(lambda: follower.claims() == {"one"}, 5.0)
        version = str(simulator.store.rv)
        end_watches(simulator)
        watching(simulator, CLAIMS, more_than=1)
        claim(simulator.store, "two")
        wait_for(lambda: follower.claims() == {"one", "two"}, 5.0)
        assert watches(simulator, CLAIMS)[1].query["resourceVersion"] == version
        assert len(lists(simulator)) == 1
        assert follower.runs(CLAIMS, "ok") == len(watches(simulator, CLAIMS))


def test_a_version_that_is_gone_means_list_again_without_a_hole(simulator: Simulator) -> None:
    """What ended while nobody watched is found by the relist and counted once; what was counted is not again."""
    names = batches(simulator.store, count=4)
    holes: list[dict[str, int]] = []
    with following(simulator, only=["jobs"]) as follower:
        follower.synced()
        complete(simulator.store, names[0])
        wait_for(lambda: finished(follower) == 1, 5.0)
        watching(simulator)
        simulator.api.closing = True
        simulator.store.touch()
        complete(simulator.store, names[1])
        batches(simulator.store, A.replace("a", "c"), 1)
        simulator.store.compact()
        simulator.api.closing = False

        def settled() -> bool:
            jobs = follower.jobs(A)
            holes.extend([jobs] if sum(jobs.values()) != 4 else [])
            return jobs["succeeded"] == 2 and follower.jobs(A.replace("a", "c")) != {}

        wait_for(settled, 5.0, follower.told)
        assert not holes
        assert finished(follower) == 2
        assert follower.total("jobs_finished_total", "default", "blast", "lost", "none") == 0


def test_the_list_after_an_old_version_is_gone_does_not_wait_once_more(simulator: Simulator) -> None:
    """The wait for the server to come back was one; another would double how long an outage is felt."""
    clock, opened = ManualClock(), [0]

    async def second_watch_is_gone(request: Request) -> Response | None:
        opened[0] += "watch" in request.query_params
        old = "watch" in request.query_params and opened[0] == 2
        return JSONResponse({"kind": "Status", "code": 410}, 410) if old else None

    simulator.api.intercept = second_watch_is_gone
    times = faster(silence=1000.0, backoff=20.0, backoff_cap=20.0)
    with following(simulator, only=[CLAIMS], times=times, clock=clock) as follower:
        watching(simulator, CLAIMS)
        clock.advance(30.0)
        end_watches(simulator)
        wait_for(lambda: len(lists(simulator, CLAIMS)) == 2, 5.0, follower.told)
        watching(simulator, CLAIMS)
        assert follower.runs(CLAIMS, "gone") == 1


def test_a_job_that_vanished_while_nobody_watched_is_lost_once(simulator: Simulator) -> None:
    names = batches(simulator.store)
    with following(simulator, only=["jobs"]) as follower:
        follower.synced()
        watching(simulator)
        simulator.api.closing = True
        simulator.store.touch()
        remove(simulator.store, names[0])
        simulator.store.compact()
        simulator.api.closing = False
        wait_for(lambda: follower.jobs(A)["lost"] == 1, 5.0, follower.told)
        assert follower.total("jobs_finished_total", "default", "blast", "lost", "none") == 1


def test_a_job_that_its_ttl_may_have_taken_unseen_is_not_called_lost(simulator: Simulator) -> None:
    clock, names = ManualClock(), batches(simulator.store, ttl=60)
    with following(simulator, only=["jobs"], clock=clock) as follower:
        follower.synced()
        watching(simulator)
        simulator.access.denials.append(Rule())
        end_watches(simulator)
        wait_for(lambda: follower.feed("jobs").pulse.mode == "poll", 5.0, follower.told)
        clock.advance(61.0)
        remove(simulator.store, names[0])
        simulator.access.denials.clear()
        wait_for(lambda: sum(follower.jobs(A).values()) == 2, 5.0, follower.told)
        assert follower.jobs(A)["lost"] == 0
        assert follower.total("jobs_finished_total", "default", "blast", "lost", "none") == 0


@pytest.mark.fault(52)
def test_a_list_that_is_suddenly_empty_is_believed(simulator: Simulator) -> None:
    claim(simulator.store, "one")
    with following(simulator, only=[CLAIMS]) as follower:
        wait_for(lambda: follower.claims() == {"one"}, 5.0)
        watching(simulator, CLAIMS)
        simulator.api.closing = True
        simulator.store.touch()
        simulator.store.delete(CLAIMS, "default", "one")
        simulator.store.compact()
        simulator.api.closing = False
        wait_for(lambda: not follower.claims(), 5.0)
        assert follower.state(CLAIMS) == "fresh"


@pytest.mark.parametrize("blocked_in", ["watch", "back-off", "list"])
def test_it_stops_at_once(simulator: Simulator, blocked_in: str) -> None:
    async def stall(_: Request) -> Response | None:
        if blocked_in == "watch":
            return None
        if blocked_in == "back-off":
            return JSONResponse({}, 429, {"Retry-After": "60"})
        await asyncio.sleep(1.0)
        return None

    simulator.api.intercept = stall
    follower = Follower(simulator.url, simulator.token, only=[CLAIMS])
    follower.start()
    wait_for(lambda: requests_for(simulator, CLAIMS) or blocked_in == "list", 5.0)
    if blocked_in == "watch":
        watching(simulator, CLAIMS)
    time.sleep(0.1)
    began = time.monotonic()
    follower.stop()
    assert time.monotonic() - began < 0.5
    assert not [f for f in follower.cluster.feeds if f._thread is not None and f._thread.is_alive()]
