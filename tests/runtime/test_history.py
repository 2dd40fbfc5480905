"""A cluster writes down what becomes of its searches, as long as it shows them."""

from __future__ import annotations

from exporter.domain.history import History, Mark, Point
from exporter.domain.phase import Phase
from exporter.simulator.server import Simulator
from tests.runtime.follow import Follower
from tests.runtime.play import A, activate, batches, complete
from tests.runtime.test_cluster import look
from tests.support.clock import ManualClock

KEY = ("default", A)


def history(follower: Follower) -> History:
    return follower.view().histories[KEY]


def test_every_change_that_is_seen_is_a_point(simulator: Simulator, follower: Follower, clock: ManualClock) -> None:
    began = clock.wall()
    made = batches(simulator.store)
    look(follower)
    assert history(follower).points == (Point(began, 0, 0),)
    clock.advance(4.0)
    activate(simulator.store, made[0])
    look(follower)
    assert history(follower).points[-1] == Point(began + 4, 0, 1)
    clock.advance(4.0)
    complete(simulator.store, made[0])
    look(follower)
    found = history(follower)
    assert found.points[-1] == Point(began + 8, 1, 0)
    assert found.marks == (Mark(began, Phase.PENDING), Mark(began + 4, Phase.RUNNING))


def test_a_cluster_says_since_when_it_is_watched(follower: Follower, clock: ManualClock) -> None:
    began = clock.wall()
    clock.advance(60.0)
    assert follower.view().since == began


def test_what_is_stale_stands_still_and_what_expires_comes_back_with_its_past(
    simulator: Simulator, follower: Follower, clock: ManualClock
) -> None:
    batches(simulator.store)
    look(follower)
    before = history(follower)
    clock.advance(30.0)
    assert history(follower) == before
    clock.advance(300.0)
    assert follower.view().batch is None
    look(follower)
    after = history(follower)
    assert after.points == (before.points[0], Point(clock.wall(), 0, 0))
    assert after.marks == before.marks
