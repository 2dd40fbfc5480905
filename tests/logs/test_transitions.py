"""One line per change of state, repeats counted, a reminder every five minutes."""

from __future__ import annotations

from exporter.logs import Transitions


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def test_a_change_is_said_once_and_its_repeats_are_counted():
    clock = Clock()
    transitions = Transitions(clock)

    assert transitions.note("core", "timeout", error_class="timeout") == {
        "key": "core",
        "state": "timeout",
        "error_class": "timeout",
    }
    for _ in range(3):
        clock.now += 10
        assert transitions.note("core", "timeout") is None
    clock.now += 10
    assert transitions.note("core", "ok") == {
        "key": "core",
        "state": "ok",
        "previous": "timeout",
        "lasted_seconds": 40.0,
        "repeats": 3,
    }


def test_a_lasting_failure_is_said_again_every_five_minutes():
    clock = Clock()
    transitions = Transitions(clock)
    said = []

    for _ in range(91):
        said.append(transitions.note("core", "denied"))
        clock.now += 10

    reminders = [line for line in said if line]
    assert len(reminders) == 4
    assert [line.get("repeats") for line in reminders] == [None, 30, 30, 30]


def test_a_calm_state_is_never_said_again():
    clock = Clock()
    transitions = Transitions(clock)

    assert transitions.note("core", "ok") is not None
    clock.now += 10_000
    assert transitions.note("core", "ok") is None


def test_keys_do_not_know_one_another():
    transitions = Transitions(Clock())

    assert transitions.note("core", "denied") is not None
    assert transitions.note("batch", "denied") is not None
    assert transitions.note("core", "denied") is None


def test_the_memory_is_bounded_and_forgets_the_oldest():
    transitions = Transitions(Clock())
    transitions.note("kept", "denied")
    transitions.note("forgotten", "denied")
    for i in range(4095):
        transitions.note(str(i), "denied")
        transitions.note("kept", "denied")

    assert transitions.note("kept", "denied") is None
    assert transitions.note("forgotten", "denied") is not None
