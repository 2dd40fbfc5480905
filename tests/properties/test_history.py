"""What a history keeps of any life: bounded, in order, its ends, and nothing that was not seen."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from exporter.domain.history import MOST_MARKS, MOST_POINTS, History, Mark, Point, noted, speed
from exporter.domain.phase import Phase

Look = tuple[Phase, Point]
PHASES = [phase for phase in Phase if phase is not Phase.UNKNOWN]
STARTS = st.floats(0, 2e9)


@st.composite
def lives(draw: st.DrawFn, *, waits: st.SearchStrategy[float], most: int = 400) -> list[Look]:
    """Looks at one search, of which many say the same as the one before."""
    at, ended, running, phase = draw(STARTS), 0, 0, draw(st.sampled_from(PHASES))
    looks: list[Look] = []
    steps = st.tuples(waits, st.sampled_from((0, 0, 1, 7)), st.integers(0, 2), st.sampled_from((*PHASES, *[None] * 20)))
    for wait, more, runs, change in draw(st.lists(steps, min_size=1, max_size=most)):
        at, ended, running, phase = at + wait, ended + more, runs, change or phase
        looks.append((phase, Point(at, ended, running)))
    return looks


FORWARD = lives(waits=st.sampled_from((0.0, 0.25, 1.0, 30.0, 5000.0)))
ANYWAY = lives(waits=st.sampled_from((0.25, 2.0, 30.0, -0.5, -4000.0)))


def told(looks: list[Look]) -> History:
    history = History()
    for phase, point in looks:
        history = noted(history, phase, point)
    return history


def check_bounds(history: History, looks: list[Look]) -> None:
    points, marks = history.points, history.marks
    assert 1 <= len(points) <= MOST_POINTS
    assert 1 <= len(marks) <= MOST_MARKS
    assert all(one.at <= other.at for one, other in pairwise(points))
    assert all(one.at <= other.at and one.phase is not other.phase for one, other in pairwise(marks))
    assert set(points) <= {point for _, point in looks}
    assert set(marks) <= {Mark(point.at, phase) for phase, point in looks}


@given(FORWARD)
def test_it_is_bounded_ordered_true_and_has_both_ends(looks: list[Look]) -> None:
    history = told(looks)
    check_bounds(history, looks)
    assert (history.points[0], history.points[-1]) == (looks[0][1], looks[-1][1])
    assert history.marks[0] == Mark(looks[0][1].at, looks[0][0])
    assert history.since == looks[0][1].at
    assert history.marks[-1].phase is looks[-1][0]
    changes = 1 + sum(one[0] is not other[0] for one, other in pairwise(looks))
    assert len(history.marks) + history.left_out == changes


@given(ANYWAY)
def test_a_clock_that_is_set_back_breaks_nothing(looks: list[Look]) -> None:
    history = told(looks)
    check_bounds(history, looks)
    assert history.points[-1] == looks[-1][1]
    assert history.marks[-1].phase is looks[-1][0]


@given(st.integers(1, 3000), st.floats(0.01, 600))
def test_however_long_it_lasts_points_lie_evenly(looks: int, every: float) -> None:
    """No two neighbours are further apart than two steps, or than two looks where those are rarer."""
    history = History()
    for number in range(looks):
        history = noted(history, Phase.RUNNING, Point(number * every, number, 1))
    assert all(b.at - a.at <= 2 * max(history.step, every) for a, b in pairwise(history.points))


@given(FORWARD)
def test_a_speed_is_never_negative_nor_made_of_less_than_was_watched(looks: list[Look]) -> None:
    found = speed(told(looks))
    if found is None:
        return
    assert 0 <= found <= looks[-1][1].ended * 60 / 20
    assert looks[-1][1].at - looks[0][1].at >= 20
