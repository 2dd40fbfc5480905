"""Many actors on one thread: a heap of generators ordered by the time they want to go on."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable, Generator

from exporter.simulator.clock import SimClock
from exporter.simulator.errors import ApiError

log = logging.getLogger(__name__)

Actor = Generator[float, None, None]
"""Yields the simulated seconds it wants to sleep."""
SHORTEST_SLEEP = 0.002
ERRORS_KEPT = 100


class Agenda:
    """Resumes actors when they are due. An actor that raises ends alone; `errors` keeps what was raised, to a limit."""

    def __init__(self, clock: SimClock) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, Actor]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._stopped = False
        self.errors: list[BaseException] = []

    def spawn(self, actor: Actor, *, after: float = 0.0) -> None:
        """Let an actor begin `after` simulated seconds; any thread may call this."""
        with self._changed:
            self._push(actor, after)
            self._changed.notify()

    def run(self) -> None:
        """Run the actors until `stop`."""
        while (actor := self._next()) is not None:
            self._resume(actor)

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify()

    def _push(self, actor: Actor, after: float) -> None:
        real = max(self._clock.scaled(after), SHORTEST_SLEEP if after > 0 else 0.0)
        heapq.heappush(self._heap, (time.monotonic() + real, next(self._order), actor))

    def _next(self) -> Actor | None:
        with self._changed:
            while not self._stopped:
                wait = self._heap[0][0] - time.monotonic() if self._heap else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._heap)[2]
                self._changed.wait(wait)
        return None

    def _resume(self, actor: Actor) -> None:
        try:
            pause = next(actor)
        except StopIteration:
            return
        except ApiError as error:
            log.warning("an actor was refused: %s", error)
            self._keep(error)
        except Exception as error:
            log.exception("an actor failed")
            self._keep(error)
        else:
            with self._changed:
                self._push(actor, pause)

    def _keep(self, error: BaseException) -> None:
        if len(self.errors) < ERRORS_KEPT:
            self.errors.append(error)


def until(done: Callable[[], bool], *, every: float, within: float) -> Generator[float, None, bool]:
    """Sleep until `done()`; False if that takes more than `within` simulated seconds."""
    for _ in range(max(1, round(within / every))):
        if done():
            return True
        yield every
    return done()
