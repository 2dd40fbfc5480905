"""Ticks come on time, alone, and again: whatever one of them or the wall clock does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from exporter.adapters.clock import SystemClock
from exporter.runtime.scheduler import Scheduler
from tests.support.waiting import wait_for


class Bench:
    """A scheduler, what it ran, and what it skipped; `release` frees a tick that hangs in `hang`."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.skipped: list[str] = []
        self.release = threading.Event()
        self.scheduler = Scheduler(clock=SystemClock(), on_skip=self.skipped.append)

    def add(self, name: str, interval: float = 0.1) -> None:
        self.scheduler.add(name, interval, lambda: self.ran.append(name))

    def hang(self) -> None:
        self.ran.append("hang")
        self.release.wait(20.0)

    def count(self, name: str) -> int:
        return self.ran.count(name)


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.release.set()
    bench.scheduler.stop()


def test_the_first_tick_comes_at_once_and_the_others_at_their_interval(bench: Bench) -> None:
    bench.add("tick", 0.2)
    bench.scheduler.start()
    wait_for(lambda: bench.count("tick") == 1, 0.2)
    time.sleep(1.0)
    assert 4 <= bench.count("tick") <= 6


@pytest.mark.fault(65)
def test_a_tick_that_hangs_delays_no_other(bench: Bench) -> None:
    bench.scheduler.add("hang", 0.1, bench.hang)
    for name in ("one", "two", "three"):
        bench.add(name)
    bench.scheduler.start()
    time.sleep(1.0)
    assert all(bench.count(name) >= 8 for name in ("one", "two", "three"))
    assert bench.count("hang") == 1
    hanging = bench.scheduler.ticks[0]
    assert hanging.busy
    assert bench.scheduler.late(hanging) >= 0.9


@pytest.mark.fault(66)
def test_a_tick_that_overruns_is_skipped_counted_and_never_runs_twice_at_once(bench: Bench) -> None:
    running, most = [0], [0]

    def slow() -> None:
        running[0] += 1
        most[0] = max(most[0], running[0])
        time.sleep(0.25)
        running[0] -= 1

    bench.scheduler.add("slow", 0.1, slow)
    bench.scheduler.start()
    wait_for(lambda: bench.skipped.count("slow") >= 4, 5.0)
    assert most == [1]


@pytest.mark.fault(64)
def test_a_tick_that_raises_is_said_and_comes_again(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    def bad() -> None:
        bench.ran.append("bad")
        raise KeyError("bad")

    bench.scheduler.add("bad", 0.1, bad)
    bench.scheduler.start()
    wait_for(lambda: bench.count("bad") >= 3, 5.0)
    assert "tick_failed" in [record.getMessage() for record in caplog.records]


@pytest.mark.fault(68)
def test_what_a_step_of_the_wall_clock_puts_off_is_planned_anew(bench: Bench) -> None:
    """A step back by an hour leaves the next run an hour ahead; the monotonic clock knows better."""
    bench.add("tick")
    bench.scheduler.start()
    wait_for(lambda: bench.ran, 1.0)
    bench.scheduler._background.modify_job("tick", next_run_time=datetime.now(UTC) + timedelta(hours=1))
    before = bench.count("tick")
    wait_for(lambda: bench.count("tick") >= before + 3, 5.0)


@pytest.mark.fault(69)
def test_a_step_of_the_wall_clock_forwards_makes_no_burst(bench: Bench) -> None:
    """A run that was due a day ago is made up for once."""
    bench.add("tick", 0.3)
    bench.scheduler.start()
    wait_for(lambda: bench.ran, 1.0)
    before = bench.count("tick")
    bench.scheduler._background.modify_job("tick", next_run_time=datetime.now(UTC) - timedelta(days=1))
    began = time.monotonic()
    time.sleep(0.9)
    wait_for(lambda: bench.count("tick") >= before + 2, 5.0)
    made_up_for, due = 1, (time.monotonic() - began) / 0.3 + 1
    assert bench.count("tick") - before <= due + made_up_for


@pytest.mark.fault(67)
def test_when_the_planning_ends_every_tick_becomes_late(bench: Bench) -> None:
    bench.add("tick")
    bench.scheduler.start()
    wait_for(lambda: bench.ran, 1.0)
    bench.scheduler._background.pause()
    time.sleep(0.5)
    assert bench.scheduler.late(bench.scheduler.ticks[0]) > 0.3


def test_stopping_waits_for_no_tick(bench: Bench) -> None:
    bench.scheduler.add("hang", 0.1, bench.hang)
    bench.scheduler.start()
    wait_for(lambda: bench.ran, 1.0)
    began = time.monotonic()
    bench.scheduler.stop()
    assert time.monotonic() - began < 3.0
    bench.release.set()
    time.sleep(0.3)
    assert bench.count("hang") == 1
    bench.scheduler = Scheduler(clock=SystemClock(), on_skip=bench.skipped.append)
    bench.scheduler.start()
