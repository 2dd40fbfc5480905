"""The demo of a fleet: three clusters from outside, one at work, one that wakes, one that goes."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.program import Program
from tests.support.controlplane_files import free_port
from tests.support.daemon import PREFIX, Page
from tests.support.waiting import wait_for


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    port = free_port()
    started = Program(tmp_path, ["demo", "--fleet", "--port", str(port), "--speed", "40"], port=port)
    yield started
    started.close()


def state(page: Page, cluster: str) -> str:
    """The state of the Jobs of a cluster."""
    wanted = {("cluster", cluster), ("resource", "jobs")}
    name = f"{PREFIX}exporter_collector_state"
    found = [
        dict(labels)["state"] for (key, labels), value in page.items() if key == name and value and wanted <= labels
    ]
    return found[0] if found else ""


def searches(page: Page, cluster: str) -> int:
    name = f"{PREFIX}search_phase"
    return sum(bool(value) for (key, labels), value in page.items() if key == name and ("cluster", cluster) in labels)


def test_three_clusters_live_stop_start_and_go(program: Program) -> None:
    """The counters of the one that starts and of the one that goes never fall; nothing is left, nothing is said."""
    wait_for(lambda: program.status("/metrics") == 200, 20.0, lambda: program.log)
    program.await_page(lambda page: state(page, "asleep") == "stopped", 20.0, "asleep is stopped")
    program.await_page(lambda page: searches(page, "busy") > 0, 20.0, "busy has searches")
    assert searches(program.page(), "asleep") == 0
    program.await_page(lambda page: state(page, "asleep") == "fresh", 60.0, "asleep has woken")
    program.await_page(lambda page: searches(page, "asleep") > 0, 20.0, "and has searches")
    program.await_page(lambda page: state(page, "leaving") == "absent", 90.0, "leaving has gone")
    page = program.page()
    assert (searches(page, "leaving"), state(page, "busy")) == (0, "fresh")
    program.signal(signal.SIGINT)
    assert program.wait(20.0) == 0
    assert program.log == ""
    assert program.files == []
