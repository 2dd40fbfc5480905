"""The embedded default: one simulated AKS in this process, with its demo programme."""

from __future__ import annotations

from collections.abc import Sequence

from exporter.simulator.clock import SimClock
from exporter.simulator.server import Simulator
from exporter.simulator.store import Store
from exporter.simulator.world.demo import SPEED, demo_world
from exporter.simulator.world.stage import World

DEFAULT_SPEED = SPEED
PATIENT = "long_search"
PATIENT_AFTER = 8.0  # simulated seconds
_WATCH_WINDOW = 2000  # events a watcher may fall behind; the demo's memory is bounded by it


class Demo:
    """A simulated cluster that lives. `url` and `token` open its Kubernetes API.

    `patient` is the id of a search that goes on for hours, so that somebody can stop it; empty without that scenario.
    """

    def __init__(self, *, speed: float, seed: int, scenarios: Sequence[str] | None = None) -> None:
        """`scenarios`: names of what may happen; without them, anything."""
        clock = SimClock(speed)
        self._simulator = Simulator(store=Store(clock, window=_WATCH_WINDOW))
        self._world: World = demo_world(self._simulator.store, clock, seed, scenarios)
        wanted = scenarios is None or PATIENT in scenarios
        self.patient = self._world.launch(PATIENT, after=PATIENT_AFTER) if wanted else ""

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
