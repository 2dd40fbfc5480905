"""How the daemon ends: at once not ready, then served to the end, then gone; never later than 10 seconds."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import Awaitable

import pytest
from starlette.requests import Request
from starlette.responses import Response

from tests.process.bench import Bench
from tests.process.pages import searches, state, states
from tests.process.program import Program
from tests.support.hostile import Hostile, Peer
from tests.support.waiting import wait_for

LONGEST = 10.0
DELAY = 1.5
SHOWN = 800


def stall_second_page(request: Request) -> Awaitable[Response | None]:
    """The first page of a list of Jobs is answered, the second never."""
    paged = request.url.path.endswith("/jobs") and "continue" in request.query_params
    return asyncio.sleep(60.0 if paged else 0.0, None)


@pytest.mark.fault(71)
def test_sigterm_during_a_list_ends_it_and_publishes_no_half(bench: Bench) -> None:
    """Ten of fifteen Jobs have arrived. The page that is served until the end knows of none."""
    bench.search(batches=15)
    bench.simulator.api.intercept = stall_second_page
    bench.write(limits={"page_items": 10}, shutdown_delay=f"{DELAY}s")
    program = bench.run()
    wait_for(lambda: first_page_answered(bench), what="the first page")
    wait_for(lambda: program.status("/livez") == 200)
    program.signal(signal.SIGTERM)
    wait_for(lambda: "[-] running" in program.get("/readyz").text, timeout=1.0)
    page = program.page()
    assert state(page) == "never"
    assert not searches(page)
    assert program.wait(LONGEST) == 0


def first_page_answered(bench: Bench) -> bool:
    return any(seen.path.endswith("/jobs") and seen.query.get("limit") == "10" for seen in bench.simulator.api.seen)


@pytest.mark.fault(71)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_it_ends_while_it_watches(bench: Bench, number: signal.Signals) -> None:
    """Readiness falls at once; liveness, the page and its data stay until the delay is over."""
    search = bench.search()
    bench.write(shutdown_delay=f"{DELAY}s")
    program = watching(bench)
    asked = time.monotonic()
    program.signal(number)
    wait_for(lambda: program.status("/readyz") == 503, timeout=0.7, what="not ready")
    assert program.status("/livez") == 200
    assert searches(program.page()) == {search}
    assert program.wait(LONGEST) == 0
    assert time.monotonic() - asked >= DELAY
    assert program.log.rstrip().endswith("msg=stopped component=app")


@pytest.mark.fault(72)
def test_a_slow_reader_gets_its_whole_page(bench: Bench) -> None:
    """The page is larger than what the kernel takes off the daemon's hands."""
    for number in range(SHOWN):
        bench.search(number, batches=1)
    bench.write(limits={"searches": SHOWN})
    program = watching(bench)
    program.await_page(lambda page: len(searches(page)) == SHOWN, what="all searches")
    with slow_client(program) as client:
        first = client.recv(1024)
        program.signal(signal.SIGTERM)
        head, _, body = read_slowly(client, first, seconds=1.0).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert f"content-length: {len(body)}".encode() in head.lower()
    assert len(body) > 3_000_000
    assert program.wait(LONGEST) == 0


def test_the_second_signal_ends_it_at_once(bench: Bench) -> None:
    bench.write(shutdown_delay="5s")
    program = watching(bench)
    program.signal(signal.SIGTERM)
    wait_for(lambda: program.status("/readyz") == 503, timeout=2.0)
    program.signal(signal.SIGINT)
    assert program.wait(1.0) == 130


def test_sigterm_does_not_wait_for_a_reload(bench: Bench) -> None:
    """The reload has a new cluster whose API accepts connections and says nothing."""
    with Hostile(Peer.stall) as silent:
        bench.write(bench.cluster(name="a"), shutdown_delay="0s")
        program = watching(bench)
        bench.write(bench.cluster(name="a"), bench.cluster(name="b", url=silent.url), shutdown_delay="0s")
        program.signal(signal.SIGHUP)
        wait_for(lambda: silent.accepted > 0, what="the reload under way")
        assert program.stop(LONGEST) == 0


def watching(bench: Bench) -> Program:
    program = bench.run()
    program.await_ready()
    program.await_page(lambda page: states(page) == {"fresh"}, what="fresh")
    return program


def slow_client(program: Program) -> socket.socket:
    """A connection with a small window that has asked for the page."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(5.0)
    client.connect(("127.0.0.1", int(program.url.rpartition(":")[2])))
    client.sendall(b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    return client


def read_slowly(client: socket.socket, first: bytes, seconds: float) -> bytes:
    """Nothing for so many seconds, then everything until the end."""
    parts = [first]
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        time.sleep(0.1)
        parts.append(client.recv(1024))
    while data := client.recv(65536):
        parts.append(data)
    return b"".join(parts)
