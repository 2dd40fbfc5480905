"""A simulated API server in which nothing moves but what a test moves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from exporter.simulator.server import Simulator


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(controllers=False, bookmark_every=0.2) as simulator:
        yield simulator
