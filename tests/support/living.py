"""One simulated cluster that lives, without any Azure."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.simulator.clock import SimClock
from exporter.simulator.server import Simulator
from exporter.simulator.store import Store
from exporter.simulator.world.demo import demo_world


class Living:
    """A cluster with the demo's programme, served over http. `url` and `token` open its Kubernetes API."""

    def __init__(self, *, speed: float, seed: int, scenarios: Sequence[str] | None = None) -> None:
        """`scenarios`: names of what may happen; without them, anything."""
        clock = SimClock(speed)
        self._simulator = Simulator(store=Store(clock, window=2000))
        self._world = demo_world(self._simulator.store, clock, seed, scenarios)

    @property
    def url(self) -> str:
        return self._simulator.url

    @property
    def token(self) -> str:
        return self._simulator.token

    def start(self) -> None:
        self._simulator.start()
        self._world.start()

    def stop(self) -> None:
        self._world.stop()
        self._simulator.stop()
