"""A simulated API server in which nothing moves but what a test moves, and a follower that reads when it is told."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from exporter.simulator.server import Simulator
from tests.runtime.follow import Follower
from tests.support.clock import ManualClock


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(controllers=False, bookmark_every=0.2) as simulator:
        yield simulator


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(wall=time.time())


@pytest.fixture
def follower(simulator: Simulator, clock: ManualClock) -> Iterator[Follower]:
    """Nothing is read but what a test asks for; data is stale after 5 s and expires after 300."""
    follower = Follower(simulator.url, simulator.token, clock=clock)
    yield follower
    follower.stop()
