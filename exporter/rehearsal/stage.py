"""Where a rehearsal plays, what it finds, and how it waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from exporter.domain.snapshots import SearchView
from exporter.rehearsal.batch import Batch
from exporter.rehearsal.core import Core
from exporter.rehearsal.custom import Custom

Verdict = Literal["ok", "failed", "skipped"]
_LOOK_EVERY = 0.2
T = TypeVar("T")


class PageError(Exception):
    """The daemon's page cannot be read now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the daemon says now: of a search by its id, how many nodes the cluster has, and how many MPIJobs the
    namespace. None is what it does not tell. Each raises PageError."""

    search: Callable[[str], SearchView | None]
    nodes: Callable[[], int | None]
    mpi_jobs: Callable[[], int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was expected, and what was seen instead of it or as it."""

    what: str
    expected: str
    seen: str
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One run: its namespace, the boundaries, the page. `wait` is how many seconds each act may take to show;
    `custom` is None where the cluster has no MPIJob."""

    run: str
    namespace: str
    image: str
    wait: float
    core: Core
    batch: Batch
    custom: Custom | None
    page: Page


def found(what: str, expected: str, seen: str, *, good: bool) -> Finding:
    return Finding(what=what, expected=expected, seen=seen, verdict="ok" if good else "failed")


def skipped(what: str, why: str) -> Finding:
    return Finding(what=what, expected="", seen=why, verdict="skipped")


def until(look: Callable[[], tuple[T, bool]], wait: float) -> tuple[T, bool]:
    """Look until it is good or `wait` seconds are over; what was seen last, and whether it is good."""
    ends = time.monotonic() + wait
    while True:
        seen, good = look()
        if good or time.monotonic() >= ends:
            return seen, good
        time.sleep(_LOOK_EVERY)
