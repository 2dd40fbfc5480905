"""`cancel` at a terminal: the question, the bars, Ctrl-C."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.simulator.server import Simulator
from tests.cli.cancelling import BATCHES, MINE, SHORT, THEIRS, Daemon, daemon, hold, jobs_of, put, release
from tests.cli.terminal import Terminal
from tests.support.waiting import wait_for


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator() as simulator:
        put(simulator, MINE, THEIRS)
        yield simulator


@pytest.fixture
def port(simulator: Simulator, tmp_path: Path) -> Iterator[Daemon]:
    with daemon(simulator, tmp_path) as port:
        wait_for(lambda: port.phases(MINE), 30.0, "the search in the daemon's memory")
        yield port


def test_the_short_id_is_asked_for_and_the_bars_are_redrawn(simulator: Simulator, port: Daemon) -> None:
    hold(simulator, f"elb-finalizer-{SHORT}")
    with Terminal("cancel", SHORT, *port.flags) as terminal:
        terminal.await_text(f"Type {SHORT} (the last 8 characters of the id")
        assert f"{BATCHES + 3} Jobs will be deleted" in terminal.shown
        assert "init-pv" in jobs_of(simulator, MINE)
        assert len(jobs_of(simulator, MINE)) == BATCHES + 4
        terminal.type(f"{SHORT}\n")
        redrawn = rf"\x1b\[\dAfinalizer  \[{'-' * 24}\] 0/1 gone, 1 deleted"
        wait_for(lambda: re.search(redrawn, terminal.shown), 30.0, lambda: terminal.shown)
        release(simulator, f"elb-finalizer-{SHORT}")
        assert terminal.wait() == 0
        assert f"blast      [{'#' * 24}] {BATCHES}/{BATCHES} gone" in terminal.shown
        assert "Done: nothing of the search lives any more." in terminal.shown
    assert jobs_of(simulator, MINE) == {"init-pv"}


@pytest.mark.parametrize("typed", ["yes\n", "\n", "\x04", f"{THEIRS[-8:]}\n", f"{MINE}\n"])
def test_anything_else_deletes_nothing_and_is_4(simulator: Simulator, port: Daemon, typed: str) -> None:
    before = jobs_of(simulator, MINE)
    with Terminal("cancel", SHORT, *port.flags) as terminal:
        terminal.await_text("to go on: ")
        terminal.type(typed)
        assert terminal.wait() == 4
        assert "nothing was deleted" in terminal.shown
    assert jobs_of(simulator, MINE) == before


def test_ctrl_c_at_the_question_deletes_nothing_and_is_130(simulator: Simulator, port: Daemon) -> None:
    before = jobs_of(simulator, MINE)
    with Terminal("cancel", SHORT, *port.flags) as terminal:
        terminal.await_text("to go on: ")
        terminal.interrupt()
        assert terminal.wait() == 130
        assert "Traceback" not in terminal.shown
    assert jobs_of(simulator, MINE) == before


def test_ctrl_c_leaves_the_cancel_to_the_daemon_and_says_how_to_look_again(simulator: Simulator, port: Daemon) -> None:
    hold(simulator, f"elb-finalizer-{SHORT}")
    with Terminal("cancel", SHORT, "--yes", *port.flags) as terminal:
        terminal.await_text("finalizer  [")
        terminal.interrupt()
        assert terminal.wait() == 130
        (key,) = re.findall(rf"cancel {SHORT} --key (\w+) --url {port.url}", terminal.shown)
        assert "The cancel goes on in the daemon" in terminal.shown
    release(simulator, f"elb-finalizer-{SHORT}")
    with Terminal("cancel", SHORT, "--key", key, *port.flags) as terminal:
        assert terminal.wait() == 0
    assert jobs_of(simulator, MINE) == {"init-pv"}


def test_without_colours_nothing_is_coloured_and_a_dumb_terminal_gets_lines(port: Daemon) -> None:
    with Terminal("cancel", SHORT, "--yes", *port.flags, env={"TERM": "dumb"}) as terminal:
        assert terminal.wait() == 0
        assert "\x1b" not in terminal.shown
        assert f"blast: {BATCHES} of {BATCHES} gone" in terminal.shown
