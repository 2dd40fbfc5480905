"""Simulated clusters in one simulated Azure that live `SPEED` times faster, and the daemon that follows them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import urllib3

from exporter.cancel.statictokens import new_token
from exporter.simulator.access import User
from exporter.simulator.arm.entra import KUBERNETES, Token
from exporter.simulator.arm.model import CLUSTERS, ManagedCluster, Pool
from exporter.simulator.arm.server import CLIENT, TENANT, ArmSimulator
from exporter.simulator.clock import SimClock
from exporter.simulator.fleet import Api
from exporter.simulator.world.fixtures import BLAST_POOL, SYSTEM_POOL
from exporter.simulator.world.world import World
from tests.alive.faster import FASTER
from tests.support.controlplane_files import free_port
from tests.support.process import Process
from tests.support.waiting import wait_for

SPEED = float(FASTER)
_GROUP = "/subscriptions/00000000-0000-0000-0000-000000000007/resourceGroups/alive/providers"


class Site:
    """One cluster: its API, what is played on it, and what ARM says of it."""

    def __init__(self, name: str, clock: SimClock, azure: ArmSimulator) -> None:
        self.name = name
        self.api = Api(clock, azure.authority.pair)
        self.world = World(self.api.store, clock)
        self.world.build()
        pools = [Pool(name=SYSTEM_POOL, count=2, mode="System"), Pool(name=BLAST_POOL, count=10, maximum=12)]
        self.managed = ManagedCluster(
            id=f"{_GROUP}/{CLUSTERS}/{name}", server=self.api.url, ca_pem=azure.authority.ca_pem, pools=pools
        )
        azure.estate.add(self.managed)


class Story:
    """`sites` by name, the daemon as a process, and a client of its admin port."""

    def __init__(self, folder: Path, names: tuple[str, ...]) -> None:
        clock = SimClock(SPEED)
        self.azure = ArmSimulator(clock=clock)
        self.sites = {name: Site(name, clock, self.azure) for name in names}
        self.azure.entra.on_issue = self._known
        self.azure.moves.reach = lambda cluster, up: self._reach(self.sites[cluster.name], up)
        self._token, self._line = new_token("alive")
        self._ports = free_port(), free_port()
        self.target = f"127.0.0.1:{self._ports[0]}"
        self._folder = folder
        settings = folder / "settings.json"
        self.daemon = Process(
            argv=[sys.executable, "-m", "tests.alive.exporter", settings, str(SPEED)], log=folder / "daemon.log"
        )
        self._settings = settings
        self._http = urllib3.PoolManager(retries=False, timeout=60.0)

    def start(self) -> None:
        self.azure.start()
        for site in self.sites.values():
            self._reach(site, True)
            site.world.start()
        self._settings.write_text(json.dumps(self._given()))
        self.daemon.start()
        wait_for(self.ready, timeout=40.0, what=self.daemon.tail)

    def stop(self) -> None:
        self.daemon.kill()
        self.azure.stop()
        for site in self.sites.values():
            site.world.stop()
            site.api.close()

    def ready(self) -> bool:
        try:
            return self._http.request("GET", f"http://{self.target}/readyz", timeout=2.0).status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def cancel(self, search: str, cluster: str) -> dict[str, Any]:
        """Ask the admin port to cancel a search, and wait for what became of it."""
        url = f"http://127.0.0.1:{self._ports[1]}/v1/searches/{search}/cancel"
        asked = {"confirm": search, "cluster": cluster, "namespace": "default", "reason": "a test", "wait": 50}
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        answer = self._http.request("POST", url, body=json.dumps(asked), headers=headers)
        found: dict[str, Any] = answer.json()
        return found

    def _given(self) -> dict[str, object]:
        tokens = self._folder / "tokens"
        tokens.write_text(f"{self._line}\n")
        given: dict[str, object] = {
            "listen.address": "127.0.0.1",
            "listen.port": self._ports[0],
            "admin.enabled": True,
            "admin.address": "127.0.0.1",
            "admin.port": self._ports[1],
            "admin.callers": "tokens",
            "admin.tokens_file": str(tokens),
            "intervals.tick": 0.2,
            "intervals.render_idle": 0.5,
            "intervals.poll": 5.0,
            "shutdown_delay": 0.0,
            "azure.client_id": CLIENT,
            "azure.tenant_id": TENANT,
            "azure.token_file": str(self.azure.token_file),
            "azure.endpoint": self.azure.url,
            "azure.authority": self.azure.url,
            "azure.ca_file": str(self.azure.ca_file),
        }
        for number, site in enumerate(self.sites.values()):
            given |= {
                f"clusters[{number}].name": site.name,
                f"clusters[{number}].connect.mode": "aks",
                f"clusters[{number}].azure.resource_id": site.managed.id,
            }
        return given

    def _known(self, token: Token) -> None:
        if token.audience == KUBERNETES:
            for site in self.sites.values():
                site.api.access.tokens[token.text] = User(name="exporter", groups=("system:masters",))

    @staticmethod
    def _reach(site: Site, reachable: bool) -> None:
        if reachable:
            site.api.open()
        else:
            site.api.close()


@contextmanager
def story(folder: Path, *names: str) -> Iterator[Story]:
    """It plays from here to the end of the context."""
    made = Story(folder, names)
    try:
        made.start()
        yield made
    finally:
        made.stop()
