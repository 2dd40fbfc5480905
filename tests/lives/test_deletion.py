"""Somebody deletes Jobs."""

from __future__ import annotations

import pytest

from tests.lives.sight import await_search, check_page, finished, is_part, search, trail
from tests.lives.world import World, new_id
from tests.support.daemon import moved
from tests.support.pods import now

pytestmark = pytest.mark.controlplane


def test_a_job_deleted_under_a_live_search_is_lost(world: World) -> None:
    """Then the others are deleted too, and the search is cancelled from outside."""
    identity = new_id()
    world.node()
    with world.daemon() as daemon:
        phases = trail(daemon, identity)
        done, first, *others = world.batches(identity, range(4))
        finalizer = world.finalizer(identity)
        world.run(first, others[0])
        world.succeed(done)
        world.delete(first)
        world.await_gone(first)
        counts = {"pending": 1, "running": 1, "succeeded": 1, "lost": 1}
        page = await_search(daemon, identity, "running", jobs=counts, expected=4)
        assert finished(page) == {("none", "succeeded", "blast"): 1, ("none", "lost", "blast"): 1}
        check_page(daemon, world)

        world.delete(*others, finalizer)
        world.await_gone(*others, finalizer)
        facts = {"reason": "external_delete", "jobs": {"succeeded": 1, "lost": 3}, "expected": 4}
        await_search(daemon, identity, "cancelled", **facts)
        page = check_page(daemon, world)
        assert finished(page, "searches_finished_total") == {("external_delete", "cancelled"): 1}
        assert finished(page) == {
            ("none", "succeeded", "blast"): 1,
            ("none", "lost", "blast"): 3,
            ("none", "lost", "finalizer"): 1,
        }
        assert is_part(phases, "pending running cancelled")


def test_a_foreground_delete_is_cancelling_until_the_pods_have_gone(world: World) -> None:
    identity = new_id()
    world.node()
    with world.daemon() as daemon:
        phases = trail(daemon, identity)
        batches = world.batches(identity, (0, 1))
        world.run(*batches)
        await_search(daemon, identity, "running", jobs={"running": 2})
        world.delete(batches[0], propagation="Foreground")
        page = check_page(daemon, world, identity)
        assert search(page, identity)["phase"] == "running"
        world.delete(batches[1], propagation="Foreground")
        await_search(daemon, identity, "cancelling", reason="external_delete", jobs={"running": 2})
        page = check_page(daemon, world, identity)
        assert moved(page, "jobs") == {(world.namespace, "blast", "deleting"): 2}
        assert moved(page, "pods") == {(world.namespace, "blast", "terminating"): 2}

        world.await_gone(*batches)
        page = await_search(daemon, identity, "cancelled", reason="external_delete", jobs={"lost": 2})
        check_page(daemon, world)
        assert moved(page, "attempts_failed_total") == {}
        assert is_part(phases, "pending running cancelling cancelled")


def test_the_submitting_client_may_delete_its_setup_jobs(world: World) -> None:
    """Those that succeeded and those that had not yet: nothing is lost."""
    identity = new_id()
    world.node()
    world.node(1)
    with world.daemon() as daemon:
        done, live = world.setup(identity, 0), world.setup(identity, 1)
        world.succeed(done)
        world.run(live)
        world.delete(done, live)
        world.await_gone(done, live)
        page = await_search(daemon, identity, "submitting")
        assert finished(page) == {("none", "succeeded", "setup"): 1}
        check_page(daemon, world)


def test_a_new_job_reopens_a_search_that_had_ended(world: World) -> None:
    identity = new_id()
    world.node()
    with world.daemon() as daemon:
        phases = trail(daemon, identity)
        world.succeed(*world.batches(identity, (0,)), world.finalizer(identity))
        await_search(daemon, identity, "succeeded", jobs={"succeeded": 1}, expected=1)
        world.kubelet.wait(lambda: _second(world), what="the next second: creation times have no finer ones")
        (late,) = world.batches(identity, (1,))
        facts = {"expected": 2, "flags": {"recreated", "finalizer_early"}}
        await_search(daemon, identity, "running", reason="idle", jobs={"pending": 1, "succeeded": 1}, **facts)
        world.succeed(late)
        facts["flags"] = {"recreated"}
        page = await_search(daemon, identity, "succeeded", jobs={"succeeded": 2}, **facts)
        assert finished(page, "searches_finished_total") == {("none", "succeeded"): 2}
        assert phases[-3:] == ["succeeded", "running", "succeeded"]


def _second(world: World) -> bool:
    ends = [job["status"]["completionTime"] for job in world.api.get(world.path("jobs"))[1]["items"]]
    return max(ends) < now()
