"""A request that may hang: made in a thread of its own, never twice at once, and waited for no longer than told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from exporter.adapters.clock import Clock
from exporter.domain.failures import Failed, Word

T = TypeVar("T")


class Errand(Generic[T]):
    """Runs `ask`, which raises Failed, whenever it is wanted and the pause after the last time is over.

    `pause(answer)`: seconds until it may be asked again, longer if a failure's Retry-After says so.
    """

    def __init__(
        self,
        ask: Callable[[], T],
        *,
        name: str,
        clock: Clock,
        budget: float,
        pause: Callable[[T | Failed], float],
    ) -> None:
        self._ask = ask
        self._name = name
        self._clock = clock
        self._budget = budget
        self._pause = pause
        self._lock = threading.Lock()
        self._idle = threading.Event()
        self._idle.set()
        self._not_before = float("-inf")
        self._answer: T | Failed = Failed(Word.BUG, f"{name}: never asked")

    def start(self, *, at_once: bool = False) -> None:
        """Ask in the background, unless that is under way or (without `at_once`) the pause is not over."""
        with self._lock:
            if not self._idle.is_set() or (self._clock.mono() < self._not_before and not at_once):
                return
            self._idle.clear()
        try:
            threading.Thread(target=self._run, name=self._name, daemon=True).start()
        except RuntimeError:
            self._answer = Failed(Word.BUG, f"{self._name}: this process can have no more threads")
            self._idle.set()

    def result(self, *, at_once: bool = False) -> T:
        """The answer to the newest request, which is made now if it may be. Raises Failed."""
        self.start(at_once=at_once)
        if not self._idle.wait(self._budget):
            raise Failed(Word.TIMEOUT, f"{self._name}: no answer within {self._budget:g} s")
        answer = self._answer
        if isinstance(answer, Failed):
            raise Failed(answer.word, answer.detail, answer.retry_after)
        return answer

    def _run(self) -> None:
        answer: T | Failed
        try:
            answer = self._ask()
        except Failed as failure:
            answer = failure
        except Exception as error:  # noqa: BLE001 - the thread has nobody to raise to; the word is `bug`
            answer = Failed(Word.BUG, f"{self._name}: {type(error).__name__}")
        wait = self._pause(answer)
        if isinstance(answer, Failed):
            wait = max(wait, answer.retry_after or 0.0)
        with self._lock:
            self._answer = answer
            self._not_before = self._clock.mono() + wait
            self._idle.set()
