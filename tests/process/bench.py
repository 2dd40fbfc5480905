"""A simulated cluster in the test's process, configurations that point at it, and programs that end with the test."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from exporter.simulator.server import Simulator
from exporter.simulator.world import World, manifests
from exporter.simulator.world.search import Search
from tests.process.program import Program, write_config
from tests.support.controlplane_files import free_port

_FAST = {"tick": "0.1s", "render_idle": "0.2s", "poll": "5s", "fallback_poll": "5s"}


class Bench:
    """`simulator` is running, `world` has only its nodes; `folder` holds what the programs are given."""

    def __init__(self, simulator: Simulator, world: World, folder: Path) -> None:
        self.simulator = simulator
        self.world = world
        self.folder = folder
        self.config = folder / "config.yaml"
        self.token = folder / "token"
        self.token.write_text(simulator.token)
        self._programs: list[Program] = []

    def cluster(self, *, url: str = "", **more: object) -> dict[str, Any]:
        """An entry of `clusters`; without `url` it is the simulated one."""
        connect = {
            "mode": "direct",
            "server": url or self.simulator.url,
            "token_file": str(self.token),
            "insecure_http": True,
        }
        return {"connect": connect, **more}

    def write(self, *clusters: Mapping[str, Any], **sections: Any) -> None:
        """Write the configuration file: fast intervals, no delay at the end, the simulated cluster unless told."""
        given: dict[str, Any] = {"intervals": _FAST, "shutdown_delay": "0s", **sections}
        write_config(self.config, {"clusters": list(clusters) or [self.cluster()], **given})

    def run(self, *flags: str, **options: Any) -> Program:
        """`run` with the configuration file on a port of its own; `options` are those of `Program`."""
        if not self.config.exists():
            self.write()
        port = free_port()
        arguments = ["run", "--config", str(self.config), "--port", str(port), "--set", "listen.address=127.0.0.1"]
        return self.start(*arguments, *flags, port=port, **options)

    def start(self, *arguments: str | Path, **options: Any) -> Program:
        program = Program(self.folder, arguments, **options)
        self._programs.append(program)
        return program

    def search(self, number: int = 1, *, batches: int = 2, namespace: str = "default") -> str:
        """Create the batch Jobs of a new search; returns its id. Their pods stay pending: there is no kubelet."""
        search = Search(id=f"job-{number:032x}", mode="ssd", batches=batches, namespace=namespace)
        for batch, shard in search.parts:
            self.simulator.store.create("jobs", manifests.batch(search, batch, shard))
        return search.id

    def close(self) -> None:
        for program in self._programs:
            program.close()
