"""Ticks. The only file that imports APScheduler."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from exporter.adapters.clock import Clock
from exporter.logs import Transitions, event

LOG = logging.getLogger("exporter.scheduler")
_GUARD_EVERY = 1.0
_LATE = 3.0  # intervals without a tick after which the scheduler is taken to sleep on a stepped wall clock


@dataclass(slots=True, eq=False)
class Tick:
    """One thing done every `interval` seconds, first `after` seconds from the start, never twice at once.

    `began_at`: monotonic start of the last run.
    """

    name: str
    interval: float
    run: Callable[[], object]
    after: float = 0.0
    began_at: float | None = None
    busy: bool = False


@dataclass(slots=True, eq=False)
class Scheduler:
    """Runs ticks, each in a thread of its own, so that one that hangs delays no other.

    APScheduler plans by the wall clock. A guard on the monotonic clock plans anew what a wall clock step put off.
    `on_skip` is told the name of a tick that was due while its last run went on.
    """

    clock: Clock
    on_skip: Callable[[str], None]
    ticks: list[Tick] = field(default_factory=list)
    _background: BackgroundScheduler = field(init=False)
    _stop: threading.Event = field(default_factory=threading.Event)
    _guardian: threading.Thread = field(init=False)
    _transitions: Transitions = field(init=False)
    _started_at: float = 0.0

    def __post_init__(self) -> None:
        self._transitions = Transitions(self.clock.mono)
        self._guardian = threading.Thread(target=self._guard, name="scheduler-guard", daemon=True)
        self._background = BackgroundScheduler(timezone=UTC)
        self._background.add_listener(self._skipped, EVENT_JOB_MAX_INSTANCES | EVENT_JOB_MISSED)

    def add(self, name: str, interval: float, run: Callable[[], object], *, after: float = 0.0) -> None:
        self.ticks.append(Tick(name=name, interval=interval, run=run, after=after))

    def start(self) -> None:
        self._started_at = self.clock.mono()
        for tick in self.ticks:
            self._background.add_executor(ThreadPoolExecutor(1), alias=tick.name)
            self._background.add_job(
                self._once,
                "interval",
                args=(tick,),
                seconds=tick.interval,
                id=tick.name,
                executor=tick.name,
                max_instances=1,
                coalesce=True,
                misfire_grace_time=None,
                next_run_time=datetime.now(UTC) + timedelta(seconds=tick.after),
            )
        self._background.start()
        self._guardian.start()

    def stop(self) -> None:
        """Plan nothing more; runs that go on are not waited for."""
        self._stop.set()
        self._guardian.join(_GUARD_EVERY)
        self._background.shutdown(wait=False)

    def late(self, tick: Tick) -> float:
        """Seconds since the last run of a tick began."""
        return self.clock.mono() - (self._started_at if tick.began_at is None else tick.began_at)

    def _once(self, tick: Tick) -> None:
        tick.began_at, tick.busy = self.clock.mono(), True
        failure: Exception | None = None
        try:
            tick.run()
        except Exception as error:  # noqa: BLE001 - one bad tick must not end the next
            failure = error
        finally:
            tick.busy = False
        self._note(tick, failure)

    def _note(self, tick: Tick, failure: Exception | None) -> None:
        """One line when a tick begins to fail or is good again, not one per tick."""
        state = "ok" if failure is None else type(failure).__name__
        fields = self._transitions.note(tick.name, state)
        if fields is not None and (failure is not None or "previous" in fields):
            level, what = (logging.INFO, "tick_ok") if failure is None else (logging.ERROR, "tick_failed")
            event(LOG, level, what, exc=failure, tick=tick.name, **fields)

    def _skipped(self, job: JobEvent) -> None:
        self.on_skip(str(job.job_id))

    def _guard(self) -> None:
        while not self._stop.wait(_GUARD_EVERY):
            for tick in self.ticks:
                if not tick.busy and self.late(tick) > max(_LATE * tick.interval, tick.interval + 2.0):
                    self._background.modify_job(tick.name, next_run_time=datetime.now(UTC))
