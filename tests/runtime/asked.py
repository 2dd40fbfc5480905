"""What a simulated API server was asked for, and its watches brought to an end."""

from __future__ import annotations

import time

from exporter.simulator.api import Seen
from exporter.simulator.server import Simulator
from tests.support.waiting import wait_for

CLAIMS = "persistentvolumeclaims"


def requests_for(simulator: Simulator, resource: str = "jobs") -> list[Seen]:
    return [seen for seen in simulator.api.seen if seen.path.endswith(f"/{resource}")]


def watches(simulator: Simulator, resource: str = "jobs") -> list[Seen]:
    return [seen for seen in requests_for(simulator, resource) if "watch" in seen.query]


def lists(simulator: Simulator, resource: str = CLAIMS) -> list[Seen]:
    return [seen for seen in requests_for(simulator, resource) if "watch" not in seen.query]


def watching(simulator: Simulator, resource: str = "jobs", *, more_than: int = 0) -> None:
    wait_for(lambda: len(watches(simulator, resource)) > more_than, 5.0, f"a watch of {resource}")


def end_watches(simulator: Simulator) -> None:
    """Every watch open now ends as by the server's timeout; the next one may stay."""
    simulator.api.closing = True
    simulator.store.touch()
    time.sleep(0.05)
    simulator.api.closing = False
