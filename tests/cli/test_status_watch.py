"""`status --watch`: live on a terminal, blocks and documents elsewhere, and a daemon that comes and goes."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from queue import Queue
from threading import Thread

import pytest

from exporter.adapters.endpoint import ConnectError
from exporter.cli.status.source import SilentError, cluster_source
from exporter.domain.snapshots import SearchView, View
from exporter.web.status_json import Report
from tests.cli.command import ROOT
from tests.cli.picture import Picture, drawn
from tests.cli.shown import DARK, FAILING, RUNNING
from tests.cli.terminal import Terminal
from tests.support.waiting import wait_for
from tests.web.views import cluster, view
from tests.web.wire import Fixed, listening

LATER = replace(RUNNING, jobs={**RUNNING.jobs, "pending": 100, "succeeded": 250})


def set_searches(fixed: Fixed, *searches: SearchView, seconds: float = 2.0) -> None:
    """The daemon has looked again, so many seconds later."""
    before = fixed.view.at if fixed.view else 0.0
    fixed.view = replace(view(cluster(*searches)), at=before + seconds)


def picture(terminal: Terminal) -> Picture:
    return drawn(terminal.shown)


def await_line(terminal: Terminal, pattern: str) -> list[str]:
    def found() -> list[str] | None:
        lines = picture(terminal).lines
        return lines if any(re.search(pattern, line) for line in lines) else None

    return wait_for(found, 30.0, lambda: f"{pattern}:\n" + "\n".join(picture(terminal).lines)) or []


class Child:
    """The command with its output in pipes, read line by line. Close it."""

    def __init__(self, *arguments: str) -> None:
        env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8"}
        command = [sys.executable, "-m", "exporter", "status", *arguments]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, cwd=ROOT, text=True
        )
        self.out: Queue[str] = Queue()
        self.err: Queue[str] = Queue()
        for pipe, lines in ((self.process.stdout, self.out), (self.process.stderr, self.err)):
            Thread(target=self._read, args=(pipe, lines), daemon=True).start()

    @staticmethod
    def _read(pipe: Iterator[str], lines: Queue[str]) -> None:
        for line in pipe:
            lines.put(line.rstrip("\n"))

    def block(self) -> list[str]:
        """The lines up to the next empty one."""
        return list(iter(lambda: self.out.get(timeout=30.0), ""))

    def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30.0)


@contextmanager
def watching(*arguments: str) -> Iterator[Child]:
    child = Child(*arguments)
    try:
        yield child
    finally:
        child.process.kill()
        child.process.wait()
        for pipe in (child.process.stdout, child.process.stderr):
            if pipe:
                pipe.close()


def flags(url: str, *more: str) -> Sequence[str]:
    return ("--url", url, "--watch", "0.5", *more)


# On a terminal


def test_it_draws_in_place_without_wiping_and_leaves_the_last_picture(url: str, fixed: Fixed) -> None:
    with Terminal("status", *flags(url), env={"COLUMNS": "100", "LINES": "24"}) as terminal:
        first = await_line(terminal, "failing")
        set_searches(fixed, LATER, DARK)
        then = await_line(terminal, "250/400 62%")
        assert (len(first), len(then)) == (6, 5)
        assert not any("failing" in line for line in then), "what is gone is not left on the screen"
        assert picture(terminal).modes == {"alternate"}
        terminal.interrupt()
        assert terminal.wait() == 130
        left = picture(terminal)
        assert left.modes == {"cursor", "wraps"}
        assert left.lines[-5:] == then
        assert left.wiped == 0
        assert "Traceback" not in terminal.shown


def test_a_look_that_says_nothing_new_writes_nothing(url: str, fixed: Fixed) -> None:
    with Terminal("status", *flags(url), env={"COLUMNS": "100", "LINES": "24"}) as terminal:
        await_line(terminal, "failing")
        wait_for(lambda: len(fixed.seen) >= 2)
        before = terminal.shown
        looked = len(fixed.seen)
        wait_for(lambda: len(fixed.seen) >= looked + 2)
        assert terminal.shown == before


def test_it_follows_the_size_of_the_window(url: str) -> None:
    with Terminal("status", *flags(url)) as terminal:
        terminal.resize(rows=30, columns=200)
        await_line(terminal, "40× not enough CPU, 1× volume not ready")
        terminal.resize(rows=4, columns=60)
        lines = await_line(terminal, "3 more lines: make the window higher")
        assert len(lines) == 4
        assert max(map(len, lines[1:])) <= 60  # the first is cut by the terminal, which does not wrap
        terminal.resize(rows=30, columns=200)
        await_line(terminal, "40× not enough CPU, 1× volume not ready")


def test_a_lost_daemon_is_said_and_it_goes_on(fixed: Fixed) -> None:
    with listening(fixed.app()) as server:
        port = server.port
        url = f"http://127.0.0.1:{port}"
        terminal = Terminal("status", *flags(url), env={"COLUMNS": "160", "LINES": "24"})
        await_line(terminal, "failing")
    with terminal:
        lines = await_line(terminal, rf"No answer from the daemon at {url} since .* UTC \(connection refused\)")
        assert any("failing" in line for line in lines), "what was seen last stays"
        with listening(fixed.app(), port=port):
            wait_for(lambda: not any("No answer" in line for line in picture(terminal).lines), 30.0)
        terminal.interrupt()
        assert terminal.wait() == 130


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_whatever_ends_it_the_terminal_is_as_it_was(url: str, number: signal.Signals, code: int) -> None:
    with Terminal("status", *flags(url)) as terminal:
        await_line(terminal, "failing")
        terminal.send(number)
        assert terminal.wait() == code
        assert picture(terminal).modes == {"cursor", "wraps"}


def test_ctrl_z_gives_the_terminal_to_the_shell_and_fg_takes_it_again(url: str) -> None:
    with Terminal("status", *flags(url)) as terminal:
        await_line(terminal, "failing")
        terminal.send(signal.SIGTSTP)
        wait_for(lambda: terminal.stopped, 30.0, "the stop")
        wait_for(lambda: picture(terminal).modes == {"cursor", "wraps"})
        terminal.send(signal.SIGCONT)
        await_line(terminal, "failing")
        wait_for(lambda: picture(terminal).modes == {"alternate"})
        terminal.interrupt()
        assert terminal.wait() == 130


def test_what_is_missing_is_said_above_the_table_where_it_is_not_cut_off(url: str, fixed: Fixed) -> None:
    fixed.view = view(cluster(RUNNING, FAILING, DARK, namespaces=("default", "blast")))
    with Terminal("status", *flags(url), env={"COLUMNS": "100", "LINES": "5"}) as terminal:
        lines = await_line(terminal, "more lines")
        assert "in namespace blast cannot be read" in lines[1]


def test_one_search_live_with_its_details(url: str, fixed: Fixed) -> None:
    with Terminal("status", "4fa1c09be377", *flags(url), env={"COLUMNS": "100", "LINES": "50"}) as terminal:
        await_line(terminal, "^Progress +200/400 50%")
        set_searches(fixed, LATER)
        await_line(terminal, "^Progress +250/400 62%")
        set_searches(fixed, DARK)
        await_line(terminal, "No search that is known is called '4fa1c09be377'")


def test_colours_are_not_forced_on_a_live_terminal(url: str) -> None:
    for environment, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        with Terminal("status", *flags(url), env=environment) as terminal:
            await_line(terminal, "failing")
            assert ("\x1b[31m" in terminal.shown) == coloured


# Elsewhere


def test_elsewhere_there_is_a_block_for_each_change(url: str, fixed: Fixed) -> None:
    with watching(*flags(url)) as child:
        first = child.block()
        assert re.fullmatch(r"[0-9-]{10} [0-9:]{8} UTC", first[0])
        assert len(first) == 5
        looked = len(fixed.seen)
        set_searches(fixed, RUNNING, FAILING, DARK)  # only the clock goes on
        wait_for(lambda: len(fixed.seen) >= looked + 2)
        set_searches(fixed, LATER)
        second = child.block()
        assert [line.split()[0] for line in second[1:]] == ["ID", RUNNING.id[-8:]]
        assert "250/400 62%" in second[2]
        assert child.end() == 130
        assert child.out.empty()
        assert child.err.empty()


def test_elsewhere_what_is_spent_meanwhile_is_no_change(url: str, fixed: Fixed) -> None:
    def spent(hours: float) -> View:
        around = cluster(RUNNING, node_seconds={(RUNNING.namespace, RUNNING.id, "blastpool"): 3600.0 * hours})
        return replace(view(around), prices={"blastpool": (1.0, "USD")})

    fixed.view = spent(1.0)
    with watching(*flags(url, "--output", "wide")) as child:
        assert "1.00 USD" in " ".join(child.block())
        while not child.out.empty():
            child.out.get()
        looked = len(fixed.seen)
        fixed.view = replace(spent(2.0), at=fixed.view.at + 2.0)
        wait_for(lambda: len(fixed.seen) >= looked + 3)
        assert child.end() == 130
        assert "2.00 USD" not in " ".join(child.out.queue)


def test_a_daemon_whose_time_is_none_is_shown_all_the_same(url: str, fixed: Fixed) -> None:
    fixed.view = replace(view(cluster(RUNNING)), at=1e300)
    with watching(*flags(url)) as child:
        assert child.block()[0] == "–"
        assert child.end() == 130
        assert child.err.empty()


def test_json_is_one_document_a_line_for_each_look_of_the_daemon(url: str, fixed: Fixed) -> None:
    with watching(*flags(url, "--output", "json")) as child:
        first = json.loads(child.out.get(timeout=30.0))
        looked = len(fixed.seen)
        wait_for(lambda: len(fixed.seen) >= looked + 2)
        set_searches(fixed, RUNNING, seconds=2.0)
        second = json.loads(child.out.get(timeout=30.0))
        assert second["at"] == first["at"] + 2.0
        assert [len(one["clusters"][0]["searches"]) for one in (first, second)] == [3, 1]
        assert child.end() == 130
        assert child.out.empty()


def test_elsewhere_silence_and_its_end_are_said_once_on_standard_error(fixed: Fixed) -> None:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        port = place.getsockname()[1]
    with watching(*flags(f"http://127.0.0.1:{port}")) as child:
        assert "(connection refused); asking again." in child.err.get(timeout=30.0)
        with listening(fixed.app(), port=port):
            assert "answers again" in child.err.get(timeout=30.0)
            assert len(child.block()) == 5
        assert " since 20" in child.err.get(timeout=30.0)
        assert child.end() == 130
        assert child.err.empty()


def test_it_ends_when_the_reader_of_its_output_has_gone(url: str, fixed: Fixed) -> None:
    command = [sys.executable, "-m", "exporter", "status", *flags(url, "--output", "json")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as child:
        assert child.stdout
        assert child.stdout.readline()
        child.stdout.close()
        set_searches(fixed, LATER)
        assert child.wait(30.0) == 1
        assert child.stderr
        assert child.stderr.read() == b""


def test_a_dumb_terminal_gets_blocks(url: str) -> None:
    with Terminal("status", *flags(url), env={"TERM": "dumb"}) as terminal:
        terminal.await_text("failing")
        assert "\x1b" not in terminal.shown


def test_what_is_wrong_with_the_configuration_ends_it_at_once(tmp_path: Path) -> None:
    with watching("--kubeconfig", str(tmp_path / "none"), "--watch", "--set", "lisen.port=1") as child:
        assert child.process.wait(30.0) == 2
        assert "in the configuration:" in child.err.get(timeout=30.0)


def test_the_cluster_itself_is_not_asked_often_and_may_be_silent() -> None:
    def nobody() -> tuple[Report, list[str]]:
        raise ConnectError("no such context")

    source = cluster_source(nobody)
    assert source.least == 30.0
    with pytest.raises(SilentError, match="no such context"):
        source.look()
