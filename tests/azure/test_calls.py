"""So many calls a minute, whoever asks."""

from __future__ import annotations

import threading

import pytest

from exporter.adapters.azure.calls import Calls
from exporter.domain.failures import Deferred
from tests.support.clock import ManualClock


def waits(calls: Calls, count: int, *, keep: int = 0) -> float:
    with pytest.raises(Deferred) as later:
        calls.take(count, keep=keep)
    return later.value.wait


def test_there_is_room_again_when_the_oldest_are_a_minute_old() -> None:
    clock = ManualClock()
    calls = Calls(clock, most=3)
    calls.take()
    clock.advance(10.0)
    calls.take(2)
    assert waits(calls, 1) == 50.0
    assert waits(calls, 2) == 60.0
    clock.advance(50.0)
    calls.take()
    assert waits(calls, 1) == 10.0


def test_what_is_kept_for_one_is_not_given_to_others() -> None:
    calls = Calls(ManualClock(), most=3)
    calls.take(2, keep=1)
    assert waits(calls, 1, keep=1) == 60.0
    calls.take(1)


def test_what_is_deferred_has_taken_nothing() -> None:
    calls = Calls(ManualClock(), most=3)
    assert waits(calls, 4) == 60.0
    calls.take(3)


def test_threads_together_get_no_more_than_one_alone() -> None:
    calls = Calls(ManualClock(), most=20)
    got: list[bool] = []

    def take() -> None:
        for _ in range(10):
            try:
                calls.take()
            except Deferred:
                got.append(False)
            else:
                got.append(True)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10.0)
    assert (got.count(True), got.count(False)) == (20, 20)
