"""The history of one search, and of the searches of a cluster."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exporter.domain.cost import Cost, cost
from exporter.domain.histories import recorded
from exporter.domain.history import MOST_MARKS, MOST_POINTS, History, Mark, Point, noted, speed
from exporter.domain.measures import measures
from exporter.domain.phase import Phase
from exporter.domain.snapshots import BatchSnapshot
from exporter.domain.words import TERMINAL_PHASES
from exporter.web import plain
from tests.web.views import NOW, cluster, search

RUN = Phase.RUNNING


def watched(*points: tuple[float, int, int], phase: Phase = RUN) -> History:
    history = History()
    for point in points:
        history = noted(history, phase, Point(*point))
    return history


def test_a_level_line_has_its_two_ends_only() -> None:
    history = watched(*((at, 5, 1) for at in range(0, 1000, 10)), (1000, 6, 1))
    assert history.points == (Point(0, 5, 1), Point(990, 5, 1), Point(1000, 6, 1))


def test_points_closer_than_a_step_give_way_to_the_newest() -> None:
    history = watched((0, 0, 1), (0.5, 1, 1), (1.0, 2, 1), (1.5, 3, 1), (2.5, 4, 1))
    assert history.points == (Point(0, 0, 1), Point(2.5, 4, 1))


def test_the_resolution_halves_when_there_are_too_many() -> None:
    full = watched(*((2.0 * n, n, 1) for n in range(MOST_POINTS)))
    assert (len(full.points), full.step) == (MOST_POINTS, 2.0)
    more = noted(full, RUN, Point(2.0 * MOST_POINTS, MOST_POINTS, 1))
    assert (len(more.points), more.step) == (61, 4.0)
    assert (more.points[0], more.points[-1]) == (Point(0, 0, 1), Point(240.0, 120, 1))


def test_of_too_many_phases_the_shortest_are_left_out_and_counted() -> None:
    history = History()
    for number in range(200):
        phase = (RUN, Phase.PENDING, Phase.FAILING)[number % 3]
        history = noted(history, phase, Point(100.0 * number + (0 if number % 2 else 40), number, 0))
    assert len(history.marks) <= MOST_MARKS
    assert len(history.marks) + history.left_out == 200
    assert history.marks[0] == Mark(40.0, RUN)
    assert history.marks[-1] == Mark(19900.0, Phase.PENDING)


def test_a_day_of_a_busy_search_is_less_than_8_kilobytes() -> None:
    history = History()
    for number in range(5000):
        history = noted(history, (RUN, Phase.PENDING)[number % 2], Point(number * 17.0, number, number % 9))
    marks = len(history.marks) * (64 + 24)
    assert len(history.packed) + marks < 8000


def test_speed_is_of_the_last_ten_minutes() -> None:
    slow_then_fast = watched((0, 0, 1), (3000, 10, 1), (3600, 310, 1))
    assert speed(slow_then_fast) == pytest.approx(30.0)
    assert speed(watched((0, 0, 1), (10, 50, 1))) is None
    assert speed(History()) is None
    assert speed(watched((0, 5, 1), (100, 5, 1), (200, 5, 0))) == 0


def test_a_speed_after_a_pause_is_not_that_of_the_moment_in_which_it_went_on() -> None:
    """A level line has its two ends only, and the last minutes may lie between them."""
    paused = watched(*((at, 0, 10) for at in range(0, 1801, 20)), (1810, 10, 0), (1830, 10, 0))
    assert speed(paused) == pytest.approx(1.0)
    just_now = watched(*((at, 0, 10) for at in range(0, 1801, 20)), (1802, 10, 0))
    assert speed(just_now) == pytest.approx(1.0)


def test_a_search_of_days_has_a_speed_at_every_moment() -> None:
    """Its points lie further apart than the last ten minutes."""
    history = History()
    for number in range(2 * 24 * 60):
        history = noted(history, RUN, Point(60.0 * number, number, 1))
        assert number == 0 or speed(history) == pytest.approx(1.0)
    assert history.step > 600


def batch(*searches: object, namespaces: tuple[str, ...] = ("default",)) -> BatchSnapshot:
    return BatchSnapshot(namespaces=namespaces, searches=searches)  # type: ignore[arg-type] # made by `search`


ONE = search(1)
KEY = (ONE.namespace, ONE.id)


def look(before: dict[tuple[str, str], History], shown: BatchSnapshot | None, at: float, **more: object) -> object:
    return recorded(before, shown, at, known=more.get("known", {KEY}), stale=more.get("stale", ()))  # type: ignore[arg-type]


def test_a_history_begins_when_it_is_first_seen() -> None:
    (history,) = look({}, batch(ONE), 1000.0).values()  # type: ignore[attr-defined]
    assert history.marks == (Mark(1000.0, RUN),)
    assert history.points == (Point(1000.0, 200, 50),)


def test_before_submission_closes_the_ends_that_were_seen_count() -> None:
    open_one = replace(ONE, expected=None, jobs={**ONE.jobs, "failed": 2})
    (history,) = look({}, batch(open_one), 1000.0).values()  # type: ignore[attr-defined]
    assert history.points == (Point(1000.0, 202, 50),)


def test_what_is_stale_adds_nothing() -> None:
    before = recorded({}, batch(ONE), 1000.0, known={KEY}, stale=())
    moved = replace(ONE, jobs={**ONE.jobs, "running": 1})
    assert recorded(before, batch(moved), 1100.0, known={KEY}, stale={"default"}) == before
    assert recorded({}, batch(ONE), 1000.0, known={KEY}, stale={"default"}) == {}


def test_a_search_that_is_not_shown_any_more_has_none() -> None:
    before = recorded({}, batch(ONE), 1000.0, known={KEY}, stale=())
    assert recorded(before, batch(), 1100.0, known={KEY}, stale=()) == {}


def test_while_its_namespace_cannot_be_read_it_is_kept_as_long_as_the_search_is_known() -> None:
    before = recorded({}, batch(ONE), 1000.0, known={KEY}, stale=())
    for dark in (None, batch(namespaces=("other",))):
        assert recorded(before, dark, 1100.0, known={KEY}, stale=()) == before
        assert recorded(before, dark, 1100.0, known=(), stale=()) == {}


def test_cost_is_node_time_by_price_and_none_without_one() -> None:
    prices = {"blast": (1.5, "USD"), "spot": (0.5, "EUR")}
    assert cost({"blast": 7200.0, "spot": 3600.0}, prices) == Cost(amounts={"USD": 3.0, "EUR": 0.5})
    assert cost({"blast": 3600.0, "other": 9.0}, prices) == Cost(amounts={"USD": 1.5}, unpriced=("other",))
    assert cost({"other": 3600.0}, prices) is None
    assert cost({}, prices) is None


@pytest.mark.parametrize(("since", "incomplete"), [(NOW - 1e6, False), (ONE.created, False), (NOW - 10, True)])
def test_what_a_search_used_before_anybody_looked_is_missing_from_its_cost(since: float, incomplete: bool) -> None:
    around = cluster(ONE, node_seconds={(*KEY, "blast"): 3600.0}, since=since)
    found = measures(around, {"blast": (2.0, "USD")})[KEY].cost
    assert found == Cost(amounts={"USD": 2.0}, incomplete=incomplete)
    assert plain.money(found) == ("≥ 2.00 USD" if incomplete else "2.00 USD")


def test_measures_are_of_the_search_and_its_pools() -> None:
    history = watched((0, 0, 1), (60, 30, 1))
    seconds = {(*KEY, "blast"): 3600.0, ("default", "another", "blast"): 9e9}
    around = cluster(ONE, node_seconds=seconds, histories={KEY: history})
    found = measures(around, {"blast": (2.0, "USD")})
    assert list(found) == [KEY]
    assert (found[KEY].speed, found[KEY].cost) == (pytest.approx(30.0), Cost(amounts={"USD": 2.0}))
    ended = replace(ONE, phase=Phase(TERMINAL_PHASES[0]), terminal=True)
    assert measures(cluster(ended, histories={KEY: history}), {})[KEY].speed is None
