"""Polled numbers: asked for when due, never in a hurry, forgotten when too old."""

from __future__ import annotations

import threading

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from exporter.domain.failures import Deferred, Failed, Word
from exporter.domain.freshness import Holds
from exporter.runtime.poller import Poller
from exporter.simulator.server import Simulator
from tests.runtime.follow import Follower
from tests.runtime.play import batches
from tests.support.clock import ManualClock
from tests.support.hostile import Hostile
from tests.support.waiting import wait_for


def stored(follower: Follower) -> dict[str, int]:
    batch = follower.view().batch
    assert batch is not None
    return dict(batch.stored)


def test_the_number_is_all_jobs_stored_whatever_their_state(simulator: Simulator) -> None:
    batches(simulator.store, count=7)
    follower = Follower(simulator.url, simulator.token, only=["jobs"])
    poller = follower.poller()
    follower.feed("jobs").once()
    follower.cluster.poll(poller)
    assert stored(follower) == {"default": 7}
    assert simulator.api.seen[-1].query == {"limit": "1"}
    assert follower.runs("jobs_stored", "ok") == 1
    follower.stop()


def test_failures_are_counted_backed_off_and_cleared_by_one_success(simulator: Simulator) -> None:
    bad = [True]

    async def answer(_: Request) -> Response | None:
        return JSONResponse({}, 500) if bad else None

    simulator.api.intercept = answer
    clock = ManualClock()
    follower = Follower(simulator.url, simulator.token, only=["jobs"], clock=clock)
    poller = follower.poller(interval=10.0)
    assert [poller.attempt()[0] for _ in range(3)] == ["server", "skipped", "skipped"]
    for _ in range(20):
        clock.advance(61.0)
        assert poller.attempt()[0] == "server"
    bad.clear()
    clock.advance(61.0)
    assert poller.attempt() == ("ok", 0)
    bad.append(True)
    assert poller.attempt()[0] == "server"
    clock.advance(10.1)
    assert poller.attempt()[0] == "server"
    follower.stop()


@pytest.mark.fault(32)
def test_retry_after_puts_the_next_poll_off(simulator: Simulator) -> None:
    async def throttle(_: Request) -> Response:
        return JSONResponse({}, 429, {"Retry-After": "200"})

    simulator.api.intercept = throttle
    clock = ManualClock()
    follower = Follower(simulator.url, simulator.token, only=["jobs"], clock=clock)
    poller = follower.poller()
    assert poller.attempt()[0] == "throttled"
    clock.advance(199.0)
    follower.cluster.poll(poller)
    assert follower.runs("jobs_stored", "skipped") == 1
    clock.advance(1.1)
    assert poller.attempt()[0] == "throttled"
    follower.stop()


@pytest.mark.parametrize("interval", [60.0, 3600.0])
def test_a_number_is_held_for_five_intervals_and_then_goes(simulator: Simulator, interval: float) -> None:
    clock = ManualClock()
    follower = Follower(simulator.url, simulator.token, only=["jobs"], clock=clock)
    poller = follower.poller(interval=interval)
    follower.cluster.poll(poller)
    for share, state in ((2.9, "fresh"), (2.0, "stale")):
        clock.advance(share * interval)
        follower.feed("jobs").once()
        assert stored(follower) == {"default": 0}
        assert follower.state("jobs_stored") == state
    clock.advance(0.2 * interval)
    follower.feed("jobs").once()
    assert stored(follower) == {}
    assert follower.state("jobs_stored") == "expired"
    follower.stop()


def test_an_answer_that_never_comes_ends_at_its_budget() -> None:
    with Hostile(lambda peer: peer.stall()) as server:
        follower = Follower(server.url, only=["jobs"])
        assert follower.poller(budget=0.2).attempt()[0] == "timeout"
        follower.stop()


def test_a_poll_that_still_waits_is_not_asked_twice() -> None:
    with Hostile(lambda peer: (peer.read(), peer.stall())) as server:
        follower = Follower(server.url, "token", only=["jobs"])
        poller = follower.poller()
        first = threading.Thread(target=poller.attempt)
        first.start()
        wait_for(lambda: poller.pulse.busy_since is not None, 5.0)
        assert poller.attempt() == ("skipped", None)
        poller.abort()
        first.join(5.0)
        assert poller.pulse.busy_since is None
        follower.stop()


def test_garbage_is_no_number() -> None:
    def script(peer: object) -> None:
        while peer.read() is not None:
            peer.answer(b'{"items": 3}')

    with Hostile(script) as server:
        follower = Follower(server.url, only=["jobs"])
        assert follower.poller().attempt() == ("garbled", None)
        follower.stop()


class Asked:
    """Answers that a test gives, and how often it was asked."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.count = 0

    def __call__(self, budget: float) -> object:
        self.count += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def polls(asked: Asked, clock: ManualClock, **given: float) -> Poller:
    return Poller(
        name="x", collector="arm", namespace="", ask=asked, clock=clock, **{"interval": 60.0, "budget": 1.0, **given}
    )


def test_a_poller_is_due_once_in_its_interval_even_if_the_tick_is_a_little_early() -> None:
    clock = ManualClock()
    poller = polls(Asked("document"), clock)
    due = []
    for _ in range(5):
        due.append(poller.due())
        if poller.due():
            assert poller.attempt() == ("ok", "document")
        clock.advance(29.95)
    assert due == [True, False, True, False, True]


def test_the_first_question_can_be_put_later() -> None:
    clock = ManualClock()
    poller = polls(Asked("document"), clock, after=120.0)
    assert not poller.due()
    clock.advance(119.5)
    assert poller.due()


def test_a_deferred_question_is_no_failure_and_is_put_when_there_is_room() -> None:
    clock = ManualClock()
    asked = Asked(Deferred(7.0), "document")
    poller = polls(asked, clock)
    assert poller.attempt() == ("skipped", None)
    assert (poller.pulse.word, poller.pulse.busy_since) == (None, None)
    clock.advance(5.0)
    assert not poller.due()
    assert poller.attempt() == ("skipped", None)
    assert asked.count == 1
    clock.advance(2.0)
    assert poller.due()
    assert poller.attempt() == ("ok", "document")


def test_what_is_asked_may_be_any_document_and_a_bug_is_a_word() -> None:
    clock = ManualClock()
    poller = polls(Asked({"a": 1}, RuntimeError("boom"), Failed(Word.ABSENT)), clock)
    results = []
    for _ in range(3):
        results.append(poller.attempt()[0])
        clock.advance(600.0)
    assert results == ["ok", "bug", "absent"]


@pytest.mark.parametrize(("hold", "shown"), [(0.0, False), (900.0, True)])
def test_an_answer_may_be_held_for_longer_than_five_intervals(hold: float, shown: bool) -> None:
    clock = ManualClock()
    poller = polls(Asked("document"), clock, hold=hold)
    poller.attempt()
    clock.advance(800.0)
    assert poller.pulse.shown(clock.mono(), Holds()) is shown
    clock.advance(101.0)
    assert not poller.pulse.shown(clock.mono(), Holds())
