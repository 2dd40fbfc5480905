"""The process dies after any request of a cancel, and someone repeats it."""

from __future__ import annotations

import pytest

from exporter.cancel.order import Times
from exporter.domain.cancel import Outcome
from tests.cancel.bench import A
from tests.cancel.runs import Asked, Killed, Play, Server, nothing

COARSE = Times(poll=31.0, settle=20.0)


def cut(play: Play, number: int, *, answered: bool) -> None:
    """Run a cancel that dies at its n-th request: before it is sent, or once it was answered."""
    left = [number]

    def hook(_asked: Asked) -> None:
        left[0] -= 1
        if not left[0]:
            raise Killed

    def act(_asked: Asked) -> None:
        play.bench.tick()

    def act_then_die(asked: Asked) -> None:
        act(asked)
        hook(asked)

    api = play.api(act, hook) if answered else play.api(act_then_die, nothing)
    with pytest.raises(Killed):
        play.cancel(api=api, times=COARSE)


def requests_of_a_run(play: Play) -> int:
    count = [0]

    def before(_asked: Asked) -> None:
        count[0] += 1
        play.bench.tick()

    assert play.cancel(api=play.api(before), times=COARSE).outcome is Outcome.DONE
    return count[0]


def searching(server: Server) -> Play:
    play = server.stage()
    play.bench.search(batches=2)
    return play


@pytest.mark.fault(103)
@pytest.mark.parametrize("answered", [False, True])
def test_killed_at_any_request_a_repeat_comes_to_the_same_end(server: Server, answered: bool) -> None:
    total = requests_of_a_run(searching(server))
    assert total > 20
    for number in range(1, total + 1):
        play = searching(server)
        cut(play, number, answered=answered)
        play.bench.tick(45.0)
        result = play.cancel(times=COARSE)
        where = f"killed at request {number} of {total}"
        assert result.outcome in (Outcome.DONE, Outcome.NOT_FOUND), where
        assert play.bench.deletable() == [], where
        assert play.bench.pods(A) == [], where
        assert play.witness.wrongs == [], where
        assert play.witness.false_markers() == [], where


def test_killed_at_every_request_in_turn_it_gets_there_in_the_end(server: Server) -> None:
    """Each run gets one request further than the one before."""
    play = searching(server)
    for number in range(1, 30):
        if play.bench.deletable():
            cut(play, number, answered=True)
    play.bench.tick(45.0)
    assert play.cancel().outcome in (Outcome.DONE, Outcome.NOT_FOUND)
    assert play.bench.deletable() == []
    assert play.witness.wrongs == []
    assert play.witness.false_markers() == []
