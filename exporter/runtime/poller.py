"""Numbers that are asked for now and then: how many Jobs the API server stores."""

from __future__ import annotations

from dataclasses import dataclass, field

from exporter.adapters.clock import Clock
from exporter.adapters.decode import stored_objects
from exporter.adapters.transport import Transport
from exporter.collectors.base import Poll
from exporter.domain.failures import Failed, Word
from exporter.runtime.backoff import delay
from exporter.runtime.pulse import Pulse

_CAP = 1024**2


@dataclass(slots=True, eq=False)
class Poller:
    """One polled number of one namespace. `attempt` is called by a scheduled tick and never sleeps."""

    poll: Poll
    namespace: str
    collector: str
    transport: Transport
    clock: Clock
    interval: float
    budget: float
    pulse: Pulse = field(init=False)
    _failures: int = 0
    _not_before: float = 0.0

    def __post_init__(self) -> None:
        self.pulse = Pulse(every=self.interval)

    def attempt(self) -> tuple[str, int | None]:
        """The result word (ok, skipped or a failure word) and the number, None unless ok."""
        now = self.clock.mono()
        if now < self._not_before or self.pulse.busy_since is not None:
            return "skipped", None
        self.pulse = self.pulse.busy(now)
        try:
            answer = self.transport.get(
                self.poll.path.format(namespace=self.namespace), self.poll.params, budget=self.budget, cap=_CAP
            )
            number = stored_objects(answer.body)
        except Failed as failure:
            return self._failed(failure), None
        except Exception as error:  # noqa: BLE001 - the word is `bug`; the next tick tries again
            return self._failed(Failed(Word.BUG, type(error).__name__)), None
        self._failures = 0
        self.pulse = self.pulse.heard(mono=self.clock.mono(), wall=self.clock.wall())
        return "ok", number

    @property
    def name(self) -> str:
        """The name of its number."""
        return self.poll.name

    def _failed(self, failure: Failed) -> str:
        self._failures += 1
        wait = delay(self._failures, first=self.interval, cap=max(60.0, self.interval), retry_after=failure.retry_after)
        self._not_before = self.clock.mono() + wait
        self.pulse = self.pulse.failed(failure)
        return failure.word
