"""The world around the API: one thread on which kubelets, clients and machines act."""

from __future__ import annotations

import threading
from collections.abc import Callable

from exporter.simulator.clock import SimClock
from exporter.simulator.store import Store
from exporter.simulator.world import fixtures
from exporter.simulator.world.agenda import Agenda
from exporter.simulator.world.fixtures import BLAST_POOL, SYSTEM_POOL
from exporter.simulator.world.kubelet import Kubelet
from exporter.simulator.world.nodes import Nodes


class Stage:
    """What actors act on: a store whose controllers run elsewhere, its machines and kubelets, and the time.

    `start` and `stop` may each be called once. `power` is called with False when a scenario stops the cluster and
    with True when it starts again, on the thread of the world: it must be quick. `markers` holds what finalizers
    leave in blob storage, by search id.
    """

    def __init__(
        self, store: Store, clock: SimClock, seed: int = 0, *, power: Callable[[bool], None] = lambda _on: None
    ) -> None:
        self.store, self.clock, self.seed = store, clock, seed
        self.power = power
        self.agenda = Agenda(clock)
        self.kubelet = Kubelet(store, self.agenda, seed=seed)
        self.nodes = Nodes(store, self.kubelet)
        self.markers: dict[str, str] = {}
        self._thread = threading.Thread(target=self.agenda.run, name="world", daemon=True)

    @property
    def errors(self) -> list[BaseException]:
        """What actors raised; empty when all went as written."""
        return self.agenda.errors

    def build(self, *, nodes: int = 10, volume: bool = True) -> None:
        """Make the cluster: BLAST and system nodes, the ConfigMap of scripts, the shared volume, the OpenAPI pod."""
        self.nodes.add(BLAST_POOL, nodes)
        self.nodes.add(SYSTEM_POOL, 2)
        self.nodes.number()
        self.store.create("configmaps", fixtures.config_map("elb-scripts"))
        if volume:
            self.claim_volume(bound=True)
        self.store.create("pods", fixtures.openapi_pod())

    def claim_volume(self, *, bound: bool) -> None:
        """Make the shared volume if it is not there."""
        claim = fixtures.shared_volume()
        name = claim["metadata"]["name"]
        if self.store.find("persistentvolumeclaims", "default", name) is None:
            self.store.create("persistentvolumeclaims", claim)
        if bound:
            change = {"phase": "Bound", "capacity": {"storage": "3000Gi"}, "accessModes": ["ReadWriteMany"]}
            self.store.update("persistentvolumeclaims", "default", name, lambda obj: obj["status"].update(change))

    def start(self) -> None:
        self.agenda.spawn(self.kubelet.watch())
        self._thread.start()

    def stop(self) -> None:
        self.agenda.stop()
        self._thread.join(timeout=10.0)
