"""The API servers that are read: one that replays a cluster, and the real kube-apiserver with the same in it."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import urllib3
from children import Child, Fetched, Web, curl
from objects import Mix, Thing, cluster
from subjects import Facts
from world import World

from tests.support.controlplane import ControlPlane
from tests.support.waiting import wait_for

_HERE = Path(__file__).parent
_SEARCHES = 10
_PUTS = 64  # objects of one transaction, which may have 1.5 MiB
_FOLDERS = {
    "jobs": "jobs/default",
    "pods": "pods/default",
    "nodes": "minions",
    "persistentvolumeclaims": "persistentvolumeclaims/default",
}


class Server(Protocol):
    """An API server with a cluster in it."""

    address: str
    kubeconfig: Path | None

    def begin(self) -> None: ...
    def facts(self) -> Facts: ...
    def asked_at(self) -> float: ...
    def fetch(self) -> Fetched: ...


@dataclass(slots=True)
class Replayed:
    """The replay server, in which something happens when it is ordered. Times are monotonic, which all processes of a
    machine share."""

    child: Child
    address: str
    web: Web
    kubeconfig: Path | None = None

    def begin(self) -> None:
        """Forget what an earlier exporter asked for: nothing to do, each one gets a server of its own."""

    def facts(self) -> Facts:
        facts: Facts = self.web.ask("GET", "/bench/facts")
        return facts

    def order(self, what: str) -> Facts:
        """Do one of `rate`, `burst` and `expire`, with its parameters."""
        facts: Facts = self.web.ask("POST", f"/bench/{what}")
        return facts

    def asked_at(self) -> float:
        """When the first LIST came."""
        return float(self.facts()["first"])

    def fetch(self) -> Fetched:
        """Fetch again with curl what was listed since the start, resource beside resource."""
        asked: dict[str, list[str]] = self.facts()["asked"]
        return curl([[self.address + target for target in targets] for targets in asked.values()])


@contextmanager
def replayed(jobs: int, *, mix: Mix | None = None) -> Iterator[Replayed]:
    """A replay server of its own, with so many Jobs; `mix`: their states, if not the usual ones."""
    argv = [sys.executable, str(_HERE / "replay.py"), "--jobs", str(jobs), "--searches", str(_SEARCHES)]
    argv += ["--mix", *map(str, mix)] if mix else []
    child = Child(argv, output=subprocess.PIPE)
    try:
        assert child.process.stdout is not None
        port = int(child.process.stdout.readline())
        yield Replayed(child, f"http://127.0.0.1:{port}", Web(port))
    finally:
        child.stop()


@dataclass(slots=True)
class Real:
    """The real kube-apiserver: nothing moves in it."""

    plane: ControlPlane
    known: Facts
    address: str
    kubeconfig: Path | None
    _passed: int = field(default=0)

    def begin(self) -> None:
        """Forget what an earlier exporter asked for."""
        self._passed = self.plane.audit_log.stat().st_size

    def facts(self) -> Facts:
        return self.known

    def asked_at(self) -> float:
        """When the first request for Jobs or pods came."""
        first = min(datetime.fromisoformat(each["requestReceivedTimestamp"]) for each in self._audited())
        return first.timestamp() - time.time() + time.monotonic()

    def fetch(self) -> Fetched:
        """Fetch again with curl the Jobs and pods that were listed, as JSON, resource beside resource."""
        lists = [each for each in self._audited() if each["verb"] == "list"]
        groups = [
            [self.address + each["requestURI"] for each in lists if each["objectRef"]["resource"] == resource]
            for resource in ("jobs", "pods")
        ]
        # kube-apiserver indents what it sends to an agent that is called curl
        head = f'cacert = "{self.plane.ca_file}"\nheader = "Authorization: Bearer {self.plane.token}"\n'
        head += 'user-agent = "bench"\n'
        return curl(groups, head=head)

    def _audited(self) -> list[dict[str, Any]]:
        with self.plane.audit_log.open("rb") as log:
            log.seek(self._passed)
            return [json.loads(line) for line in log]


@contextmanager
def real(jobs: int) -> Iterator[Real]:
    """A kube-apiserver with so many Jobs and pods, put into its etcd as JSON; there is nobody who controls them."""
    things = cluster(jobs, _SEARCHES, time.time())
    plane = ControlPlane(controllers=False, scheduler=False, audit=True)
    try:
        plane.etcd.start()
        _fill(plane.etcd_url, things)
        plane.start()
        known = {
            "states": World(things).states(),
            "jobs": len(things["jobs"]),
            "pods": len(things["pods"]),
            "succeeded": sum(job.state == "succeeded" for job in things["jobs"]),
        }
        yield Real(plane, known, plane.url, plane.kubeconfig(plane.folder / "bench.kubeconfig"))
    finally:
        plane.close()


def _fill(etcd: str, things: dict[str, list[Thing]]) -> None:
    http = urllib3.PoolManager(retries=False, timeout=30.0)
    wait_for(lambda: _healthy(http, etcd), 30.0, "etcd")
    puts = [(_key(resource, thing), thing) for resource, of in things.items() for thing in of]
    for start in range(0, len(puts), _PUTS):
        chosen = puts[start : start + _PUTS]
        operations = [{"requestPut": {"key": _text(key), "value": _text(t.encoded(whole=True))}} for key, t in chosen]
        answer = http.request("POST", f"{etcd}/v3/kv/txn", body=json.dumps({"success": operations}))
        if answer.status != 200:
            raise RuntimeError(f"etcd answered {answer.status}: {answer.data[:200].decode()}")
    http.clear()


def _healthy(http: urllib3.PoolManager, etcd: str) -> bool:
    try:
        return http.request("GET", f"{etcd}/health").status == 200
    except urllib3.exceptions.HTTPError:
        return False


def _key(resource: str, thing: Thing) -> bytes:
    name = json.loads(thing.encoded(whole=True))["metadata"]["name"]
    return f"/registry/{_FOLDERS[resource]}/{name}".encode()


def _text(data: bytes) -> str:
    """As etcd's JSON has bytes."""
    return base64.b64encode(data).decode()
