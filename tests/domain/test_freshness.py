"""The state of a resource follows from the age of its data, the last failure word and the holds, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.domain.failures import Word
from exporter.domain.freshness import Holds, may_show, resource_state, worst
from exporter.domain.words import RESOURCE_STATES

HOLDS = Holds(stale_after=150.0, expire_after=300.0)
CANNOT_TELL = sorted(set(Word) - {Word.ABSENT, Word.DENIED, Word.UNAUTHENTICATED})
AGES = st.none() | st.floats(0, 1e6, allow_nan=False)
WORDS = st.none() | st.sampled_from(list(Word))
PROGRESS = ("fresh", "stale", "expired")


@pytest.mark.parametrize(
    ("age", "word", "state", "shown"),
    [
        (None, None, "never", False),
        (None, Word.CONNECT, "never", False),
        (None, Word.DENIED, "denied", False),
        (0.0, None, "fresh", True),
        (150.0, None, "fresh", True),
        (150.1, None, "stale", True),
        (0.0, Word.TIMEOUT, "stale", True),
        (300.0, Word.TIMEOUT, "stale", True),
        (300.1, None, "expired", False),
        (300.1, Word.TIMEOUT, "expired", False),
        (10.0, Word.DENIED, "denied", True),
        (10.0, Word.UNAUTHENTICATED, "denied", True),
        (300.1, Word.DENIED, "denied", False),
        (0.0, Word.ABSENT, "absent", False),
    ],
)
def test_the_state_and_whether_series_show_are_as_the_table_says(
    age: float | None, word: Word | None, state: str, shown: bool
) -> None:
    assert resource_state(age, word, HOLDS) == state
    assert may_show(age, resource_state(age, word, HOLDS), HOLDS) is shown


@given(AGES, WORDS)
def test_every_input_has_a_state_of_the_vocabulary(age: float | None, word: Word | None) -> None:
    assert resource_state(age, word, HOLDS) in RESOURCE_STATES


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.none() | st.sampled_from(CANNOT_TELL))
def test_older_data_is_never_in_a_better_state(one: float, other: float, word: Word | None) -> None:
    younger, older = (PROGRESS.index(resource_state(age, word, HOLDS)) for age in sorted((one, other)))
    assert younger <= older


@given(st.floats(0, 1e6), st.floats(0, 1e6), WORDS)
def test_what_is_dropped_does_not_come_back_by_getting_older(one: float, other: float, word: Word | None) -> None:
    young, old = sorted((one, other))
    if not may_show(young, resource_state(young, word, HOLDS), HOLDS):
        assert not may_show(old, resource_state(old, word, HOLDS), HOLDS)


@given(st.sampled_from(CANNOT_TELL), st.sampled_from(CANNOT_TELL), AGES)
def test_words_that_cannot_tell_all_mean_the_same(one: Word, other: Word, age: float | None) -> None:
    assert resource_state(age, one, HOLDS) == resource_state(age, other, HOLDS)


@pytest.mark.parametrize("bad", ["expired", "denied", "never", "stale", "absent", "stopped"])
def test_one_bad_namespace_speaks_for_all(bad: str) -> None:
    assert worst(["fresh", bad, "fresh"]) == bad


def test_nothing_at_all_was_never_heard() -> None:
    assert worst([]) == "never"
