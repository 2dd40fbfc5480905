"""SIGKILL, a new start, and places where nothing can be written."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable

import pytest
from starlette.requests import Request
from starlette.responses import Response

from tests.process.bench import Bench
from tests.process.pages import searches, state, states, total
from tests.process.program import Program, in_mounts
from tests.support.daemon import Page, family
from tests.support.proxy import Proxy
from tests.support.waiting import wait_for

EXPIRE = 10.0
READ_ONLY = """
mount --rbind / /
for place in / /tmp /var/tmp /dev/shm; do mountpoint -q "$place" && mount -o remount,bind,ro "$place"; done
! touch /tmp/x /var/tmp/x "$HOME/x" "$TMPDIR/x" ./x 2>&-
"""


def fresh(program: Program) -> Page:
    program.await_ready()
    return program.await_page(lambda page: states(page) == {"fresh"}, what="fresh")


@pytest.mark.fault(73)
def test_after_sigkill_it_starts_clean(bench: Bench) -> None:
    """No file is left behind. Until the first list is whole the new one says never, and speaks of no search."""
    search = bench.search()
    program = bench.run()
    fresh(program)
    program.signal(signal.SIGKILL)
    assert program.wait() == -signal.SIGKILL
    assert program.files == []
    held = True

    def hold(request: Request) -> Awaitable[Response | None]:
        return released() if request.url.path.endswith("/jobs") else asyncio.sleep(0, None)

    async def released() -> None:
        while held:
            await asyncio.sleep(0.05)

    bench.simulator.api.intercept = hold
    second = bench.run()
    wait_for(lambda: second.status("/metrics") == 200, what="a page")
    page = second.await_page(lambda page: state(page, "nodes") == "fresh", what="the nodes")
    assert state(page) == "never"
    assert not searches(page)
    assert not family(page, "jobs")
    assert second.status("/readyz") == 503
    held = False
    second.await_page(lambda page: searches(page) == {search}, what="the search")
    assert second.stop() == 0


@pytest.mark.fault(76)
def test_it_needs_no_place_to_write(bench: Bench) -> None:
    """Every file system is read-only, also HOME, TMPDIR and /tmp; the wrap fails if anything can be written."""
    bench.write()
    program = bench.run(wrap=in_mounts(READ_ONLY))
    fresh(program)
    assert program.stop() == 0


@pytest.mark.fault(70)
def test_after_a_long_freeze_old_data_is_not_fresh(bench: Bench) -> None:
    """Frozen for longer than data may live, and thawed where the API is out of reach: the states go, the counters
    stay, and with the API everything comes back."""
    search = bench.search()
    port = int(bench.simulator.url.rpartition(":")[2])
    with Proxy(port) as proxy:
        bench.write(
            bench.cluster(url=f"http://127.0.0.1:{proxy.port}"),
            limits={"bookmark_silence": f"{EXPIRE}s", "expire": f"{EXPIRE}s"},
        )
        program = bench.run()
        fresh(program)
        before = program.await_page(lambda page: searches(page) == {search})
        program.signal(signal.SIGSTOP)
        proxy.refuse = True
        proxy.cut()
        thaw_at = time.monotonic() + EXPIRE + 0.5
        wait_for(lambda: time.monotonic() >= thaw_at, EXPIRE + 2.0)
        program.signal(signal.SIGCONT)
        expired = program.await_page(lambda page: states(page) == {"expired"} and not searches(page), 2.0, "expired")
        assert not family(expired, "jobs")
        assert total(expired, "exporter_collector_runs_total") >= total(before, "exporter_collector_runs_total")
        assert program.status("/livez") == 200
        assert program.status("/readyz") == 200
        new = bench.search(2)
        proxy.refuse = False
        program.await_page(lambda page: searches(page) == {search, new}, what="both searches")
        program.await_page(lambda page: states(page) == {"fresh"}, what="fresh again")
