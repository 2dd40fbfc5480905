"""The two clocks."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """`wall()` is Unix seconds and may step; `mono()` is seconds from anywhere and never goes back."""

    def wall(self) -> float: ...

    def mono(self) -> float: ...


class SystemClock:
    """The clocks of this machine."""

    def wall(self) -> float:
        return time.time()

    def mono(self) -> float:
        return time.monotonic()
