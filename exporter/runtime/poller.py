"""What is asked for now and then. An answer is one immutable document; the newest one counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from exporter.adapters.clock import Clock
from exporter.domain.failures import Deferred, Failed, Word
from exporter.runtime.backoff import delay
from exporter.runtime.pulse import Pulse

_EARLY = 1.0  # seconds by which a tick may come before its time


def _nothing() -> None:
    """There is nothing to end."""


@dataclass(slots=True, eq=False)
class Poller:
    """One document of one namespace, or of the cluster (empty). `attempt` is called by a scheduled tick.

    `ask(budget)` answers within about so many seconds or raises Failed; Deferred asks for another time, and nothing
    has gone wrong. `interval` is between two questions; the first is put `after` seconds from now. `cap_wait`: the
    longest pause after failures, if no answer asks for a longer one. An answer may be shown for `hold` seconds at
    least. `optional`: nothing is said of it where it is not there.
    `abort` ends an ask that is under way, from any thread; `close` lets go of what it asks with.
    """

    name: str
    collector: str
    namespace: str
    ask: Callable[[float], object]
    clock: Clock
    interval: float
    budget: float
    cap_wait: float = 60.0
    hold: float = 0.0
    after: float = 0.0
    optional: bool = False
    abort: Callable[[], None] = _nothing
    close: Callable[[], None] = _nothing
    pulse: Pulse = field(init=False)
    _failures: int = 0
    _not_before: float = 0.0
    _due_at: float = field(init=False)

    def __post_init__(self) -> None:
        self.pulse = Pulse(every=self.interval, hold=self.hold, optional=self.optional)
        self._due_at = self.clock.mono() + self.after

    def due(self) -> bool:
        """Whether its time has come."""
        return self.clock.mono() >= self._due_at - min(_EARLY, 0.05 * self.interval)

    def attempt(self) -> tuple[str, object | None]:
        """The result word (ok, skipped or a failure word) and the answer, None unless ok."""
        now = self.clock.mono()
        if now < self._not_before or self.pulse.busy_since is not None:
            return "skipped", None
        self._due_at = now + self.interval
        self.pulse = self.pulse.busy(now)
        try:
            answer = self.ask(self.budget)
        except Deferred as later:
            return self._deferred(later), None
        except Failed as failure:
            return self._failed(failure), None
        except Exception as error:  # noqa: BLE001 - the word is `bug`; the next tick tries again
            return self._failed(Failed(Word.BUG, type(error).__name__)), None
        self._failures = 0
        self.pulse = self.pulse.heard(mono=self.clock.mono(), wall=self.clock.wall())
        return "ok", answer

    def _deferred(self, later: Deferred) -> str:
        self._due_at = self._not_before = self.clock.mono() + later.wait
        self.pulse = self.pulse.released()
        return "skipped"

    def _failed(self, failure: Failed) -> str:
        self._failures += 1
        cap = max(self.cap_wait, self.interval)
        wait = delay(self._failures, first=self.interval, cap=cap, retry_after=failure.retry_after)
        self._not_before = self.clock.mono() + wait
        self.pulse = self.pulse.failed(failure)
        return failure.word
