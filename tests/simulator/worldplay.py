"""Plays one scenario on a real store with the real controllers and tells what became of its Jobs."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from exporter.simulator.clock import SimClock
from exporter.simulator.controllers import Controllers
from exporter.simulator.kinds import Object
from exporter.simulator.store import Store
from exporter.simulator.world import World
from exporter.simulator.world.clients import conditions

PATIENCE = 20.0


@contextmanager
def playing(*, speed: float = 500.0, nodes: int = 10, volume: bool = True, seed: int = 1) -> Iterator[World]:
    """A running world on its cluster; at the end no actor may have raised."""
    clock = SimClock(speed)
    store = Store(clock)
    controllers, world = Controllers(store), World(store, clock, seed)
    world.build(nodes=nodes, volume=volume)
    controllers.start()
    world.start()
    try:
        yield world
    finally:
        world.stop()
        controllers.stop()
    assert world.errors == []


def wait_for(done: Callable[[], Any], what: str) -> Any:
    """The first true value of `done`; AssertionError if none comes."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if value := done():
            return value
        time.sleep(0.005)
    raise AssertionError(f"waited in vain for {what}")


def jobs(world: World, search_id: str, app: str) -> list[Object]:
    return world.store.list("jobs", "default", f"app={app},elb-job-id={search_id}")


def state(job: Object) -> str:
    held = conditions(job)
    return "failed" if "Failed" in held else "complete" if "Complete" in held else "live"


def states(world: World, search_id: str, app: str) -> dict[str, int]:
    """How many Jobs of a role are complete, failed or live."""
    return dict(Counter(state(job) for job in jobs(world, search_id, app)))


def wait_states(world: World, search_id: str, **expected: dict[str, int]) -> None:
    """Wait until every named role has exactly these states."""

    def found() -> dict[str, dict[str, int]]:
        return {app: states(world, search_id, app) for app in expected}

    try:
        wait_for(lambda: found() == expected, "states")
    except AssertionError:
        raise AssertionError(f"expected {expected}, found {found()}") from None


def pods(world: World, job_name: str) -> list[Object]:
    return world.store.list("pods", "default", f"batch.kubernetes.io/job-name={job_name}")


def exit_codes(pod: Object) -> dict[str, int]:
    """Exit codes by container, of the present or the previous run."""
    found = {}
    for status in pod["status"].get("containerStatuses", ()):
        end = status["state"].get("terminated") or status["lastState"].get("terminated")
        if end:
            found[status["name"]] = end["exitCode"]
    return found


def seen(world: World, resource: str, matches: Callable[[Object], bool]) -> bool:
    """Whether any version of any object of the resource, gone ones included, matched."""
    return any(matches(change.entry.obj) for change in world.store.changes(resource, FIRST))


FIRST = Store().rv
