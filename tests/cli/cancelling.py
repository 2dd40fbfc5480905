"""Two searches on a simulated cluster, and a daemon with its admin port that waits a hundredth of the time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3

from exporter.app import App
from exporter.cancel.statictokens import new_token
from exporter.config import load
from exporter.simulator.server import Simulator
from tests.cli.command import Ran, run
from tests.runtime.follow import open_access
from tests.support import manifests
from tests.support.controlplane_files import free_port
from tests.support.waiting import wait_for

MINE = "job-0d3c5e7f9a1b2c3d4e5f60712d6e172d"
THEIRS = "job-11e05c3d7b9f4a2e8c6d1f0a5b4c3e2d"
SHORT = "2d6e172d"
BATCHES = 3
SPEED = 100.0


def put(simulator: Simulator, *searches: str, setup: bool = True) -> None:
    """Each with a finalizer, a submit Job and batches; the first with setup of its own and the shared one, too."""
    for search in searches:
        simulator.store.create("jobs", manifests.finalizer_job(search))
        simulator.store.create("jobs", manifests.submit_job(search))
        for number in range(BATCHES):
            simulator.store.create("jobs", manifests.batch_job(search, number))
    if setup:
        simulator.store.create("jobs", manifests.setup_job(searches[0], 0))
        simulator.store.create("jobs", manifests.setup_job(searches[0], mode="pv"))


def jobs_of(simulator: Simulator, search: str) -> set[str]:
    """The names of the Jobs that nobody has deleted."""
    jobs = simulator.store.list("jobs", "default", f"elb-job-id={search}")
    return {job["metadata"]["name"] for job in jobs if "deletionTimestamp" not in job["metadata"]}


def hold(simulator: Simulator, name: str) -> None:
    """Keep a Job from going when it is deleted, as a lost node would."""

    def held(job: dict[str, Any]) -> None:
        job["metadata"].setdefault("finalizers", []).append("example.com/hold")

    simulator.store.update("jobs", "default", name, held)


def release(simulator: Simulator, name: str) -> None:
    simulator.store.update("jobs", "default", name, lambda job: job["metadata"].update(finalizers=[]))


@dataclass(frozen=True, slots=True)
class Daemon:
    app: App
    url: str
    token_file: Path
    audit: Path

    @property
    def flags(self) -> list[str]:
        return ["--url", self.url, "--token-file", str(self.token_file)]

    def cancel(self, *arguments: str, **options: Any) -> Ran:
        return run("cancel", *arguments, *self.flags, **options)

    def phases(self, search: str) -> set[str]:
        """The phases that the metrics page says."""
        port = self.app.server.port
        page = urllib3.request("GET", f"http://127.0.0.1:{port}/metrics", retries=False, timeout=5.0).data.decode()
        lines = [line for line in page.splitlines() if line.startswith("elasticblast_search_phase{") and search in line]
        return {line.split('phase="')[1].split('"')[0] for line in lines if line.endswith(" 1.0")}


@contextmanager
def daemon(simulator: Simulator, folder: Path, **keys: object) -> Iterator[Daemon]:
    """A daemon that knows one caller. `keys` are those of the section `admin`."""
    token, line = new_token("alice")
    (folder / "tokens").write_text(f"{line}\n")
    (folder / "alice.token").write_text(token)
    audit = folder / "audit.jsonl"
    admin = {"enabled": True, "callers": "tokens", "tokens_file": str(folder / "tokens"), "port": free_port()}
    admin |= {"audit_file": str(audit), "stage_one": 20.0, **keys}
    listen = {"listen.address": "127.0.0.1", "listen.port": free_port(), "shutdown_delay": 0.0, "intervals.tick": 0.1}
    config = load(None, {}, {**listen, **{f"admin.{name}": value for name, value in admin.items()}})
    app = App(config, way=lambda _given, _config: open_access(simulator.url, simulator.token), speed=SPEED)
    app.start()
    try:
        wait_for(
            lambda: app.publisher.view is not None and all(check.ok for check in app.ready()), 30.0, "a first look"
        )
        scheme = "https" if "tls.cert_file" in keys else "http"
        yield Daemon(app, f"{scheme}://127.0.0.1:{admin['port']}", folder / "alice.token", audit)
    finally:
        app.stop()
