"""The demo: a cluster on which something is always going on and something is always wrong."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from exporter.simulator.clock import SimClock, epoch_of
from exporter.simulator.kinds import Object
from exporter.simulator.store import Store
from exporter.simulator.world import clients, fixtures
from exporter.simulator.world.agenda import Actor
from exporter.simulator.world.queueing import queueing
from exporter.simulator.world.world import World

SPEED = 20.0
MOST_AT_ONCE = 10
WARM_DB = "core_nt"

OPENING: tuple[tuple[float, str, dict[str, Any]], ...] = (
    (0, "pv_cold", {"batches": 20, "seconds": 60.0}),
    (0, "finished_litter", {"count": 200}),
    (5, "sharded_warm", {}),
    (10, "unschedulable", {}),
    (15, "completed_unverified", {}),
    (20, "vanished", {}),
    (30, "external_cancel", {}),
    (60, "batch_failure", {"seconds": 180.0}),
    (90, "image_pull_error", {}),
    (120, "legacy_client", {}),
    (150, "spot_eviction", {}),
    (240, "out_of_memory", {}),
)
"""Simulated second, scenario and options of what begins at once."""

WEIGHTS: dict[str, int] = {
    "sharded_warm": 8, "idempotency_key": 3, "big_search": 1, "pv_cold": 1, "legacy_client": 1, "prepare": 1,
    "completed_unverified": 1, "batch_failure": 2, "out_of_memory": 2, "drain": 1, "external_cancel": 2,
    "setup_failure": 1, "two_searches_one_failing": 1, "foreign_import_queries": 1, "submit_failed": 1,
    "partial_submit": 1, "vanished": 1, "unschedulable": 1, "shards_over_nodes": 1, "image_pull_error": 1,
    "merge_failure": 1, "export_failure": 1, "memory_pressure": 1, "spot_eviction": 1,
}  # fmt: skip
WRONG = (
    "batch_failure", "out_of_memory", "setup_failure", "unschedulable", "shards_over_nodes", "image_pull_error",
    "export_failure", "submit_failed", "partial_submit", "two_searches_one_failing",
)  # fmt: skip
ONE_AT_A_TIME = frozenset(
    {"pv_cold", "legacy_client", "foreign_import_queries", "big_search", "drain", "spot_eviction", "memory_pressure"}
)
OPTIONS: dict[str, dict[str, Any]] = {
    "big_search": {"count": 300},
    "pv_cold": {"batches": 20, "seconds": 60.0},
    "batch_failure": {"seconds": 180.0},
    "two_searches_one_failing": {"seconds": 180.0},
}

LITTER_LIFE = 1800.0
HUNG_LIFE = 900.0
FAILED_SETUP_LIFE = 90.0
EVENT_LIFE = 3600.0
MARKERS_KEPT = 1000


def demo_world(
    store: Store,
    clock: SimClock,
    seed: int = 0,
    scenarios: Sequence[str] | None = None,
    *,
    most: int = MOST_AT_ONCE,
) -> World:
    """A world that has its cluster and its programme, not yet started.

    `scenarios` are the names to choose from, all by default; at most `most` are live when another begins. The same seed
    gives the same programme.
    """
    world = World(store, clock, seed)
    world.build()
    for number, node in enumerate(world.nodes.names()):
        store.create("jobs", fixtures.warm_up(WARM_DB, number, node))
    world.agenda.spawn(Director(world, scenarios, most).direct())
    world.agenda.spawn(keep_house(world))
    if scenarios is None:
        world.agenda.spawn(queueing(world))
    return world


class Director:
    """Begins one scenario after another; `live` are the names of those that have not ended."""

    def __init__(self, world: World, scenarios: Sequence[str] | None, most: int) -> None:
        self._world = world
        self._most = most
        self._rng = Random(f"{world.seed}/director")  # noqa: S311 - a simulation, not a secret
        self._chosen = None if scenarios is None else set(scenarios)
        self.live: list[str] = []

    def direct(self) -> Actor:
        passed = 0.0
        for at, name, options in OPENING:
            yield at - passed
            passed = at
            if self._chosen is None or name in self._chosen:
                self._begin(name, options)
        while True:
            yield self._rng.uniform(20.0, 60.0)
            if len(self.live) < self._most and (name := self._choose()):
                self._begin(name, OPTIONS.get(name, {}))

    def _choose(self) -> str:
        busy = ONE_AT_A_TIME & set(self.live)
        names = [name for name in WEIGHTS if name not in busy and (self._chosen is None or name in self._chosen)]
        wrong = [name for name in names if name in WRONG]
        if wrong and not set(WRONG) & set(self.live):
            names = wrong
        return self._rng.choices(names, [WEIGHTS[name] for name in names])[0] if names else ""

    def _begin(self, name: str, options: dict[str, Any]) -> None:
        actor, _ = self._world.cast(name, **options)
        self._world.agenda.spawn(self._follow(name, actor))

    def _follow(self, name: str, actor: Actor) -> Actor:
        self.live.append(name)
        try:
            yield from actor
        finally:
            self.live.remove(name)


def keep_house(world: World) -> Actor:
    """The operator who clears up: Jobs without a TTL, hung finalizers, failed setups that block others, old events."""
    while True:
        yield 60.0
        for job in world.store.list("jobs", "default"):
            if is_litter(world, job) or is_hung(world, job):
                clients.delete(world, job)
        for event in world.store.list("events"):
            if older(world, event.get("lastTimestamp") or event["metadata"]["creationTimestamp"], EVENT_LIFE):
                world.store.delete("events", event["metadata"]["namespace"], event["metadata"]["name"])
        world.kubelet.prune()
        for search_id in list(world.markers)[:-MARKERS_KEPT]:
            del world.markers[search_id]


def is_litter(world: World, job: Object) -> bool:
    """Whether a finished Job that nothing else removes has been there long enough."""
    app = job["metadata"].get("labels", {}).get("app")
    if app not in ("setup", "submit", "finalizer", "blast") or not clients.ended(job):
        return False
    failed = "Failed" in clients.conditions(job)
    if (job["metadata"]["name"] == "init-pv" and not failed) or "ttlSecondsAfterFinished" in job["spec"]:
        return False
    life = FAILED_SETUP_LIFE if app == "setup" and failed else LITTER_LIFE
    return older(world, max(each["lastTransitionTime"] for each in job["status"]["conditions"]), life)


def is_hung(world: World, job: Object) -> bool:
    """Whether a finalizer waits though nothing of its search is live any more."""
    labels = job["metadata"].get("labels", {})
    if labels.get("app") != "finalizer" or clients.ended(job):
        return False
    if not older(world, job["metadata"]["creationTimestamp"], HUNG_LIFE):
        return False
    own = world.store.list("jobs", "default", f"elb-job-id={labels['elb-job-id']},app in (setup,submit,blast)")
    return all(clients.ended(each) for each in own)


def older(world: World, moment: str, seconds: float) -> bool:
    return world.clock.now() - epoch_of(moment) > world.clock.scaled(seconds)
