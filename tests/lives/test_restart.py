"""The API server or the daemon dies and comes back."""

from __future__ import annotations

import pytest

from tests.lives.sight import await_finished, await_search, check_page, finished, is_part, search, trail
from tests.lives.world import World, new_id
from tests.support.daemon import family, moved, value

pytestmark = pytest.mark.controlplane


def test_the_api_server_may_die_and_the_page_goes_on_where_it_was(world: World) -> None:
    identity = new_id()
    world.node()
    with world.daemon() as daemon:
        phases = trail(daemon, identity)
        first, second = world.batches(identity, (0, 1))
        finalizer = world.finalizer(identity)
        world.run(first, second, finalizer)
        world.succeed(first)
        facts = {"jobs": {"running": 1, "succeeded": 1}, "expected": 2}
        await_search(daemon, identity, "running", **facts)

        world.plane.apiserver.kill()
        words = ("stale", "connect")
        daemon.wait(lambda page: ("batch", "jobs", words[0]) in moved(page, "exporter_collector_state"))
        page = daemon.wait(
            lambda page: family(page, "exporter_collector_runs_total", resource="jobs")["batch", words[1]]
        )
        assert {key: search(page, identity)[key] for key in facts} == facts
        assert search(page, identity)["phase"] == "running"

        world.plane.apiserver.start()
        world.plane.wait_ready()
        world.succeed(second, finalizer)
        page = await_search(daemon, identity, "succeeded", timeout=60, jobs={"succeeded": 2}, expected=2)
        check_page(daemon, world, identity, timeout=40)
        assert finished(page) == {("none", "succeeded", "blast"): 2, ("none", "succeeded", "finalizer"): 1}
        assert value(page, "job_duration_seconds_count", program="blastn", db="core_nt") == 2
        assert is_part(phases, "pending running finalizing succeeded")


def test_a_daemon_that_is_killed_sees_the_same_search_and_counts_from_zero(world: World) -> None:
    identity = new_id()
    world.node()
    with world.daemon() as daemon:
        phases = trail(daemon, identity)
        done, bad, rest = world.batches(identity, range(3))
        finalizer = world.finalizer(identity)
        world.run(rest, finalizer)
        world.succeed(done)
        world.fail_batch(bad, 2)
        facts = {"reason": "batch_failed", "expected": 3}
        jobs = {"running": 1, "succeeded": 1, "failed": 1}
        await_search(daemon, identity, "failing", jobs=jobs, attempts={"database": 2}, **facts)
        await_finished(daemon, {("none", "succeeded", "blast"): 1, ("database", "failed", "blast"): 1})

        daemon.restart()
        page = await_search(daemon, identity, "failing", jobs=jobs, **facts)
        check_page(daemon, world, identity)
        assert finished(page) == finished(page, "searches_finished_total") == {}
        assert moved(page, "attempts_failed_total") == moved(page, "events_total") == {}
        assert family(page, "job_duration_seconds_count") == {}

        world.succeed(rest)
        page = await_search(daemon, identity, "failed", jobs={"succeeded": 2, "failed": 1}, **facts)
        check_page(daemon, world, identity)
        assert finished(page) == {("none", "succeeded", "blast"): 1}
        assert finished(page, "searches_finished_total") == {("batch_failed", "failed"): 1}

        daemon.restart()
        page = await_search(daemon, identity, "failed", jobs={"succeeded": 2, "failed": 1}, **facts)
        assert finished(page) == finished(page, "searches_finished_total") == {}
        assert moved(page, "searches") == {}
        assert is_part(phases, "pending running failing failed")


def test_a_daemon_that_comes_late_says_that_the_history_is_incomplete(world: World) -> None:
    """The TTL has taken a batch before anybody looked: what is shown is a lower bound, and nothing is lost."""
    identity = new_id()
    world.node()
    (early,) = world.batches(identity, (0,), ttl=1)
    (late,) = world.batches(identity, (1,), ttl=1)
    world.run(late)
    world.kubelet.succeed(world.kubelet.scheduled(early))
    world.await_gone(early)
    with world.daemon() as daemon:
        facts = {"flags": {"history_incomplete"}}
        page = await_search(daemon, identity, "running", jobs={"running": 1}, **facts)
        check_page(daemon, world, identity)
        world.finalizer(identity)
        await_search(daemon, identity, "running", jobs={"running": 1}, expected=2, **facts)
        world.kubelet.succeed(world.kubelet.scheduled(late))
        world.await_gone(late)
        page = await_search(daemon, identity, "finalizing", jobs={"succeeded": 1}, expected=2, **facts)
        assert finished(page) == {("none", "succeeded", "blast"): 1}
