"""Durations, sizes and counts as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.config.quantities import read_count, read_duration, read_number, read_size, show_duration, show_size


@given(st.floats(min_value=0, max_value=1e9, allow_nan=False))
def test_a_shown_duration_reads_back_as_the_same_number(seconds):
    shown = show_duration(seconds)

    # A float of many digits is longer than what is accepted; it never is a default and never was typed.
    assert len(shown) > 40 or read_duration(shown) == seconds


@given(st.integers(min_value=0, max_value=10**12))
def test_milliseconds_are_shown_in_units_and_read_back(milliseconds):
    shown = show_duration(milliseconds / 1000)

    assert read_duration(shown) == milliseconds / 1000
    assert "." not in shown


@given(st.integers(min_value=0, max_value=2**50))
def test_a_shown_size_reads_back_as_the_same_number(size):
    assert read_size(show_size(size)) == size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("5m", 300), ("1h30m", 5400), ("250ms", 0.25), ("1.5s", 1.5), ("2d", 172800), (90, 90), ("90", 90)],
)
def test_the_usual_durations_are_read(text, seconds):
    assert read_duration(text) == seconds


@pytest.mark.parametrize(
    "raw", ["", "s", "5 minutes", "30S", "1m1h", "1s1s", "-", "nan", "inf", True, None, [], "9" * 50, "1e"]
)
def test_what_is_no_duration_is_refused_with_a_sentence(raw):
    with pytest.raises(ValueError, match=r"must be|far too long"):
        read_duration(raw)


def test_a_number_too_long_to_print_is_refused():
    with pytest.raises(ValueError, match="is far too long"):
        read_count(10**5000)


def refusal(read, text):
    try:
        read(text)
    except ValueError as error:
        return str(error)
    return ""


@given(st.text(max_size=50), st.text(max_size=50))
def test_a_refusal_is_one_of_few_sentences_whatever_was_written(text, other):
    """Nothing but ValueError is raised, and its sentence depends on the kind of fault, not on the text."""
    for read in (read_duration, read_size, read_count, read_number):
        sentences = {refusal(read, text), refusal(read, other)} - {"", "is far too long", "must be a finite duration"}
        assert len(sentences) < 2


@pytest.mark.parametrize("raw", [True, 1.5, "0x10", "1_000", "", None, "１２"])
def test_what_is_no_whole_number_is_refused(raw):
    with pytest.raises(ValueError, match="must be"):
        read_count(raw)
