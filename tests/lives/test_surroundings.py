"""What is around a search: nodes, claims, events, and pods that cannot run."""

from __future__ import annotations

import pytest

from tests.lives.sight import await_search, check_page, finished
from tests.lives.world import World, new_id
from tests.support import manifests
from tests.support.daemon import family, moved, value
from tests.support.kubeapi import expect

pytestmark = pytest.mark.controlplane


def test_nodes_are_ready_cordoned_not_ready_and_removed(world: World) -> None:
    one, two, three = (world.node(ordinal) for ordinal in range(3))
    with world.daemon() as daemon:
        page = check_page(daemon, world)
        assert moved(page, "pool_nodes") == {(world.pool, "ready"): 3}
        assert value(page, "pool_cpu_allocatable_cores", pool=world.pool) == 96

        expect(world.api.patch(f"/api/v1/nodes/{one}", {"spec": {"unschedulable": True}}))
        conditions = [
            {"type": "Ready", "status": "False", "reason": "KubeletNotReady"},
            {"type": "MemoryPressure", "status": "True"},
        ]
        expect(world.api.patch(f"/api/v1/nodes/{two}/status", {"status": {"conditions": conditions}}))
        page = check_page(daemon, world)
        assert moved(page, "pool_nodes") == {
            (world.pool, "ready"): 1,
            (world.pool, "cordoned"): 1,
            (world.pool, "not_ready"): 1,
        }
        assert moved(page, "pool_nodes_pressure") == {("memory", world.pool): 1}
        assert value(page, "pool_cpu_allocatable_cores", pool=world.pool) == 32
        assert value(page, "pool_memory_allocatable_bytes", pool=world.pool) == 128 * 1024**3

        world.kubelet.remove_node(three)
        daemon.wait(lambda page: value(page, "nodes_removed_total", pool=world.pool) == 1)
        page = check_page(daemon, world)
        assert value(page, "pool_cpu_allocatable_cores", pool=world.pool) == 0


def test_a_busy_node_is_charged_to_its_search(world: World) -> None:
    """Node time rises while a batch runs, and is the search's own."""
    identity = new_id()
    world.node()
    with world.daemon() as daemon:
        (name,) = world.batches(identity, (0,))
        world.run(name)
        key = {"namespace": world.namespace, "elb_job_id": identity, "pool": world.pool}
        page = daemon.wait(lambda page: (value(page, "search_node_seconds_total", **key) or 0) > 1)
        charged = value(page, "search_node_seconds_total", **key)
        assert charged == pytest.approx(value(page, "node_seconds_total", pool=world.pool, use="busy"), abs=0.3)
        world.succeed(name)
        await_search(daemon, identity, "finalizing", reason="no_finalizer", jobs={"succeeded": 1})
        idle = value(daemon.page(), "node_seconds_total", pool=world.pool, use="idle") or 0
        page = daemon.wait(
            lambda page: (value(page, "node_seconds_total", pool=world.pool, use="idle") or 0) > idle + 1
        )
        assert charged <= (value(page, "search_node_seconds_total", **key) or 0) < charged + 3


def test_the_scheduler_says_why_a_pod_cannot_be_placed(world: World) -> None:
    """Too little processor, no node with the ordinal, and a taint: each search with its own cause."""
    world.node(0, cpu="2")
    tainted = f"{world.pool}-tainted"
    taint = {"key": "maintenance", "value": "yes", "effect": "NoSchedule"}
    world.kubelet.add_node(tainted, world.pool, labels={"ordinal": "7"}, taints=[taint])
    full, nowhere, held = new_id(), new_id(), new_id()
    with world.daemon() as daemon:
        world.batches(full, (0,))
        world.batches(nowhere, (0,), shard=5)
        world.batches(held, (0,), shard=7)
        facts = {"reason": "unschedulable", "jobs": {"pending": 1}}
        await_search(daemon, full, "pending", blocked={"cpu": 1}, **facts)
        await_search(daemon, nowhere, "pending", blocked={"affinity": 1}, flags={"shard_without_node"}, **facts)
        page = await_search(daemon, held, "pending", blocked={"affinity": 1}, flags={"shard_without_node"}, **facts)
        assert moved(page, "pods_blocked") == {
            (world.namespace, "cpu", "blast"): 1,
            (world.namespace, "affinity", "blast"): 2,
        }
        daemon.wait(lambda page: (value(page, "events_total", kind="Pod", reason="FailedScheduling") or 0) >= 3)
        check_page(daemon, world, full, nowhere, held)

        world.node(1)
        await_search(daemon, full, "pending", jobs={"pending": 1})


def test_containers_that_cannot_start_block_their_pod(world: World) -> None:
    identity = new_id()
    world.node()
    with world.daemon() as daemon:
        names = world.batches(identity, range(3))
        pods = [world.kubelet.scheduled(name) for name in names]
        world.kubelet.waiting(pods[0], "blast", "ImagePullBackOff")
        world.kubelet.waiting(pods[1], "blast", "CreateContainerConfigError")
        world.kubelet.waiting(pods[2], "import-query-batches", "CrashLoopBackOff")
        blocked = {"image": 1, "config": 1, "crash_loop": 1}
        page = await_search(daemon, identity, "pending", jobs={"pending": 3}, blocked=blocked)
        assert {key[1:]: n for key, n in moved(page, "pods_blocked").items()} == {
            (reason, "blast"): n for reason, n in blocked.items()
        }
        check_page(daemon, world, identity)
        world.run(*names)
        await_search(daemon, identity, "running", jobs={"running": 3})


def test_claims_show_the_phase_they_are_in(world: World) -> None:
    volume, claim = manifests.database_volume(world.namespace)
    with world.daemon() as daemon:
        expect(world.api.post(world.path("persistentvolumeclaims"), claim))
        page = check_page(daemon, world)
        assert moved(page, "persistentvolumeclaim_phase") == {(world.namespace, manifests.CLAIM, "Pending"): 1}
        path = world.path("persistentvolumeclaims", manifests.CLAIM)
        expect(world.api.patch(f"{path}/status", {"status": {"phase": "Bound"}}))
        daemon.wait(
            lambda page: (world.namespace, manifests.CLAIM, "Bound") in moved(page, "persistentvolumeclaim_phase")
        )
        check_page(daemon, world)
        expect(world.api.patch(path, {"metadata": {"finalizers": None}}))
        expect(world.api.delete(path))
        page = daemon.wait(lambda page: not family(page, "persistentvolumeclaim_phase"))
        check_page(daemon, world)
    assert volume["metadata"]["name"].endswith(world.namespace)


def test_warning_events_are_counted_by_what_they_say_and_how_often(world: World) -> None:
    event = {
        "metadata": {"name": "one", "namespace": world.namespace},
        "type": "Warning",
        "reason": "FailedMount",
        "count": 2,
        "involvedObject": {"kind": "Pod", "name": "some-pod", "namespace": world.namespace},
    }
    old = event | {"metadata": {"name": "old", "namespace": world.namespace}}
    expect(world.api.post(world.path("events"), old))
    with world.daemon() as daemon:
        assert moved(daemon.page(), "events_total") == {}
        expect(world.api.post(world.path("events"), event))
        expect(world.api.post(world.path("events"), event | {"metadata": {"name": "fine"}, "type": "Normal"}))
        odd = {"metadata": {"name": "odd"}, "reason": "NeverHeardOf", "count": 1}
        expect(world.api.post(world.path("events"), event | odd))
        daemon.wait(lambda page: moved(page, "events_total") == {("Pod", "FailedMount"): 2, ("Pod", "other"): 1})
        expect(world.api.patch(world.path("events", "one"), {"count": 5}))
        expect(world.api.patch(world.path("events", "old"), {"count": 3}))
        daemon.wait(lambda page: moved(page, "events_total") == {("Pod", "FailedMount"): 6, ("Pod", "other"): 1})
        expect(world.api.delete(world.path("events", "one")))
        assert finished(daemon.page()) == {}
