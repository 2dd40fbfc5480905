"""A bench per test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.simulator.server import Simulator
from exporter.simulator.world import World
from tests.process.bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A simulated cluster with nodes, on which nothing moves but what the test moves."""
    with Simulator(bookmark_every=1.0) as simulator:
        world = World(simulator.store, simulator.store.clock)
        world.build(nodes=2)
        bench = Bench(simulator, world, tmp_path)
        yield bench
        bench.close()
