"""Several simulated clusters in one simulated Azure, each of which stops, starts and goes by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

import urllib3

from exporter.adapters.clock import SystemClock
from exporter.app import App
from exporter.config import Config, load
from exporter.simulator.access import User
from exporter.simulator.arm.entra import KUBERNETES, Token
from exporter.simulator.arm.model import CLUSTERS, ManagedCluster, Pool
from exporter.simulator.arm.server import CLIENT, TENANT, ArmSimulator
from exporter.simulator.server import Simulator
from tests.runtime.play import A, batches
from tests.support.controlplane_files import free_port

SUBSCRIPTION = "0a1b2c3d-0000-4000-8000-0123456789ab"
MARK = {"project": "elastic-blast"}


def place(name: str) -> str:
    return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/{CLUSTERS}/{name}"


class Fleet:
    """A context. Every cluster's API is https by the authority of `azure` and knows the tokens that Entra gives out."""

    def __init__(self, *, controllers: bool = False) -> None:
        self.controllers = controllers
        self.azure = ArmSimulator()
        self.apis: dict[str, Simulator] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Fleet:
        self._stack.enter_context(self.azure)
        self.azure.entra.on_issue = self._issued
        return self

    def __exit__(self, *_: object) -> None:
        for api in self.apis.values():
            api.stop(abruptly=True)
        self._stack.close()

    def add(self, name: str, *searches: str, tags: dict[str, str] | None = None) -> ManagedCluster:
        """A running cluster with searches in it."""
        api = self._serve(name, Simulator(tls=self.azure.authority.pair, controllers=self.controllers))
        for search in searches:
            batches(api.store, search)
        made = ManagedCluster(
            id=place(name),
            server=api.url,
            ca_pem=self.azure.authority.ca_pem,
            tags=MARK if tags is None else tags,
            pools=[Pool(name="blastpool", count=3)],
        )
        self.azure.estate.add(made)
        return made

    def stop(self, name: str) -> None:
        """The API is gone, and ARM says Stopped."""
        self.apis[name].stop(abruptly=True)
        self.say(name, power="Stopped", provisioning="Succeeded")

    def start(self, name: str) -> None:
        """The API is back, with what was in it, and ARM says Running."""
        before = self.apis[name]
        port = urlsplit(before.url).port or 0
        self._serve(
            name,
            Simulator(
                store=before.store,
                port=port,
                tls=self.azure.authority.pair,
                access=before.access,
                controllers=self.controllers,
            ),
        )
        self.say(name, power="Running", provisioning="Succeeded")

    def say(self, name: str, *, power: str, provisioning: str) -> None:
        cluster = self.azure.estate.clusters[place(name).lower()]
        cluster.power, cluster.provisioning = power, provisioning

    def forget(self, name: str) -> None:
        """ARM knows nothing of it any more."""
        del self.azure.estate.clusters[place(name).lower()]

    def config(self, **flags: Any) -> Config:
        """A daemon that finds the fleet by its tags."""
        given = {
            "azure.client_id": CLIENT,
            "azure.tenant_id": TENANT,
            "azure.token_file": str(self.azure.token_file),
            "azure.endpoint": self.azure.url,
            "azure.authority": self.azure.url,
            "azure.ca_file": str(self.azure.ca_file),
            "discovery.subscriptions": SUBSCRIPTION,
            "listen.address": "127.0.0.1",
            "listen.port": free_port(),
            "intervals.tick": 0.1,
            "intervals.render_idle": 0.2,
            "shutdown_delay": 0.0,
        }
        return load(None, {}, {**given, **flags})

    def _serve(self, name: str, api: Simulator) -> Simulator:
        api.start()
        self.apis[name] = api
        for token in self.azure.entra.issued:
            self._known(api, token)
        return api

    def _issued(self, token: Token) -> None:
        for api in self.apis.values():
            self._known(api, token)

    def _known(self, api: Simulator, token: Token) -> None:
        if token.audience == KUBERNETES:
            api.access.tokens[token.text] = User(name="outside", groups=("system:masters",))


def page(app: App) -> str:
    answer = urllib3.request("GET", f"http://127.0.0.1:{app.server.port}/metrics", retries=False, timeout=5.0)
    return answer.data.decode()


class Leaping(SystemClock):
    """The clocks of this machine, ahead by what a test leaps over."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def wall(self) -> float:
        return super().wall() + self.ahead

    def mono(self) -> float:
        return super().mono() + self.ahead


def ask_arm(app: App) -> None:
    """A minute later: what the polls of ARM do when they are due, and then the gates."""
    assert isinstance(app.clock, Leaping)
    app.clock.ahead += 61.0
    for cluster in app.clusters:
        for poller in cluster.pollers:
            if poller.name == "managed_cluster":
                poller._not_before = 0.0
                cluster.poll(poller)
    app._mind_gates()


def states(app: App, cluster: str) -> set[str]:
    """The states of the resources that are watched."""
    view = next(c.view() for c in app.clusters if c.settings.name == cluster)
    return {line.state for line in view.health if line.mode == "watch"}


@contextmanager
def running(config: Config) -> Iterator[App]:
    app = App(config, clock=Leaping())
    app.start()
    try:
        yield app
    finally:
        app.stop()


def shows(app: App, cluster: str, search: str = A) -> bool:
    return any(
        line.startswith("elasticblast_search_phase{") and f'cluster="{cluster}"' in line and search in line
        for line in page(app).splitlines()
    )
