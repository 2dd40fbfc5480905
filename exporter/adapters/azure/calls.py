"""So many calls a minute and no more, whoever asks; and no ask that lasts longer than it is waited for."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from exporter.adapters.azure.errand import Errand
from exporter.adapters.clock import Clock
from exporter.domain.failures import Deferred, Failed, Word

MOST_CALLS = 6
_WINDOW = 60.0
_SENT = "elasticblast_exporter_sent"

T = TypeVar("T")


class Calls:
    """At most `most` calls in any minute. Safe across threads."""

    def __init__(self, clock: Clock, *, most: int = MOST_CALLS) -> None:
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        self._made: deque[float] = deque()

    def take(self, count: int = 1, *, keep: int = 0) -> None:
        """Count so many calls, unless fewer than `keep` would be left. Raises Deferred with the time to wait."""
        now = self._clock.mono()
        with self._lock:
            while self._made and now - self._made[0] >= _WINDOW:
                self._made.popleft()
            over = len(self._made) + count + keep - self._most
            if over > 0:
                oldest = self._made[min(over, len(self._made)) - 1] if self._made else now
                raise Deferred(oldest + _WINDOW - now)
            self._made.extend([now] * count)


def once_more(calls: Calls) -> Callable[[Any], None]:
    """Return what Azure's clients take as `raw_request_hook`, which counts a request that is sent again: with a new
    token after a claims challenge. The first time is counted by who asks. It raises Failed (`throttled`) when there is
    no room; the token is then there for the next read."""

    def sending(request: Any) -> None:
        if request.context.get(_SENT):
            try:
                calls.take()
            except Deferred as later:
                raise Failed(Word.THROTTLED, "ARM: our own limit of calls", later.wait) from None
        request.context[_SENT] = True

    return sending


def limited(
    ask: Callable[[], T], *, name: str, calls: Calls, cost: Callable[[], int], keep: int, clock: Clock, budget: float
) -> Callable[[float], T]:
    """`ask`, which makes `cost()` calls, in a thread of its own, waited for no longer than `budget` seconds and never
    running twice at once. It raises Deferred when there is no room for its calls, and then makes none."""
    errand = Errand(ask, name=name, clock=clock, budget=budget, pause=lambda _: 0.0)

    def asked(_budget: float) -> T:
        calls.take(cost(), keep=keep)
        return errand.result(at_once=True)

    return asked
