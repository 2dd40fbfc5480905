"""A request that may hang, and one that cannot even be made."""

from __future__ import annotations

import threading

import pytest

from exporter.adapters.azure.errand import Errand
from exporter.domain.failures import Failed, Word
from tests.support.clock import ManualClock
from tests.support.threads import no_more_threads


def errand(answers: list[str], gate: threading.Event) -> Errand[str]:
    def ask() -> str:
        assert gate.wait(20.0)
        return answers.pop(0)

    return Errand(ask, name="token", clock=ManualClock(), budget=0.2, pause=lambda _: 0.0)


def test_what_hangs_is_waited_for_once_and_never_asked_twice_at_once() -> None:
    gate = threading.Event()
    asked = errand(["first", "second"], gate)
    for _ in range(2):
        with pytest.raises(Failed) as failure:
            asked.result()
        assert failure.value.word is Word.TIMEOUT
    gate.set()
    assert asked.result() in ("first", "second")


def test_where_no_thread_can_be_had_it_fails_at_once_and_works_again_later() -> None:
    gate = threading.Event()
    gate.set()
    asked = errand(["first"], gate)
    with no_more_threads(), pytest.raises(Failed) as failure:
        asked.result()
    assert failure.value.word is Word.BUG
    assert asked.result() == "first"
