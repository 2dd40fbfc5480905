"""What a fleet costs: one daemon outside, so many simulated clusters in a simulated Azure; memory and CPU per cluster.

python benchmarks/fleet.py [clusters ...]
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

from children import free_port

from exporter.simulator.access import User
from exporter.simulator.arm.entra import KUBERNETES, Token
from exporter.simulator.arm.model import CLUSTERS, ManagedCluster, Pool
from exporter.simulator.arm.server import CLIENT, TENANT, ArmSimulator
from exporter.simulator.server import Simulator
from exporter.simulator.world import fixtures, manifests
from exporter.simulator.world.search import Search

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
COUNTS = (1, 10, 25, 50)
JOBS, NODES = 50, 10
SETTLE, MEASURE = 75.0, 60.0
LONGEST = 300.0
_LOOK_EVERY = 0.05


def main(counts: list[int]) -> None:
    print(f"{JOBS} Jobs and {NODES} nodes per cluster; CPU is of one core, with nothing changing")
    print("| clusters | all fresh after | threads | at most | memory | CPU |")
    print("|--:|--:|--:|--:|--:|--:|")
    for count in counts:
        ready, threads, most, memory, cpu = measured(count)
        mib = memory / 1024**2
        print(f"| {count} | {ready:.0f} s | {threads} | {most} | {mib:.0f} MiB | {100 * cpu:.1f} % |", flush=True)


def measured(count: int) -> tuple[float, int, int, float, float]:
    """Seconds until all is fresh, threads at rest and at most, resident bytes, and CPU seconds per second at rest."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        azure = stack.enter_context(ArmSimulator())
        apis = [stack.enter_context(cluster(azure, number)) for number in range(count)]

        def known(token: Token) -> None:
            if token.audience == KUBERNETES:
                for api in apis:
                    api.access.tokens[token.text] = User(name="exporter", groups=("system:masters",))

        azure.entra.on_issue = known
        port = free_port()
        path = folder / "config.yaml"
        path.write_text(json.dumps(configuration(azure, port)))
        began = time.monotonic()
        child = subprocess.Popen([sys.executable, "-m", "exporter", "run", "--config", str(path)])
        crowd = stack.enter_context(Crowd(child.pid))
        try:
            while fresh(port) < count:
                if time.monotonic() - began > LONGEST or child.poll() is not None:
                    raise TimeoutError(f"{fresh(port)} of {count} clusters are fresh")
                time.sleep(0.5)
            ready = time.monotonic() - began
            time.sleep(SETTLE)
            before = value(port, "process_cpu_seconds_total")
            time.sleep(MEASURE)
            cpu = (value(port, "process_cpu_seconds_total") - before) / MEASURE
            return ready, crowd.now(), crowd.most, value(port, "process_resident_memory_bytes"), cpu
        finally:
            child.terminate()
            child.wait(20.0)


class Crowd:
    """How many threads a process has, looked at often while the context lasts."""

    def __init__(self, pid: int) -> None:
        self._tasks = f"/proc/{pid}/task"
        self._over = threading.Event()
        self._watching = threading.Thread(target=self._watch, daemon=True)
        self.most = 0

    def now(self) -> int:
        """Threads at this moment, 0 when the process has ended."""
        try:
            return len(os.listdir(self._tasks))
        except FileNotFoundError:
            return 0

    def _watch(self) -> None:
        while not self._over.wait(_LOOK_EVERY):
            self.most = max(self.most, self.now())

    def __enter__(self) -> Crowd:
        self._watching.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watching.join()


def cluster(azure: ArmSimulator, number: int) -> Simulator:
    """A cluster that ARM knows, with one search in it; it serves once it is entered."""
    port = free_port()
    api = Simulator(tls=azure.authority.pair, controllers=False, port=port)
    search = Search(id=f"job-{number:032x}", batches=JOBS)
    for batch in range(JOBS):
        api.store.create("jobs", manifests.batch(search, batch))
    for node in range(NODES):
        api.store.create("nodes", fixtures.node(fixtures.BLAST_POOL, node, now=time.time()))
    azure.estate.add(
        ManagedCluster(
            id=f"/subscriptions/{SUBSCRIPTION}/resourceGroups/searches/providers/{CLUSTERS}/aks-{number}",
            server=f"https://127.0.0.1:{port}",
            ca_pem=azure.authority.ca_pem,
            tags={"project": "elastic-blast"},
            pools=[Pool(name="blastpool", count=NODES)],
        )
    )
    return api


def configuration(azure: ArmSimulator, port: int) -> dict[str, object]:
    return {
        "azure": {
            "client_id": CLIENT,
            "tenant_id": TENANT,
            "token_file": str(azure.token_file),
            "endpoint": azure.url,
            "authority": azure.url,
            "ca_file": str(azure.ca_file),
        },
        "discovery": {"subscriptions": [SUBSCRIPTION]},
        "listen": {"address": "127.0.0.1", "port": port},
        "log": {"level": "error"},
    }


def page(port: int) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10.0) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


def fresh(port: int) -> int:
    """Clusters whose Jobs are fresh."""
    return len(re.findall(r'exporter_collector_state\{[^}]*resource="jobs",state="fresh"\} 1', page(port)))


def value(port: int, name: str) -> float:
    found = re.search(rf"^{name} (\S+)$", page(port), re.MULTILINE)
    return float(found[1]) if found else 0.0


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]] or list(COUNTS))
