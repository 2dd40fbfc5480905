"""How often somebody may ask: token buckets in a bounded table."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

_MOST_KEYS = 1024


class Rates:
    """`per_minute` requests for each key, all of them at once if it has been quiet for a minute.

    At most 1,024 keys are remembered; the one not heard for longest is forgotten. `clock` gives monotonic seconds. Safe
    for several threads.
    """

    def __init__(self, per_minute: float, clock: Callable[[], float], *, burst: float | None = None) -> None:
        self._per_second = per_minute / 60.0
        self._burst = per_minute if burst is None else burst
        self._clock = clock
        self._lock = threading.Lock()
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, key: Hashable) -> float:
        """Take one: 0.0, or the seconds after which there will be one, and then none was taken."""
        with self._lock:
            left, now = self._filled(key)
            wait = self._wait(left)
            self._left[key] = (left if wait else left - 1.0, now)
            self._left.move_to_end(key)
            while len(self._left) > _MOST_KEYS:
                self._left.popitem(last=False)
            return wait

    def wait(self, key: Hashable) -> float:
        """What `take` would return; nothing is taken."""
        with self._lock:
            return self._wait(self._filled(key)[0])

    def _filled(self, key: Hashable) -> tuple[float, float]:
        now = self._clock()
        left, at = self._left.get(key, (self._burst, now))
        return min(self._burst, left + (now - at) * self._per_second), now

    def _wait(self, left: float) -> float:
        return 0.0 if left >= 1.0 else (1.0 - left) / self._per_second
