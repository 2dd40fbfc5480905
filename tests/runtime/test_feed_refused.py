"""A feed whose server refuses: rights, throttling, errors. It says so, waits, and goes on when it may."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from exporter.simulator.access import Rule
from exporter.simulator.server import Simulator
from tests.runtime.asked import CLAIMS, end_watches, requests_for, watches
from tests.runtime.follow import TIMES, Follower, faster, following
from tests.runtime.play import A, batches, claim, complete
from tests.support.clock import ManualClock
from tests.support.waiting import wait_for


def finished(follower: Follower, result: str = "succeeded", reason: str = "none") -> float:
    return follower.total("jobs_finished_total", "default", "blast", result, reason)


def test_without_the_right_to_watch_it_polls_and_says_so_once(
    simulator: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    names = batches(simulator.store)
    simulator.access.denials.append(Rule(verbs=["watch"]))
    with following(simulator, only=["jobs"]) as follower, caplog.at_level("INFO", "exporter.feed"):
        wait_for(lambda: follower.feed("jobs").pulse.mode == "poll", 5.0, follower.told)
        complete(simulator.store, names[0])
        wait_for(lambda: follower.jobs(A).get("succeeded") == 1, 5.0)
        assert finished(follower) == 1
        wait_for(lambda: len(watches(simulator)) >= 2, 5.0, "a second try to watch")
        assert follower.state("jobs") == "fresh"
        said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
        assert said == ["watch_denied_polling_instead"]
        simulator.access.denials.clear()
        wait_for(lambda: follower.feed("jobs").pulse.mode == "watch", 5.0, follower.told)
        assert 2 <= follower.runs("jobs", "denied") <= 4
        complete(simulator.store, names[1])
        wait_for(lambda: finished(follower) == 2, 5.0)


@pytest.mark.fault(25)
def test_a_list_that_is_denied_for_a_while_makes_no_gap(simulator: Simulator) -> None:
    claim(simulator.store, "one")
    with following(simulator, only=[CLAIMS]) as follower:
        wait_for(lambda: follower.claims() == {"one"}, 5.0)
        simulator.access.denials.append(Rule())
        simulator.store.compact()
        end_watches(simulator)
        wait_for(lambda: follower.state(CLAIMS) == "denied", 5.0, follower.told)
        assert follower.claims() == {"one"}
        simulator.access.denials.clear()
        wait_for(lambda: follower.state(CLAIMS) == "fresh", 5.0, follower.told)


@pytest.mark.fault(23)
def test_a_token_that_is_refused_for_good_makes_no_hot_loop(simulator: Simulator) -> None:
    with following(simulator.url, only=[CLAIMS]) as follower:
        wait_for(lambda: follower.feed(CLAIMS).pulse.tried, 5.0)
        assert follower.state(CLAIMS) == "denied"
        time.sleep(0.6)
        assert len(requests_for(simulator, CLAIMS)) <= 12


@pytest.mark.fault(24)
def test_pods_that_are_denied_harm_no_other_resource(simulator: Simulator) -> None:
    batches(simulator.store)
    simulator.access.denials.append(Rule(resources=["pods"]))
    with following(simulator) as follower:
        wait_for(lambda: all(f.pulse.tried for f in follower.cluster.feeds), 5.0, follower.told)
        wait_for(lambda: follower.jobs(A).get("pending") == 3, 5.0)
        assert follower.state("pods") == "denied"
        assert {follower.state(name) for name in ("jobs", "nodes", CLAIMS, "events")} == {"fresh"}
        core = follower.view().core
        assert core is not None
        assert core.pods is None
        assert core.pools is not None


@pytest.mark.fault(26)
def test_a_namespace_that_is_not_there_is_absent_at_once(simulator: Simulator) -> None:
    claim(simulator.store, "one")
    gone: list[Response] = []

    async def answer(_: Request) -> Response | None:
        return gone[0] if gone else None

    simulator.api.intercept = answer
    with following(simulator, only=[CLAIMS]) as follower:
        wait_for(lambda: follower.claims() == {"one"}, 5.0)
        gone.append(JSONResponse({"kind": "Status"}, 404))
        end_watches(simulator)
        wait_for(lambda: follower.state(CLAIMS) == "absent", 5.0, follower.told)
        assert not follower.claims()
        gone.clear()
        wait_for(lambda: follower.claims() == {"one"}, 5.0)


@pytest.mark.fault(32)
def test_retry_after_is_honoured(simulator: Simulator) -> None:
    times: list[float] = []

    async def throttle(_: Request) -> Response | None:
        times.append(time.monotonic())
        return JSONResponse({}, 429, {"Retry-After": "1"}) if len(times) == 1 else None

    simulator.api.intercept = throttle
    with following(simulator, only=[CLAIMS]) as follower:
        wait_for(lambda: follower.feed(CLAIMS).pulse.tried, 5.0)
        assert follower.feed(CLAIMS).pulse.word == "throttled"
        follower.synced()
        assert 1.0 <= times[1] - times[0] < 1.5
        assert follower.runs(CLAIMS, "throttled") == 1


@pytest.mark.fault(34)
def test_a_storm_of_500_is_met_with_growing_waits(simulator: Simulator) -> None:
    times: list[float] = []

    async def storm(_: Request) -> Response | None:
        times.append(time.monotonic())
        return JSONResponse({}, 500) if len(times) <= 8 else None

    simulator.api.intercept = storm
    with following(simulator, only=[CLAIMS]) as follower:
        follower.synced()
        waits = [later - earlier for earlier, later in pairwise(times)][:8]
        assert all(wait <= TIMES.backoff_cap + 0.1 for wait in waits)
        assert all(wait >= TIMES.backoff_cap / 2 for wait in waits[3:])
        assert follower.runs(CLAIMS, "server") == 8


def test_one_good_session_clears_the_count_of_failures(simulator: Simulator) -> None:
    """Failures that lie hours apart do not add up to the longest wait."""
    clock, opened = ManualClock(), [0]

    async def every_other(request: Request) -> Response | None:
        if "watch" not in request.query_params:
            return None
        opened[0] += 1
        return JSONResponse({}, 500) if opened[0] % 2 else None

    simulator.api.intercept = every_other
    times = faster(healthy_after=120.0, silence=1000.0, backoff=0.02, backoff_cap=60.0)
    with following(simulator, only=[CLAIMS], times=times, clock=clock) as follower:
        for round_ in range(10):
            wait_for(lambda least=round_: opened[0] // 2 > least, 2.0, follower.told)
            clock.advance(130.0)
            end_watches(simulator)
            wait_for(lambda: opened[0] % 2 == 0, 2.0, follower.told)
        assert follower.feed(CLAIMS)._failures <= 3


def test_a_watch_that_only_fails_is_replaced_by_lists(simulator: Simulator) -> None:
    """The version may be what the server chokes on; data is never left to expire while a list would do."""

    async def choke(request: Request) -> Response | None:
        return JSONResponse({}, 500) if "watch" in request.query_params else None

    simulator.api.intercept = choke
    with following(simulator, only=[CLAIMS], times=faster(silence=0.5)) as follower:
        follower.synced()
        claim(simulator.store, "one")
        wait_for(lambda: follower.claims() == {"one"}, 5.0, follower.told)
