"""What scenarios are made of: how they are declared, the scripts they write, what they wait for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from exporter.simulator.errors import ApiError
from exporter.simulator.kinds import Object
from exporter.simulator.world import clients
from exporter.simulator.world.agenda import Actor, until
from exporter.simulator.world.script import Exit, batch_script, setup_script
from exporter.simulator.world.search import Search
from exporter.simulator.world.stage import Stage

HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """`play(world, search_id, rng, **options)`; `identify` makes the id of its n-th launch where it is not random."""

    name: str
    play: Callable[..., Actor]
    letter: str = ""
    identify: Callable[[int], str] | None = None


def write_setup(world: Stage, search: Search, seconds: float) -> None:
    for ordinal in search.ordinals:
        world.kubelet.write(search.init_name(ordinal), setup_script(seconds))


def write_batches(world: Stage, search: Search, seconds: float, *ends: Exit) -> None:
    script = batch_script(seconds, *ends)
    for name in search.batch_names:
        world.kubelet.write(name, script)


def batches_over(world: Stage, search: Search, within: float = 3 * HOUR) -> Actor:
    """Wait until no batch Job is live."""

    def over() -> bool:
        jobs = (world.store.find("jobs", search.namespace, name) for name in search.batch_names)
        return all(job is None or clients.ended(job) for job in jobs)

    yield 5.0
    yield from until(over, every=10.0, within=within)


def finalizer_over(world: Stage, search: Search, within: float = 3 * HOUR) -> Actor:
    """Wait until the finalizer has ended or is gone."""

    def over() -> bool:
        job = world.store.find("jobs", search.namespace, search.finalizer_name)
        return job is None or clients.ended(job)

    yield 5.0
    yield from until(over, every=10.0, within=within)


def busy_nodes(world: Stage, search: Search) -> list[str]:
    """The nodes that run a batch pod of the search."""
    pods = world.store.list("pods", search.namespace, f"app=blast,{search.selector}", "status.phase=Running")
    return sorted({str(pod["spec"]["nodeName"]) for pod in pods})


def bury(world: Stage, manifest: Object) -> None:
    """Create a Job that has already completed: suspended, so that it never gets a pod, and then closed."""
    made = world.store.create("jobs", {**manifest, "spec": {**manifest["spec"], "suspend": True}})
    now = world.clock.stamp()
    done = {"status": "True", "reason": "CompletionsReached", "lastProbeTime": now, "lastTransitionTime": now}
    status = {
        "startTime": now, "completionTime": now, "succeeded": 1, "ready": 0, "terminating": 0,
        "uncountedTerminatedPods": {}, "conditions": [{"type": t, **done} for t in ("SuccessCriteriaMet", "Complete")],
    }  # fmt: skip

    def close(obj: Object) -> None:
        obj["status"] = status
        obj["spec"]["suspend"] = False

    try:
        world.store.update("jobs", made["metadata"]["namespace"], made["metadata"]["name"], close)
    except ApiError as error:
        if error.status != 404:
            raise
