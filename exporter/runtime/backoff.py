"""How long to wait after a failure."""

from __future__ import annotations

import random

_RETRY_AFTER = (1.0, 300.0)


def delay(failures: int, *, first: float, cap: float, retry_after: float | None = None) -> float:
    """Seconds after the n-th failure in a row: doubled from `first` up to `cap`, jittered down to a half.

    What the API asks for (Retry-After) is a floor, clamped to 1…300 s.
    """
    wait: float = min(cap, first * 2.0 ** (min(failures, 32) - 1)) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret
    if retry_after is None:
        return wait
    low, high = _RETRY_AFTER
    return max(wait, min(max(retry_after, low), high))
