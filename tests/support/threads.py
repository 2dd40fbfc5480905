"""A process that can have no more threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_NO_MACHINE_HAS_IT = 1 << 46


@contextmanager
def no_more_threads() -> Iterator[None]:
    """Each new thread wants a stack for which there is no memory, so none starts."""
    before = threading.stack_size(_NO_MACHINE_HAS_IT)
    try:
        yield
    finally:
        threading.stack_size(before)
