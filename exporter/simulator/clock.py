"""The simulator's clock: timestamps are real, durations are shortened."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime


class SimClock:
    """Tells real wall time and divides durations by `speed`.

    Timestamps in objects are compared with real wall time by their readers, so `now` never runs faster;
    TTLs, grace periods and back-offs pass through `scaled` instead. `start` shifts `now` to begin at that epoch second.
    """

    def __init__(
        self, speed: float = 1.0, start: float | None = None, *, wall: Callable[[], float] = time.time
    ) -> None:
        if speed <= 0:
            raise ValueError("speed must be positive")
        self.speed = speed
        self._wall = wall
        self._shift = 0.0 if start is None else start - wall()

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._wall() + self._shift

    def stamp(self) -> str:
        """The present moment as Kubernetes writes it."""
        return rfc3339(self.now())

    def scaled(self, seconds: float) -> float:
        """Real seconds that `seconds` of simulated duration take."""
        return seconds / self.speed

    def sleep(self, seconds: float) -> None:
        """Sleep for `seconds` of simulated duration."""
        time.sleep(self.scaled(seconds))


def rfc3339(epoch: float) -> str:
    """Whole-second UTC time, e.g. 2026-01-31T12:00:00Z."""
    return datetime.fromtimestamp(int(epoch), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rfc3339_micro(epoch: float) -> str:
    """UTC time with microseconds, as MicroTime fields hold it."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def epoch_of(text: str) -> float:
    """Epoch seconds of an RFC 3339 time; ValueError if it is not one."""
    return datetime.fromisoformat(text).timestamp()
