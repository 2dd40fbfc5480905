"""ARM's token buckets: so many requests at once, refilled with time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from exporter.simulator.arm.errors import throttled
from exporter.simulator.clock import SimClock


@dataclass(slots=True, kw_only=True)
class Budget:
    """`size` requests, refilled by `refill` a second. `retry_after` takes the place of the seconds worked out."""

    clock: SimClock
    size: float = 250.0
    refill: float = 25.0
    retry_after: int | None = None
    _left: float = field(init=False)
    _at: float = field(init=False)

    def __post_init__(self) -> None:
        self._left, self._at = self.size, self.clock.now()

    def take(self) -> int:
        """What is left after one more request; ArmError 429 if there is nothing."""
        now = self.clock.now()
        self._left = min(self.size, self._left + (now - self._at) * self.refill)
        self._at = now
        if self._left < 1:
            raise throttled(self.retry_after or self._seconds())
        self._left -= 1
        return int(self._left)

    def drain(self) -> None:
        """Leave nothing."""
        self._left, self._at = 0.0, self.clock.now()

    def fill(self) -> None:
        """Leave everything."""
        self._left, self._at = self.size, self.clock.now()

    def _seconds(self) -> int:
        return math.ceil((1 - self._left) / self.refill) if self.refill else 300
