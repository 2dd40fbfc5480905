"""A name service that never answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.process.bench import Bench
from tests.process.pages import searches, state
from tests.process.program import Program
from tests.support.waiting import wait_for

# Python imports a module of this name at its start. The system offers no other way to make one name hang.
HANG = """
import socket
import threading

resolve = socket.getaddrinfo


def hang(host, *rest, **more):
    if host == "hangs.invalid":
        threading.Event().wait()
    return resolve(host, *rest, **more)


socket.getaddrinfo = hang
"""


@pytest.mark.fault(4)
def test_a_name_that_never_resolves_hangs_its_own_cluster_only(bench: Bench, tmp_path: Path) -> None:
    """Its feeds hang; the other cluster hears its news, scrapes are answered, and after five deadlines of 1 s
    liveness asks for a restart and says why. It still ends in time."""
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "sitecustomize.py").write_text(HANG)
    stuck = bench.cluster(url="http://hangs.invalid:6443", name="stuck")
    bench.write(stuck, bench.cluster(name="sound"), limits={"list_deadline": "1s", "connect": "1s"})
    program = bench.run(env={"PYTHONPATH": str(modules)})
    wait_for(lambda: program.status("/livez") == 200, what="an answer")
    first = bench.search(1)
    program.await_page(lambda page: state(page, cluster="sound") == "fresh" and searches(page) == {first}, what="news")
    wait_for(lambda: program.status("/livez") == 503, 10.0, lambda: why(program))
    assert "stuck: " in why(program)
    assert "ticks" not in why(program)
    second = bench.search(2)
    page = program.await_page(lambda page: searches(page) == {first, second}, what="more news")
    assert state(page, cluster="stuck") == "never"
    assert program.stop() == 0


def why(program: Program) -> str:
    """The checks of `/livez` that fail."""
    return "\n".join(line for line in program.get("/livez?verbose").text.splitlines() if not line.startswith("[+]"))
