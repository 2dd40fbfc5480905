"""Which searches a quiet point may count anew: those of which a page remembers nothing that is not there any more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lives.sight import await_search, check_page, search
from tests.lives.world import World, new_id
from tests.soak.balance import Outage
from tests.soak.quiet import whole_searches
from tests.soak.witness import JobLife, Witness
from tests.support.controlplane import ControlPlane
from tests.support.waiting import wait_for

_LIVE = {"name": "finalizer", "role": "finalizer", "ttl": None, "born": 1.0}
_DONE = {"name": "batch", "role": "blast", "born": 1.0, "result": "succeeded", "ended": 2.0}


def job(uid: str, **facts: object) -> JobLife:
    return JobLife(uid=uid, search="s", **facts)  # type: ignore[arg-type]  # the facts are those of JobLife


@pytest.mark.parametrize(
    ("batch", "whole"),
    [
        ({"ttl": 1800.0}, ["s"]),
        ({"ttl": None}, ["s"]),
        ({"ttl": 2.0}, []),
        ({"ttl": None, "gone": 3.0}, []),
        ({"ttl": None, "leaving": True}, []),
    ],
)
def test_a_search_is_counted_anew_only_if_all_its_jobs_will_stay(batch: dict[str, object], whole: list[str]) -> None:
    assert whole_searches([job("1", **_LIVE), job("2", **_DONE, **batch)], []) == whole
    assert whole_searches([job("2", **_DONE, **batch)], []) == []


@pytest.mark.parametrize(
    ("setup", "outage", "whole"),
    [
        ({"ended": 10.0, "result": "succeeded"}, (11.0, 13.0), []),
        ({"ended": 10.0, "result": "succeeded"}, (5.0, 11.0), []),
        ({"ended": 10.0, "result": "succeeded"}, (2.0, 8.0), ["s"]),
        ({"ended": 10.0, "result": "succeeded"}, (22.0, 30.0), ["s"]),
        ({"ended": 21.0, "result": "succeeded"}, (11.0, 13.0), ["s"]),
        ({"ended": 10.0, "result": "failed"}, (11.0, 13.0), ["s"]),
        ({}, (11.0, 13.0), ["s"]),
    ],
)
def test_a_search_of_which_a_list_may_have_missed_the_setup_is_left_out(
    setup: dict[str, object], outage: tuple[float, float], whole: list[str]
) -> None:
    """Its setup ended, its batch was born at 20, and a daemon that listed in between found nothing that tells of it."""
    jobs = [
        job("1", name="setup", role="setup", ttl=None, born=1.0, **setup),
        job("2", name="batch", role="blast", ttl=None, born=20.0),
    ]
    met = Outage(start=outage[0], end=outage[1], jobs_listed=True, pods_listed=True)
    assert whole_searches(jobs, [met]) == whole


@pytest.fixture
def world(control_plane: ControlPlane, namespace: str, tmp_path: Path) -> Iterator[World]:
    world = World(control_plane, namespace, tmp_path)
    yield world
    world.close()


@pytest.fixture
def witness(world: World) -> Iterator[Witness]:
    witness = Witness(world.plane.client(timeout=2.0), world.namespace)
    witness.start()
    yield witness
    witness.close()


@pytest.mark.controlplane
def test_a_finished_batch_that_is_being_deleted_outlives_its_recount_on_the_page(
    world: World, witness: Witness
) -> None:
    """With the controllers slow to come back, as after an outage, it is still there, and the page equals the recount.
    It goes in the middle of a comparison, and the page goes on to say 1 where the recount says 0. The quiet point
    leaves the search out, from the moment its deletion was asked for."""
    identity = new_id()
    world.node()
    with world.daemon() as daemon:
        stays, goes = world.batches(identity, (0, 1))
        world.run(stays)
        world.succeed(goes)
        await_search(daemon, identity, "running", jobs={"running": 1, "succeeded": 1})
        wait_for(lambda: whole_searches(witness.known_jobs(), []) == [identity], what="the witness")
        world.plane.manager.freeze()
        try:
            world.delete(goes, propagation="Foreground")
            check_page(daemon, world, identity)
            wait_for(lambda: whole_searches(witness.known_jobs(), []) == [], what="the witness")
        finally:
            world.plane.manager.thaw()
        world.await_gone(goes)
        with pytest.raises(AssertionError, match=r"succeeded.*\(1\.0, 0\.0\)"):
            check_page(daemon, world, identity, timeout=1.0)
        assert search(daemon.page(), identity)["jobs"] == {"running": 1, "succeeded": 1}
        check_page(daemon, world, *whole_searches(witness.known_jobs(), []))
