"""The demo mix."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from exporter.simulator.clock import SimClock
from exporter.simulator.controllers import Controllers
from exporter.simulator.kinds import Object
from exporter.simulator.store import Store
from exporter.simulator.world import World
from exporter.simulator.world.clients import conditions
from exporter.simulator.world.demo import SPEED, demo_world
from tests.simulator.worldplay import state, wait_for

FAST = 150.0


@contextmanager
def demo(scenarios: tuple[str, ...] | None = None, *, speed: float = FAST) -> Iterator[World]:
    clock = SimClock(speed)
    store = Store(clock, window=50_000)
    controllers, world = Controllers(store), demo_world(store, clock, 3, scenarios)
    controllers.start()
    world.start()
    try:
        yield world
    finally:
        world.stop()
        controllers.stop()
    assert world.errors == []


def test_what_a_minute_of_the_demo_shows() -> None:
    """One minute at the default speed has the objects behind every phase, and nearly always something wrong."""
    calm: list[bool] = []
    with demo() as world:
        end = time.monotonic() + 60.0 * SPEED / FAST
        time.sleep(0.2)
        while time.monotonic() < end:
            calm.append(not trouble(world))
            time.sleep(0.05)
        history = [(change.type, change.entry.obj) for change in world.store.changes("jobs", 1002)]
    roles: dict[str, set[str]] = defaultdict(set)
    for change, job in history:
        held = "deleted " if change == "DELETED" else "leaving " if "deletionTimestamp" in job["metadata"] else ""
        roles[job["metadata"]["labels"]["app"]].add(held + state(job))
    assert {"live", "complete"} <= roles["setup"]
    assert {"live", "complete", "deleted live"} <= roles["submit"]
    assert {"live", "complete", "failed", "leaving live", "deleted live"} <= roles["blast"]
    assert {"live", "complete", "deleted live"} <= roles["finalizer"]
    assert {"live", "complete"} <= roles["elb-db-warmup"]
    assert ends_without_batches(history)
    assert sum(calm) <= max(2, len(calm) / 20)


def trouble(world: World) -> bool:
    """Whether a Job of a search has failed, or a pod cannot be placed or started."""
    jobs = world.store.list("jobs", "default", "app in (setup,submit,blast,finalizer)")
    return any("Failed" in conditions(job) for job in jobs) or any(map(blocked, world.store.list("pods")))


def blocked(pod: Object) -> bool:
    text = str(pod["status"])
    return "Unschedulable" in text or "ImagePullBackOff" in text


def ends_without_batches(history: list[tuple[str, Object]]) -> bool:
    """Whether the finalizer of some search completed though it never had a batch."""
    ids = defaultdict(set)
    for _, job in history:
        labels = job["metadata"]["labels"]
        ids[labels["app"]].add((labels.get("elb-job-id"), state(job)))
    batches = {search for search, _ in ids["blast"]}
    return any(search not in batches and how == "complete" for search, how in ids["finalizer"])


def test_a_chosen_programme_plays_nothing_else() -> None:
    with demo(("completed_unverified",), speed=500.0) as world:
        wait_for(lambda: len(world.store.list("jobs", "default", "app=finalizer")) >= 3, "three searches")
        apps = {job["metadata"]["labels"]["app"] for job in world.store.list("jobs")}
        assert apps == {"finalizer", "elb-db-warmup"}


def test_finished_jobs_without_a_ttl_are_cleared_away() -> None:
    """The litter of the opening lives thirty simulated minutes."""
    with demo(("finished_litter",), speed=500.0) as world:
        wait_for(lambda: len(world.store.list("jobs", "default", "app=blast")) == 180, "the litter")
        wait_for(lambda: not world.store.list("jobs", "default", "app in (blast,finalizer)"), "its removal")
        assert len(world.store.list("jobs", "default", "app=elb-db-warmup")) == 10
