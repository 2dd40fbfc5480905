"""Waiting for something to become true, with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_for(predicate: Callable[[], T], timeout: float = 15.0, what: str | Callable[[], str] = "") -> T:
    """Poll until `predicate()` is true and return its value.

    Raises `TimeoutError` with `what` (text, or a function called only then).
    """
    deadline = time.monotonic() + timeout
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise TimeoutError(f"not within {timeout:g} s: {what() if callable(what) else what or predicate}")
        time.sleep(0.05)
