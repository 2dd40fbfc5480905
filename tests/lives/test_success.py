"""A search that goes well, from its first setup Job to the TTL of its batches."""

from __future__ import annotations

import pytest

from exporter.simulator.world.search import CLIENT_VERSION
from tests.lives.sight import await_search, check_page, finished, is_part, search, trail
from tests.lives.world import World, new_id
from tests.support.daemon import Page, moved, value
from tests.support.recount import durations

pytestmark = pytest.mark.controlplane


def test_a_sharded_search_shows_every_phase_from_setup_to_success(world: World) -> None:
    """Two batches against two shards: setup, submit Job, four batch Jobs, finalizer."""
    identity = new_id()
    for ordinal in (0, 1):
        world.node(ordinal)
    with world.daemon() as daemon:
        phases = trail(daemon, identity)
        assert search(daemon.page(), identity) == {}

        setups = [world.setup(identity, ordinal, mode="sharded") for ordinal in (0, 1)]
        world.run(*setups)
        await_search(daemon, identity, "initializing")
        page = check_page(daemon, world, identity)
        assert moved(page, "searches") == {(world.namespace, "initializing"): 1}

        submit = world.submit(identity)
        world.succeed(*setups)
        await_search(daemon, identity, "submitting", reason="submit_active")
        world.run(submit)
        check_page(daemon, world, identity)

        batches = [name for shard in (0, 1) for name in world.batches(identity, (0, 1), shard=shard, ttl=None)]
        pods = [world.kubelet.scheduled(name) for name in batches]
        await_search(daemon, identity, "pending", jobs={"pending": 4})
        page = check_page(daemon, world, identity)
        assert value(page, "pool_cpu_requested_cores", pool=world.pool) == 20

        finalizer = world.finalizer(identity, partitions=2)
        await_search(daemon, identity, "pending", jobs={"pending": 4})
        world.succeed(submit)
        await_search(daemon, identity, "pending", jobs={"pending": 4}, expected=4)

        world.run(*batches[:3], finalizer)
        await_search(daemon, identity, "running", jobs={"pending": 1, "running": 3}, expected=4)
        check_page(daemon, world, identity)

        world.kubelet.finish(pods[0], "blast", 0)
        world.kubelet.wait(lambda: world.status(batches[0]).get("ready") == 0)
        await_search(daemon, identity, "running", jobs={"pending": 1, "running": 3}, expected=4)
        check_page(daemon, world, identity)

        world.succeed(*batches[:3])
        page = await_search(daemon, identity, "running", reason="idle", jobs={"pending": 1, "succeeded": 3}, expected=4)
        assert finished(page) == {
            ("none", "succeeded", "setup"): 2,
            ("none", "succeeded", "submit"): 1,
            ("none", "succeeded", "blast"): 3,
        }

        world.run(batches[3])
        world.succeed(batches[3])
        await_search(daemon, identity, "finalizing", jobs={"succeeded": 4}, expected=4)
        page = check_page(daemon, world, identity)
        assert moved(page, "searches") == {(world.namespace, "finalizing"): 1}

        world.succeed(finalizer)
        await_search(daemon, identity, "succeeded", jobs={"succeeded": 4}, expected=4)
        page = check_page(daemon, world, identity)
        assert moved(page, "searches") == {}
        assert finished(page) == {
            ("none", "succeeded", "setup"): 2,
            ("none", "succeeded", "submit"): 1,
            ("none", "succeeded", "blast"): 4,
            ("none", "succeeded", "finalizer"): 1,
        }
        assert finished(page, "searches_finished_total") == {("none", "succeeded"): 1}
        check_facts(page, world, identity)
        daemon.wait(lambda page: value(page, "jobs_stored", namespace=world.namespace) == 8)
        assert is_part(phases, "initializing submitting pending running finalizing succeeded")


def check_facts(page: Page, world: World, identity: str) -> None:
    """The info labels and the histograms of a search that has ended well."""
    (facts,) = (dict(labels) for name, labels in page if name == "elasticblast_search_info")
    assert facts == {
        "namespace": world.namespace,
        "elb_job_id": identity,
        "program": "blastn",
        "db": "core_nt",
        "mode": "sharded",
        "shards": "2",
        "evidence": "label",
        "client_version": CLIENT_VERSION,
    }
    took = durations(world.api, world.namespace)
    assert value(page, "job_duration_seconds_count", program="blastn", db="core_nt") == len(took) == 4
    assert value(page, "job_duration_seconds_sum", program="blastn", db="core_nt") == sum(took)
    assert value(page, "job_queue_duration_seconds_count") == 4
    key = {"namespace": world.namespace, "elb_job_id": identity}
    ended, began = (value(page, f"search_{moment}_timestamp_seconds", **key) for moment in ("phase_start", "created"))
    assert ended is not None
    assert began is not None
    assert value(page, "search_duration_seconds_sum", program="blastn") == ended - began > 0
    assert moved(page, "search_duration_seconds_count") == {("blastn",): 1}


def test_tallies_stay_when_the_ttl_takes_finished_jobs(world: World) -> None:
    identity = new_id()
    world.node()
    with world.daemon() as daemon:
        phases = trail(daemon, identity)
        short = world.batches(identity, (0, 1), ttl=2)
        (last,) = world.batches(identity, (2,))
        finalizer = world.finalizer(identity)
        world.run(last, finalizer, *short)
        for name in short:
            world.kubelet.succeed(world.kubelet.pods_of(name)[0])
        world.await_gone(*short)
        page = await_search(daemon, identity, "running", jobs={"running": 1, "succeeded": 2}, expected=3)
        assert finished(page) == {("none", "succeeded", "blast"): 2}
        check_page(daemon, world)

        world.succeed(last, finalizer)
        page = await_search(daemon, identity, "succeeded", jobs={"succeeded": 3}, expected=3)
        world.delete(last, finalizer)
        world.await_gone(last, finalizer)
        page = check_page(daemon, world)
        assert search(page, identity)["jobs"] == {"succeeded": 3}
        assert finished(page) == {("none", "succeeded", "blast"): 3, ("none", "succeeded", "finalizer"): 1}
        assert value(page, "job_duration_seconds_count", program="blastn", db="core_nt") == 3
        assert is_part(phases, "pending running finalizing succeeded")


def test_a_search_without_a_finalizer_succeeds_after_its_grace(world: World) -> None:
    identity = new_id()
    world.node()
    with world.daemon({"rules.no_finalizer_grace": "4s"}) as daemon:
        world.succeed(*world.batches(identity, (0,)))
        await_search(daemon, identity, "finalizing", reason="no_finalizer", jobs={"succeeded": 1})
        page = await_search(daemon, identity, "succeeded", reason="no_finalizer", jobs={"succeeded": 1})
        assert finished(page, "searches_finished_total") == {("no_finalizer", "succeeded"): 1}
