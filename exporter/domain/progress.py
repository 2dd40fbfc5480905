"""How many batches a search will have, and when it will be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_OPEN_STATES = ("pending", "running", "lost")


def expected_jobs(highest_batch: int | None, shards: int) -> int | None:
    """Batch numbers start at 000 and have no gaps: (highest + 1) for every shard."""
    return None if highest_batch is None else (highest_batch + 1) * max(shards, 1)


def ended_jobs(expected: int | None, jobs: Mapping[str, int]) -> int | None:
    """Batches that have ended, out of the expected ones: all but the open ones. None while either is not known."""
    if expected is None or not all(state in jobs for state in _OPEN_STATES):
        return None
    return min(max(expected - sum(jobs[state] for state in _OPEN_STATES), 0), expected)


def done_jobs(expected: int | None, jobs: Mapping[str, int]) -> int | None:
    """Batches that have ended so far, also while more may be submitted: then those whose end was seen."""
    ended = ended_jobs(expected, jobs)
    if ended is not None or "succeeded" not in jobs:
        return ended
    return jobs["succeeded"] + jobs.get("failed", 0)


def median(durations: Sequence[float]) -> float | None:
    """The upper median, in the unit of the input; None of nothing."""
    return sorted(durations)[len(durations) // 2] if durations else None


def remaining(typical: float, running_for: Sequence[float], pending: int) -> float | None:
    """Seconds until the last batch ends; None when no honest estimate exists: nothing runs.

    Each running batch needs what is left of the typical time, and at least a tenth of it when it is overdue (hit-rich
    batches run long). The pending ones go through as many slots as run now. The answer is the larger of the work
    left per slot and the longest single chain.
    """
    if not running_for or typical <= 0:
        return None
    left = [max(typical - elapsed, typical / 10) for elapsed in running_for]
    work = sum(left) + pending * typical
    longest = max(left) if not pending else min(left) + typical
    return max(work / len(left), longest, *left)
