"""The admin port over the simulated API server, and a client that says exactly what it is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exporter.adapters.clock import Clock, SystemClock
from exporter.collectors import ALL
from exporter.config import Admin
from exporter.domain.fold.ledger import Limits
from exporter.domain.freshness import Holds
from exporter.domain.rules import Rules
from exporter.domain.snapshots import View
from exporter.runtime.cluster import Cluster, ClusterSettings
from exporter.simulator.access import AUDIENCE, Rule, User
from exporter.simulator.server import Simulator
from exporter.wiring_admin import AdminPort
from tests.runtime.follow import open_access
from tests.support.manifests import batch_job, finalizer_job, setup_job, submit_job
from tests.web.wire import dial, parse, until_closed

A = "job-" + "a" * 24 + "0a0a0a0a"
B = "job-" + "b" * 24 + "0b0b0b0b"
AUDIENCE_OF_OURS = "elasticblast-exporter"
OPERATOR, READER, STRANGER, ELSEWHERE = "op-token-1", "reader-token-2", "stranger-token-3", "elsewhere-token-4"
USERS = {
    OPERATOR: User(name="op", uid="u-1", groups=("operators",), audiences=(AUDIENCE_OF_OURS,)),
    READER: User(name="reader", audiences=(AUDIENCE_OF_OURS,)),
    STRANGER: User(name="stranger", audiences=(AUDIENCE_OF_OURS,)),
    ELSEWHERE: User(name="op", groups=("operators",), audiences=(AUDIENCE,)),
}
GRANTS = (
    Rule(user="operators", verbs=("delete", "list"), groups=("batch",), resources=("jobs",)),
    Rule(user="reader", verbs=("list",), groups=("batch",), resources=("jobs",), namespaces=("default",)),
)
SPEED = 100.0


@dataclass(frozen=True)
class Said:
    """One answer; header names and values are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def problem(self) -> str:
        """The name at the end of the problem's type."""
        assert self.headers["content-type"] == "application/problem+json", self
        assert self.json["status"] == self.status
        return str(self.json["type"]).removeprefix("about:blank#")


@dataclass
class Port:
    """An admin port that listens. `counted` are the answers that were counted, by handler and status."""

    simulator: Simulator
    admin: AdminPort
    clusters: dict[str, Cluster]
    audit: Path
    counted: list[tuple[str, int]] = field(default_factory=list)
    view: View | None = None

    @property
    def number(self) -> int:
        return self.admin.server.port

    def search(self, search: str = A, *, batches: int = 2, namespace: str = "default", finalizer: bool = True) -> None:
        """A search whose pods wait for a node."""
        jobs = [setup_job(search, namespace=namespace), submit_job(search, namespace=namespace)]
        jobs += [batch_job(search, number, namespace=namespace) for number in range(batches)]
        jobs += [finalizer_job(search, namespace=namespace)] if finalizer else []
        if self.simulator.store.find("namespaces", "", namespace) is None:
            self.simulator.store.create("namespaces", {"metadata": {"name": namespace}})
        for job in jobs:
            self.simulator.store.create("jobs", job)

    def jobs(self, search: str = A, namespace: str = "default") -> list[str]:
        found = self.simulator.store.list("jobs", namespace, f"elb-job-id={search}")
        return [str(job["metadata"]["name"]) for job in found]

    def asked(self) -> list[str]:
        """What the API server was asked: method and path."""
        return [f"{one.method} {one.path}" for one in self.simulator.api.seen]

    def deletes(self) -> list[str]:
        return [one for one in self.asked() if one.startswith("DELETE")]

    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.audit.read_text().splitlines()] if self.audit.exists() else []

    def get(self, path: str, token: str = OPERATOR, **headers: str) -> Said:
        return self.send("GET", path, headers=with_token(token, headers))

    def cancel(
        self, search: str = A, token: str = OPERATOR, headers: Mapping[str, str] | None = None, **more: Any
    ) -> Said:
        """POST a cancel; `more` are further members of the body."""
        body = json.dumps({"confirm": search, **more}).encode()
        path = f"/v1/searches/{search}/cancel"
        sent = {"content-type": "application/json", **with_token(token, headers or {})}
        return self.send("POST", path, body, headers=sent)

    def send(
        self, method: str, path: str, body: bytes | None = None, *, headers: Mapping[str, str] | None = None
    ) -> Said:
        """One request on a connection of its own, and all that comes until the server closes it."""
        named = {"host": f"127.0.0.1:{self.number}", **(headers or {})}
        if body is not None:
            named.setdefault("content-length", str(len(body)))
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in named.items())]
        return self.raw(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (body or b""))

    def raw(self, request: bytes) -> Said:
        with dial(self.number) as client:
            client.settimeout(30.0)
            client.sendall(request)
            answer = parse(until_closed(client))
        return Said(answer.code, answer.headers, answer.body)


def with_token(token: str, headers: Mapping[str, str]) -> dict[str, str]:
    return {**({"authorization": f"Bearer {token}"} if token else {}), **headers}


@contextmanager
def listening(
    tmp_path: Path,
    *,
    clusters: Mapping[str, tuple[str, ...]] | None = None,
    url: str = "",
    clock: Clock | None = None,
    on_audit: Callable[[Path], None] = lambda _path: None,
    **keys: Any,
) -> Iterator[Port]:
    """A port over one simulated API server, which all `clusters` (name → namespaces) have in common. `url` is asked in
    its place, if given. `keys` are those of the section admin."""
    audit = tmp_path / "audit.jsonl"
    on_audit(audit)
    with Simulator(controllers=True) as simulator:
        simulator.access.tokens.update(USERS)
        simulator.access.grants += GRANTS
        section = Admin(enabled=True, **{"audit_file": str(audit), **keys}).model_copy(update={"port": 0})
        counted: list[tuple[str, int]] = []
        admin = AdminPort(
            section,
            clock=clock or SystemClock(),
            view=lambda: port.view,
            on_request=lambda handler, code: counted.append((handler, code)),
            speed=SPEED,
        )
        followed = {name: cluster_of(name, spaces) for name, spaces in (clusters or {"": ("default",)}).items()}
        port = Port(simulator, admin, followed, audit, counted)
        ways = {
            name: admin.way(one, open_access(url or simulator.url, simulator.token)) for name, one in followed.items()
        }
        admin.follow(ways)
        admin.start()
        try:
            yield port
        finally:
            admin.stop()


def cluster_of(name: str, namespaces: tuple[str, ...]) -> Cluster:
    settings = ClusterSettings(
        name=name, namespaces=namespaces, rules=Rules(), limits=Limits(), holds=Holds(), cancels=True
    )
    return Cluster(settings, collectors=ALL, clock=SystemClock())
