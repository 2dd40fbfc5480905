"""Batches, setup Jobs and finalizers that fail."""

from __future__ import annotations

import pytest

from tests.lives.sight import await_finished, await_search, check_page, finished, is_part, trail
from tests.lives.world import World, new_id
from tests.support import manifests
from tests.support.daemon import family, moved

pytestmark = pytest.mark.controlplane


def test_a_batch_out_of_retries_fails_its_search_and_leaves_an_obituary(world: World) -> None:
    identity = new_id()
    node = world.node()
    with world.daemon({"rules.finalizer_alone_after": "1s"}) as daemon:
        phases = trail(daemon, identity)
        bad, good = world.batches(identity, (0, 1))
        finalizer = world.finalizer(identity)
        world.run(good, finalizer)
        world.fail_batch(bad, 2)
        facts = {"reason": "batch_failed", "expected": 2, "attempts": {"database": 2}}
        page = await_search(daemon, identity, "failing", jobs={"running": 1, "failed": 1}, **facts)
        check_page(daemon, world, identity)

        world.succeed(good)
        done = {"succeeded": 1, "failed": 1}
        await_search(daemon, identity, "failed", jobs=done, flags={"finalizer_alone"}, **facts)
        check_page(daemon, world, identity)
        page = await_finished(daemon, {("database", "failed", "blast"): 1, ("none", "succeeded", "blast"): 1})
        assert finished(page, "searches_finished_total") == {("batch_failed", "failed"): 1}
        assert moved(page, "attempts_failed_total") == {("database", "blast"): 2}
        assert family(page, "events_total", kind="Job", reason="BackoffLimitExceeded") == {(): 1}
        html = daemon.status_page()
        assert bad in html
        assert node in html
        assert is_part(phases, "pending running failing failed")


def test_a_batch_killed_for_memory_says_memory(world: World) -> None:
    identity = new_id()
    world.node()
    with world.daemon() as daemon:
        (name,) = world.batches(identity, (0,))
        world.fail_batch(name, 137, reason="OOMKilled")
        facts = {"reason": "batch_failed", "attempts": {"memory": 2}}
        page = await_search(daemon, identity, "failed", jobs={"failed": 1}, **facts)
        check_page(daemon, world, identity)
        page = await_finished(daemon, {("memory", "failed", "blast"): 1})
        assert moved(page, "attempts_failed_total") == {("memory", "blast"): 2}


def test_a_retry_that_works_is_a_failed_attempt_and_casts_doubt_on_the_marker(world: World) -> None:
    """An evicted pod makes `status.failed` 1; the second pod succeeds."""
    identity = new_id()
    world.node()
    with world.daemon() as daemon:
        (name,) = world.batches(identity, (0,))
        finalizer = world.finalizer(identity)
        world.kubelet.evict(world.run(name)[0])
        world.kubelet.wait(lambda: world.status(name).get("failed") == 1)
        facts = {"attempts": {"evicted": 1}, "expected": 1}
        await_search(daemon, identity, "running", reason="idle", jobs={"pending": 1}, **facts)

        world.kubelet.succeed(world.kubelet.scheduled(name, timeout=30))
        world.await_condition(name, "Complete")
        world.succeed(finalizer)
        page = await_search(daemon, identity, "succeeded", reason="marker_doubt", jobs={"succeeded": 1}, **facts)
        assert finished(page) == {("none", "succeeded", "blast"): 1, ("none", "succeeded", "finalizer"): 1}
        assert moved(page, "pod_disruptions_total") == {(world.pool, "TerminationByKubelet"): 1}


def test_a_failed_setup_job_fails_the_search(world: World) -> None:
    identity = new_id()
    world.node(3)
    with world.daemon() as daemon:
        phases = trail(daemon, identity)
        job = manifests.setup_job(identity, 3, namespace=world.namespace)
        job["spec"]["backoffLimit"] = 0
        (name,) = world.create(job)
        world.kubelet.fail(world.run(name)[0], {"get-blastdb": 1})
        world.await_condition(name, "Failed")
        facts = {"reason": "setup_failed", "attempts": {"download": 1}}
        await_search(daemon, identity, "failed", **facts)
        check_page(daemon, world, identity)
        page = await_finished(daemon, {("download", "failed", "setup"): 1})
        assert finished(page, "searches_finished_total") == {("setup_failed", "failed"): 1}
        assert is_part(phases, "initializing failed")


def test_a_failed_finalizer_fails_the_search_after_its_batches(world: World) -> None:
    identity = new_id()
    world.node()
    with world.daemon() as daemon:
        (name,) = world.batches(identity, (0,))
        finalizer = world.finalizer(identity)
        world.kubelet.fail(world.run(finalizer)[0], {"finalizer": 1})
        world.await_condition(finalizer, "Failed")
        facts = {"reason": "finalizer_failed", "expected": 1, "attempts": {"other": 1}}
        await_search(daemon, identity, "failing", jobs={"pending": 1}, flags={"finalizer_early"}, **facts)
        world.succeed(name)
        page = await_search(daemon, identity, "failed", jobs={"succeeded": 1}, **facts)
        assert finished(page, "searches_finished_total") == {("finalizer_failed", "failed"): 1}


def test_of_two_searches_at_once_only_the_one_that_fails_is_failed(world: World) -> None:
    """They share nodes, batch numbers and the end of their ids."""
    well = new_id()
    ill = "job-" + "f" * 24 + well[-8:]
    world.node()
    with world.daemon() as daemon:
        trails = {identity: trail(daemon, identity) for identity in (well, ill)}
        good = world.batches(well, (0, 1))
        bad = world.batches(ill, (0, 1), program="blastp", db="nr")
        world.run(*good)
        await_search(daemon, ill, "pending", jobs={"pending": 2})
        await_search(daemon, well, "running", jobs={"running": 2})
        check_page(daemon, world, well, ill)

        world.fail_batch(bad[0], 2)
        world.delete(bad[1])
        world.await_gone(bad[1])
        lost = {"failed": 1, "lost": 1}
        await_search(daemon, ill, "failed", reason="batch_failed", jobs=lost, attempts={"database": 2})
        await_search(daemon, well, "running", jobs={"running": 2})

        world.succeed(*good, world.finalizer(well))
        page = await_search(daemon, well, "succeeded", jobs={"succeeded": 2}, expected=2)
        check_page(daemon, world, well)
        assert finished(page, "searches_finished_total") == {("batch_failed", "failed"): 1, ("none", "succeeded"): 1}
        assert is_part(trails[well], "pending running succeeded")
        assert is_part(trails[ill], "pending running failing failed")
