"""What an operating system, a network or a careless user does to the daemon: it goes on, and says nothing secret."""

from __future__ import annotations

import fcntl
import json
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import IO, Any

import pytest

from exporter.simulator.server import Simulator
from exporter.simulator.world import manifests
from exporter.simulator.world.search import Search
from tests.process.bench import Bench
from tests.process.pages import OPENMETRICS, searches, states, total
from tests.process.program import Program
from tests.support.controlplane_files import free_port, write_kubeconfig
from tests.support.daemon import Page
from tests.support.hostile import Hostile, Peer
from tests.support.waiting import wait_for

CANARY = "c4n4ry-6b1f9d2e7a3c4458-token"
MIB = 1024**2


def fresh(program: Program) -> Page:
    program.await_ready()
    return program.await_page(lambda page: states(page) == {"fresh"}, what="fresh")


@pytest.mark.fault(75)
def test_without_descriptors_it_fails_and_recovers(bench: Bench) -> None:
    """With 32 it cannot open all its watches, and says so; once it may open more they come without a restart."""
    bench.write(bench.cluster(name="a"), bench.cluster(name="b"), bench.cluster(name="c"))
    program = bench.run(wrap=("prlimit", "--nofile=32:4096"))
    program.await_log("state=connect")
    resource.prlimit(program.pid, resource.RLIMIT_NOFILE, (1024, 4096))
    wait_for(lambda: program.status("/readyz") == 200, what="an answer")
    page = program.await_page(lambda page: states(page) == {"fresh"}, 40.0, "fresh with more descriptors")
    assert total(page, "exporter_collector_runs_total", result="connect") > 0
    assert program.stop() == 0


@contextmanager
def full_pipe() -> Iterator[tuple[IO[bytes], int]]:
    """The writing end of a pipe that takes nothing more, and the other end, which nobody reads."""
    reader, writer = os.pipe()
    size = fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    os.write(writer, b"x" * size)
    with os.fdopen(writer, "wb", buffering=0) as file:
        yield file, reader
    os.close(reader)


@pytest.mark.fault(80)
def test_blocked_output_blocks_nothing(bench: Bench) -> None:
    """Both outputs are full pipes. Scrapes and watches go on, a reload too, and it ends in time."""
    first = bench.search(1)
    bench.write(log={"level": "debug"})
    with full_pipe() as (blocked, reader):
        program = bench.run(stdout=blocked, stderr=blocked)
        fresh(program)
        second = bench.search(2)
        program.await_page(lambda page: searches(page) == {first, second}, what="a search that is new")
        program.signal(signal.SIGHUP)
        assert program.status("/metrics") == program.status("/") == program.status("/livez") == 200
        assert program.stop() == 0
        assert os.read(reader, 65536).strip(b"x") == b""


@pytest.mark.fault(16)
def test_proxies_of_the_environment_are_ignored(bench: Bench) -> None:
    with Hostile(Peer.stall) as proxy:
        names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
        program = bench.run(env=dict.fromkeys(names, proxy.url))
        fresh(program)
        assert proxy.accepted == 0


@pytest.mark.fault(108)
def test_a_token_is_in_no_output(bench: Bench) -> None:
    """A token that the API refuses, then one that it takes, then a half-written file: everything it says is searched.

    A kubeconfig that cannot be used is printed as little.
    """
    bench.token.write_text(CANARY)
    bench.write(log={"level": "debug"})
    program = bench.run()
    program.await_ready()
    program.await_page(lambda page: states(page) == {"denied"}, what="denied")
    said = outputs(program)
    bench.token.write_text(bench.simulator.token)
    program.await_page(lambda page: states(page) == {"fresh"}, 40.0, "fresh with a good token")
    said += outputs(program)
    bench.config.write_text(json.dumps({"clusters": [{"connect": {"token": CANARY, "token_file": CANARY}}]}))
    program.signal(signal.SIGHUP)
    program.await_log("msg=reload_refused")
    url = f"https://user:{CANARY}@127.0.0.1:1"
    kubeconfig = write_kubeconfig(bench.folder / "kubeconfig", url=url, ca_pem=b"", token=CANARY, namespace="x")
    refused = bench.start("run", "--kubeconfig", kubeconfig, "--port", str(free_port()))
    assert refused.wait() == 2
    assert program.stop() == 0
    said += program.log + program.said
    assert CANARY not in said
    assert bench.simulator.token not in said
    assert "Traceback" not in said


def outputs(program: Program) -> str:
    """All that the listener answers, headers too."""
    answers = [
        program.get(path, **headers)
        for path in ("/metrics", "/", "/readyz?verbose", "/livez?verbose", "/nowhere")
        for headers in ({}, {"Accept": OPENMETRICS}, {"Accept": "application/json"})
    ]
    return "\n".join(f"{answer.headers} {answer.text}" for answer in answers)


@pytest.mark.fault(74)
def test_memory_is_bounded_by_what_is_known(bench: Bench) -> None:
    """2,000 Jobs of 8 kB in 20 searches are listed, then each changes twice: nothing stays behind."""
    with Simulator(controllers=False) as cluster:
        for number in range(20):
            search = Search(id=f"job-{number:032x}", mode="ssd", batches=100, padding=8000)
            for batch, shard in search.parts:
                cluster.store.create("jobs", manifests.batch(search, batch, shard))
        bench.token.write_text(cluster.token)
        bench.write(bench.cluster(url=cluster.url))
        program = bench.run()
        fresh(program)
        page = program.await_page(lambda page: jobs(page, "pending") == 2000, what="all Jobs")
        listed = resident(page)
        assert listed < 150 * MIB
        for active, shown in ((1, "running"), (0, "pending")):
            for job in cluster.store.list("jobs", "default"):
                change = partial(job_status, active=active)
                cluster.store.update("jobs", "default", job["metadata"]["name"], change)
            page = program.await_page(lambda page, shown=shown: jobs(page, shown) == 2000, 20.0, shown)
        assert resident(page) < listed + 15 * MIB


def job_status(job: dict[str, Any], *, active: int) -> None:
    job["status"] = {"active": active, "ready": active, "startTime": "2026-01-01T00:00:00Z"}


def jobs(page: Page, shown: str) -> float:
    return total(page, "search_jobs", state=shown)


def resident(page: Page) -> float:
    return page["process_resident_memory_bytes", frozenset()]
