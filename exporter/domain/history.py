"""What became of one search while somebody watched: its phases, and how many of its batches had ended when.

A value of bounded size. It holds only what was seen: moments are left out when there are too many, none is made up.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from struct import Struct
from typing import NamedTuple

from exporter.domain.phase import Phase
from exporter.domain.progress import median

MOST_POINTS = 120
MOST_MARKS = 40
FIRST_STEP = 2.0  # seconds between two points, until they are too many
SPEED_WINDOW = 600.0
SPEED_LEAST = 20.0
_PACKED = Struct("<dQQ")


class Point(NamedTuple):
    """At a moment (Unix seconds): batches that had ended, whichever way, and those that ran."""

    at: float
    ended: int
    running: int


class Mark(NamedTuple):
    """A phase, and when it was first seen (Unix seconds)."""

    at: float
    phase: Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Points and phases in the order in which they were seen; the first and the last that were seen are among them.

    `step` is how many seconds apart points are kept; it grows whenever they are too many, and half of them go.
    `left_out` counts phases that are not told because there were too many: the shortest ones.
    """

    step: float = FIRST_STEP
    packed: bytes = b""
    marks: tuple[Mark, ...] = ()
    left_out: int = 0

    @property
    def points(self) -> tuple[Point, ...]:
        return tuple(map(Point._make, _PACKED.iter_unpack(self.packed)))

    @property
    def since(self) -> float | None:
        """When it was first seen, Unix seconds."""
        return self.marks[0].at if self.marks else None


def noted(history: History, phase: Phase, point: Point) -> History:
    """The history with one more look. Where the clock was set back, what lies after the look is dropped."""
    packed, marks = history.packed, history.marks
    while packed and _at(packed, -1).at > point.at:
        packed = packed[: -_PACKED.size]
    if marks and marks[-1].at > point.at:
        marks = tuple(mark for mark in marks if mark.at <= point.at)
    packed, step = _thinned(_with(packed, history.step, point), history.step)
    if marks and marks[-1].phase is phase:
        shown, left_out = marks, 0
    else:
        shown, left_out = _fewer((*marks, Mark(point.at, phase)))
    return History(step=step, packed=packed, marks=shown, left_out=history.left_out + left_out)


def speed(history: History) -> float | None:
    """Batches that ended per minute in the last ten minutes that were watched; None if that was too short a time."""
    points = history.points
    if not points or points[-1].at - points[0].at < SPEED_LEAST:
        return None
    last = points[-1]
    start = max(last.at - SPEED_WINDOW, points[0].at)
    return max(last.ended - _ended_by(points, start), 0.0) * 60.0 / (last.at - start)


def _ended_by(points: Sequence[Point], at: float) -> float:
    """On the straight line between the points around that moment: they may be far apart, as on a level line."""
    index = bisect_left(points, at, key=lambda point: point.at)
    after, before = points[index], points[max(index - 1, 0)]
    if after.at <= before.at:
        return after.ended
    return before.ended + (after.ended - before.ended) * (at - before.at) / (after.at - before.at)


def _at(packed: bytes, index: int) -> Point:
    start = index * _PACKED.size + (len(packed) if index < 0 else 0)
    return Point._make(_PACKED.unpack_from(packed, start))


def _with(packed: bytes, step: float, point: Point) -> bytes:
    """The last point gives way to the new one if it is too close to the one before, or lies on a level line."""
    if len(packed) >= 2 * _PACKED.size:
        before, last = _at(packed, -2), _at(packed, -1)
        if last.at - before.at < step or before[1:] == last[1:] == point[1:]:
            packed = packed[: -_PACKED.size]
    return packed + _PACKED.pack(*point)


def _thinned(packed: bytes, step: float) -> tuple[bytes, float]:
    """Every other point, the first and the last among them, once there are too many; from then on points come no closer
    than these are."""
    if len(packed) <= MOST_POINTS * _PACKED.size:
        return packed, step
    points = list(_PACKED.iter_unpack(packed))
    kept = points[::2] if len(points) % 2 else [*points[::2], points[-1]]
    gaps = [after[0] - before[0] for before, after in pairwise(kept)]
    return b"".join(_PACKED.pack(*point) for point in kept), max(2 * step, median(gaps) or 0.0)


def _fewer(marks: tuple[Mark, ...]) -> tuple[tuple[Mark, ...], int]:
    """At most MOST_MARKS, and how many had to go: the shortest phase, and the return to the one before it."""
    if len(marks) <= MOST_MARKS:
        return marks, 0
    shortest = min(range(1, len(marks) - 2), key=lambda index: marks[index + 1].at - marks[index].at)
    end = shortest + (2 if marks[shortest - 1].phase is marks[shortest + 1].phase else 1)
    return marks[:shortest] + marks[end:], end - shortest
