"""What ARM's answers say beside their content: how many requests it still allows, and what its clock shows."""

from __future__ import annotations

import threading


class Aside:
    """Safe across threads. `left` is by (scope, operation); `skew` is ARM's clock minus ours, None before an answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: dict[tuple[str, str], int] = {}
        self.skew: float | None = None

    def allow(self, scope: str, operation: str, number: int) -> None:
        """ARM has said how many requests it still allows."""
        with self._lock:
            self._left[scope, operation] = number

    def show(self, skew: float) -> None:
        """An answer was dated."""
        self.skew = skew

    def left(self) -> dict[tuple[str, str], int]:
        with self._lock:
            return dict(self._left)
