"""A feed whose API server is well in part: one server of several, one API group, one resource, someone else's token."""

from __future__ import annotations

import time
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from exporter.simulator.access import User
from exporter.simulator.server import Simulator
from tests.runtime.asked import CLAIMS, end_watches
from tests.runtime.follow import TIMES, Follower, faster, following
from tests.runtime.play import A, B, activate, batches, claim, node, pod_of
from tests.support.hostile import Hostile, Peer
from tests.support.proxy import Proxy
from tests.support.waiting import wait_for

ROUNDS = 12


@pytest.mark.fault(19)
def test_one_bad_server_of_three_costs_a_third_of_the_tries_and_no_series(simulator: Simulator) -> None:
    """Each connection goes to the next server. All are cut again and again; the claim is shown at every look."""
    claim(simulator.store, "one")
    good = urlsplit(simulator.url).port or 0

    def ill(peer: Peer) -> None:
        if peer.read() is not None:
            peer.answer(status="500 Internal Server Error", Connection="close")

    with Hostile(ill) as bad, Proxy(good, good, bad.port) as proxy:
        url = f"http://127.0.0.1:{proxy.port}"
        with following(url, token=simulator.token, only=[CLAIMS]) as follower:
            follower.synced()
            for number in range(ROUNDS):
                known = {f"claim-{number}", *follower.claims()}
                claim(simulator.store, f"claim-{number}")
                proxy.cut()
                wait_for(lambda known=known: shown(follower) == known, 5.0, follower.told)
            assert follower.state(CLAIMS) == "fresh"
            failed = follower.runs(CLAIMS, "server")
            assert 2 <= failed <= ROUNDS
            assert len(bad.asked) == failed


def shown(follower: Follower) -> set[str]:
    """The claims; never none of them."""
    claims = follower.claims()
    assert "one" in claims
    return claims


@pytest.mark.fault(21)
@pytest.mark.parametrize("known", [False, True])
def test_credentials_of_another_cluster_are_refused_by_this_one(simulator: Simulator, known: bool) -> None:
    """401 for a token nobody knows here, 403 for a name that may do nothing here. Nothing is shown; the right that
    comes later is used."""
    batches(simulator.store)
    with Simulator(controllers=False) as other:
        token = other.token
    if known:
        simulator.access.tokens[token] = User(name="of-another-cluster")
    with following(simulator.url, token=token) as follower:
        wait_for(lambda: all(f.pulse.tried for f in follower.cluster.feeds), 5.0, follower.told)
        assert {follower.state(f.name) for f in follower.cluster.feeds} == {"denied"}
        word = "denied" if known else "unauthenticated"
        assert {f.pulse.word for f in follower.cluster.feeds} == {word}
        assert follower.view().batch is None
        simulator.access.tokens[token] = User(name="admin", groups=("system:masters",))
        wait_for(lambda: follower.jobs(A).get("pending") == 3, 5.0, follower.told)


@pytest.mark.fault(27)
def test_an_api_group_that_is_not_there_is_dropped_at_once_and_asked_for_ever_more_rarely(simulator: Simulator) -> None:
    batches(simulator.store)
    node(simulator.store)
    times: list[float] = []
    absent = [False]

    async def answer(request: Request) -> Response | None:
        if not absent[0] or not request.url.path.startswith("/apis/batch"):
            return None
        times.append(time.monotonic())
        return JSONResponse({"kind": "Status", "code": 404}, 404)

    simulator.api.intercept = answer
    with following(simulator, times=faster(backoff=0.05, backoff_cap=0.8)) as follower:
        wait_for(lambda: follower.jobs(A).get("pending") == 3, 5.0, follower.told)
        absent[0] = True
        end_watches(simulator)
        wait_for(lambda: follower.state("jobs") == "absent", 5.0, follower.told)
        assert follower.view().batch is None
        wait_for(lambda: len(times) >= 7, 8.0, "tries")
        waits = [later - earlier for earlier, later in pairwise(times)]
        assert max(waits) <= 0.9
        assert min(waits[4:]) >= 0.35
        core = follower.view().core
        assert core is not None
        assert core.pools is not None
        assert {follower.state(name) for name in ("pods", "nodes", CLAIMS, "events")} == {"fresh"}
        absent[0] = False
        wait_for(lambda: follower.jobs(A).get("pending") == 3, 5.0, follower.told)


@pytest.mark.fault(35)
@pytest.mark.parametrize(("headers", "word"), [({}, "server"), ({"Retry-After": "1"}, "throttled")])
def test_503_from_one_resource_is_that_resources_trouble_only(
    simulator: Simulator, headers: dict[str, str], word: str
) -> None:
    """Its last truth is kept, the others go on hearing news."""
    (name,) = batches(simulator.store, A, 1)
    node(simulator.store)
    pod_of(simulator.store, name)
    activate(simulator.store, name)
    ill = [False]

    async def answer(request: Request) -> Response | None:
        return JSONResponse({}, 503, headers) if ill[0] and request.url.path.endswith("/pods") else None

    simulator.api.intercept = answer
    with following(simulator, times=faster(silence=TIMES.silence)) as follower:
        wait_for(lambda: follower.jobs(A).get("running") == 1, 5.0, follower.told)
        ill[0] = True
        end_watches(simulator)
        wait_for(lambda: follower.runs("pods", word) >= 1, 5.0, follower.told)
        batches(simulator.store, B, 2)
        wait_for(lambda: follower.jobs(B).get("pending") == 2, 5.0, follower.told)
        assert follower.jobs(A) == {**follower.jobs(A), "running": 1}
        assert {follower.state(each) for each in ("jobs", "nodes", CLAIMS, "events")} == {"fresh"}
        for other in ("jobs", "nodes", CLAIMS, "events"):
            assert follower.runs(other, word) == 0
        ill[0] = False
        wait_for(lambda: follower.state("pods") == "fresh", 5.0, follower.told)
