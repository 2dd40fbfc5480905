"""Three simulated clusters in one simulated Azure: one busy, one asleep that starts after a while, one that goes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from exporter.simulator.access import Access, User
from exporter.simulator.arm.entra import KUBERNETES, Token
from exporter.simulator.arm.model import CLUSTERS, ManagedCluster, Metric, Pool, Resource, Series, Usage
from exporter.simulator.arm.server import CLIENT, TENANT, ArmSimulator
from exporter.simulator.clock import SimClock
from exporter.simulator.server import Simulator
from exporter.simulator.store import Store
from exporter.simulator.world.demo import MOST_AT_ONCE, demo_world
from exporter.simulator.world.fixtures import BLAST_POOL, SYSTEM_POOL
from exporter.simulator.world.world import World

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/searches/providers"
MARK = {"project": "elastic-blast"}
BUSY, ASLEEP, LEAVING = "busy", "asleep", "leaving"
_WAKES, _LEAVES = 400.0, 600.0  # simulated seconds
_REGION = "westeurope"
_GIB = 1024.0**3
PATIENT = "long_search"
_PATIENT_AFTER = 8.0  # simulated seconds
_CALM, _FEW = ("sharded_warm", "idempotency_key", "batch_failure"), 2


class Api:
    """The Kubernetes API of one cluster: it can go and come back at the same address, with what was in it."""

    def __init__(self, clock: SimClock, tls: tuple[Path, Path]) -> None:
        self.store = Store(clock, window=2000)
        self.access = Access()
        self._tls = tls
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self.url = f"https://127.0.0.1:{self._port}"
        self._server: Simulator | None = None

    def open(self) -> None:
        """Serve, unless it does."""
        if self._server is None:
            self._server = Simulator(store=self.store, port=self._port, tls=self._tls, access=self.access)
            self._server.start()

    def close(self) -> None:
        """Refuse every connection."""
        server, self._server = self._server, None
        if server is not None:
            server.stop(abruptly=True)


class Fleet:
    """All of it. `azure` has what a client must know to come in: url, ca_file, token_file; `client`, `tenant`.

    `patient` is the id of a search of the busy cluster that goes on for hours, so that somebody can stop it; empty
    without that scenario.
    """

    client, tenant = CLIENT, TENANT

    def __init__(self, *, speed: float, seed: int, scenarios: Sequence[str] | None = None) -> None:
        """`scenarios`: names of what may happen in any cluster; without them, anything in the busy one and little in
        the others."""
        self._clock = SimClock(speed)
        self.azure = ArmSimulator(clock=self._clock)
        self._apis = {name: Api(self._clock, self.azure.authority.pair) for name in (BUSY, ASLEEP, LEAVING)}
        self._worlds = {name: self._world(name, seed + number, scenarios) for number, name in enumerate(self._apis)}
        wanted = scenarios is None or PATIENT in scenarios
        self.patient = self._worlds[BUSY].launch(PATIENT, after=_PATIENT_AFTER) if wanted else ""
        self._clusters = {name: self._cluster(name) for name in self._apis}
        self._lying = _beside()
        self._timers: list[threading.Timer] = []
        self._playing: set[str] = set()

    def start(self) -> None:
        self.azure.estate.add(*self._clusters.values(), *self._lying)
        self.azure.estate.usages[SUBSCRIPTION, _REGION] = [
            Usage(name="standardESv5Family", used=496, limit=512, text="Standard ESv5 Family vCPUs"),
            Usage(name="cores", used=540, limit=1000, text="Total Regional vCPUs"),
        ]
        self._measure()
        self.azure.entra.on_issue = self._known
        self.azure.moves.reach = self._reach
        self.azure.start()
        for name in (BUSY, LEAVING):
            self._reach(self._clusters[name], True)
        self._after(_WAKES, lambda: self.azure.moves.start(self._clusters[ASLEEP]))
        self._after(_LEAVES, lambda: self.azure.moves.delete(self._clusters[LEAVING]))

    def stop(self) -> None:
        """End everything, and remove the keys."""
        for timer in self._timers:
            timer.cancel()
        self.azure.stop()
        for name, world in self._worlds.items():
            if name in self._playing:
                world.stop()
            self._apis[name].close()

    def url(self, name: str) -> str:
        """Where the Kubernetes API of a cluster is."""
        return self._apis[name].url

    def _world(self, name: str, seed: int, scenarios: Sequence[str] | None) -> World:
        if name != BUSY and scenarios is None:
            return demo_world(self._apis[name].store, self._clock, seed, _CALM, most=_FEW)
        return demo_world(self._apis[name].store, self._clock, seed, scenarios, most=MOST_AT_ONCE)

    def _cluster(self, name: str) -> ManagedCluster:
        pools = [
            Pool(name=SYSTEM_POOL, count=2, mode="System", vm_size="Standard_D2s_v3"),
            Pool(name=BLAST_POOL, count=10, minimum=0, maximum=12, priority="Spot"),
        ]
        made = ManagedCluster(
            id=f"{GROUP}/{CLUSTERS}/{name}",
            location=_REGION,
            server=self._apis[name].url,
            ca_pem=self.azure.authority.ca_pem,
            tags=MARK,
            pools=pools,
        )
        if name == ASLEEP:
            made.power = "Stopped"
            for pool in pools:
                pool.power = "Stopped"
        return made

    def _measure(self) -> None:
        self.azure.estate.measure(
            self._clusters[BUSY].id,
            Metric(name="apiserver_cpu_usage_percentage", series=[Series(values=[41.0, 57.0, None])]),
            Metric(name="apiserver_memory_usage_percentage", series=[Series(values=[88.0, 93.0, None])]),
            Metric(name="etcd_database_usage_percentage", series=[Series(values=[35.0])]),
        )
        storage, registry = self._lying
        self.azure.estate.measure(
            storage.id,
            Metric(name="UsedCapacity", unit="Bytes", grain=60, series=[Series(values=[2900 * _GIB])]),
            Metric(name="Availability", grain=60, series=[Series(values=[99.9])]),
        )
        self.azure.estate.measure(
            registry.id, Metric(name="StorageUsed", unit="Bytes", grain=60, series=[Series(values=[38 * _GIB])])
        )

    def _known(self, token: Token) -> None:
        if token.audience == KUBERNETES:
            for api in self._apis.values():
                api.access.tokens[token.text] = User(name="exporter", groups=("system:masters",))

    def _reach(self, cluster: ManagedCluster, reachable: bool) -> None:
        api, world = self._apis[cluster.name], self._worlds[cluster.name]
        if not reachable:
            api.close()
            return
        api.open()
        if cluster.name not in self._playing:
            self._playing.add(cluster.name)
            world.start()

    def _after(self, seconds: float, act: Callable[[], None]) -> None:
        timer = threading.Timer(self._clock.scaled(seconds), act)
        timer.daemon = True
        timer.start()
        self._timers.append(timer)


def _beside() -> tuple[Resource, Resource]:
    """A storage account and a registry that the searches use."""
    return (
        Resource(
            id=f"{GROUP}/Microsoft.Storage/storageAccounts/elbresults",
            location=_REGION,
            sku={"name": "Standard_LRS"},
            kind="StorageV2",
            properties={"provisioningState": "Succeeded", "publicNetworkAccess": "Enabled"},
        ),
        Resource(
            id=f"{GROUP}/Microsoft.ContainerRegistry/registries/elbimages",
            location=_REGION,
            sku={"name": "Premium"},
            properties={"provisioningState": "Succeeded", "publicNetworkAccess": "Disabled"},
        ),
    )
