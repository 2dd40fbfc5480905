"""How a cluster stops, starts and goes away: the order in which ARM and the Kubernetes API say so, which misleads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from exporter.simulator.arm.model import Estate, ManagedCluster
from exporter.simulator.clock import SimClock

Reach = Callable[[ManagedCluster, bool], None]


@dataclass(slots=True, kw_only=True)
class Moves:
    """Steps that are due at a time. `settle` takes those whose time has come; `reach` opens and closes an API.

    Times are in simulated seconds: the clock's speed shortens them.
    """

    estate: Estate
    clock: SimClock
    reach: Reach = lambda _cluster, _open: None
    _due: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def stop(self, cluster: ManagedCluster) -> None:
        """The API goes first, ARM says Stopping only then, and Stopped (with Succeeded) at the end."""
        self._after(0, lambda: self.reach(cluster, False))
        self._after(15, lambda: _set(cluster, provisioning="Stopping"))
        self._after(120, lambda: _set(cluster, provisioning="Succeeded", power="Stopped"))

    def start(self, cluster: ManagedCluster) -> None:
        """ARM says Running at once, with provisioning Starting; the API answers long after that."""
        self._after(0, lambda: _set(cluster, provisioning="Starting", power="Running"))
        self._after(90, lambda: self.reach(cluster, True))
        self._after(150, lambda: _set(cluster, provisioning="Succeeded"))

    def delete(self, cluster: ManagedCluster) -> None:
        """Deleting first, with the power state as it was; then the API goes; then ARM knows nothing of it."""
        self._after(0, lambda: _set(cluster, provisioning="Deleting"))
        self._after(30, lambda: self.reach(cluster, False))
        self._after(180, lambda: self._forget(cluster))

    def settle(self) -> None:
        """Take every step that is due, oldest first."""
        now = self.clock.now()
        with self._lock:
            due = sorted((at for at in self._due if at[0] <= now), key=lambda step: step[0])
            self._due = [step for step in self._due if step[0] > now]
        for _at, act in due:
            act()

    def _after(self, seconds: float, act: Callable[[], None]) -> None:
        with self._lock:
            self._due.append((self.clock.now() + self.clock.scaled(seconds), act))

    def _forget(self, cluster: ManagedCluster) -> None:
        self.estate.clusters.pop(cluster.id.lower(), None)
        self.estate.metrics.pop(cluster.id.lower(), None)


def _set(cluster: ManagedCluster, *, provisioning: str, power: str = "") -> None:
    cluster.provisioning = provisioning
    cluster.power = power or cluster.power
    for pool in cluster.pools:
        pool.provisioning = provisioning
        pool.power = cluster.power
