"""Work that is queued by Kueue and done by the MPI operator, beside the searches."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from exporter.simulator import custom
from exporter.simulator.kinds import Kind, Object
from exporter.simulator.world.agenda import Actor
from exporter.simulator.world.stage import Stage

NAMESPACE = "default"
_QUEUE = "blast"
_FLAVOR, _CORES = "spot", 16
_SPEC = {
    "resourceGroups": [
        {"flavors": [{"name": _FLAVOR, "resources": [{"name": "cpu", "nominalQuota": str(4 * _CORES)}]}]}
    ]
}
_KEPT = 900.0
_ENDS = ("Succeeded", "Failed")
_LIKELY = (8, 1)


def queueing(world: Stage) -> Actor:
    """Install both, then queue a piece of work every few minutes, for ever."""
    custom.serve(world.store)
    rng = Random(f"{world.seed}/queueing")  # noqa: S311 - a simulation, not a secret
    for kind, spec in ((custom.CLUSTER_QUEUES, _SPEC), (custom.LOCAL_QUEUES, {})):
        make(world, kind, _QUEUE, spec)
        tell(world, kind, _QUEUE, Active=("True", "Ready"))
    number = 0
    while True:
        number += 1
        world.agenda.spawn(piece(world, f"train-{number}", rng))
        count(world)
        yield rng.uniform(90.0, 240.0)


def piece(world: Stage, name: str, rng: Random) -> Actor:
    """One MPIJob that waits for its quota, runs, ends and is cleared away."""
    make(world, custom.MPIJOBS, name, {"slotsPerWorker": 1, "runPolicy": {"suspend": True}})
    make(world, custom.WORKLOADS, name, {"queueName": _QUEUE, "active": True})
    tell(world, custom.MPIJOBS, name, Created=("True", "MPIJobCreated"), Suspended=("True", "MPIJobSuspended"))
    tell(world, custom.WORKLOADS, name, QuotaReserved=("False", "Pending"))
    yield rng.uniform(20.0, 120.0)
    tell(world, custom.WORKLOADS, name, QuotaReserved=("True", "QuotaReserved"), Admitted=("True", "Admitted"))
    tell(world, custom.MPIJOBS, name, Suspended=("False", "MPIJobResumed"))
    yield 15.0
    replicas = {"Launcher": {"active": 1}, "Worker": {"active": 4}}
    tell(world, custom.MPIJOBS, name, {"replicaStatuses": replicas}, Running=("True", "MPIJobRunning"))
    tell(world, custom.WORKLOADS, name, PodsReady=("True", "PodsReady"))
    count(world)
    yield rng.uniform(120.0, 600.0)
    end = rng.choices(_ENDS, _LIKELY)[0]
    ended: dict[str, Any] = {"replicaStatuses": {"Launcher": {end.lower(): 1}, "Worker": {}}}
    ends = {"Running": ("False", f"MPIJob{end}"), end: ("True", f"MPIJob{end}")}
    tell(world, custom.MPIJOBS, name, ended, **ends)
    tell(world, custom.WORKLOADS, name, Finished=("True", end))
    count(world)
    yield _KEPT
    for kind in (custom.MPIJOBS, custom.WORKLOADS):
        world.store.delete(kind.qualified, NAMESPACE, name)


def make(world: Stage, kind: Kind, name: str, spec: Mapping[str, Any]) -> None:
    metadata = {"name": name, **({"namespace": NAMESPACE} if kind.namespaced else {})}
    world.store.create(kind.qualified, {"metadata": metadata, "spec": dict(spec)})


def tell(
    world: Stage, kind: Kind, name: str, status: Mapping[str, Any] | None = None, **conditions: tuple[str, str]
) -> None:
    """Write into the status of an object, as its controller does."""
    stamp = world.clock.stamp()
    news = [
        {"type": condition, "status": value, "reason": reason, "lastTransitionTime": stamp}
        for condition, (value, reason) in conditions.items()
    ]

    def change(obj: Object) -> None:
        old = obj.get("status") or {}
        kept = [one for one in old.get("conditions", ()) if one["type"] not in conditions]
        obj["status"] = {**old, **(status or {}), "conditions": [*kept, *news]}

    world.store.update(kind.qualified, NAMESPACE if kind.namespaced else None, name, change)


def count(world: Stage) -> None:
    """Write how many pieces wait and run into both queues."""
    told = [_told(workload) for workload in world.store.list(custom.WORKLOADS.qualified)]
    live = [one for one in told if one.get("Finished") != "True"]
    admitted = sum(one.get("Admitted") == "True" for one in live)
    counts = {
        "pendingWorkloads": len(live) - admitted,
        "reservingWorkloads": admitted,
        "admittedWorkloads": admitted,
    }
    used = [{"name": _FLAVOR, "resources": [{"name": "cpu", "total": str(_CORES * admitted)}]}]
    tell(world, custom.CLUSTER_QUEUES, _QUEUE, {**counts, "flavorsUsage": used})
    tell(world, custom.LOCAL_QUEUES, _QUEUE, counts)


def _told(obj: Object) -> dict[str, str]:
    return {one["type"]: one["status"] for one in (obj.get("status") or {}).get("conditions", ())}
