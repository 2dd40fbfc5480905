"""A search that goes well, from its first setup Job to the TTL of its batches."""

from __future__ import annotations

import pytest

from tests.lives.sight import await_search, check_page, finished, search
from tests.lives.world import World, new_id
from tests.support.daemon import family, moved, value
from tests.support.recount import durations

pytestmark = pytest.mark.controlplane


def test_a_sharded_search_shows_every_phase_from_setup_to_success(world: World) -> None:
    """Two batches against two shards: setup, submit Job, four batch Jobs, finalizer."""
    identity = new_id()
    nodes = [world.node(ordinal) for ordinal in (0, 1)]
    with world.daemon() as daemon:
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
        page = await_search(
            daemon, identity, "running", reason="idle", jobs={"pending": 1, "succeeded": 3}, expected=4
        )
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
        print(moved(page, "searches"), finished(page), finished(page, "searches_finished_total"), nodes)
        print(family(page, "search_info"), durations(world.api, world.namespace))
        print({k: v for k, v in page.items() if "duration" in k[0] and v and "exporter" not in k[0]})
        raise AssertionError
