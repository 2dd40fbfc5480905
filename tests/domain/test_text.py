"""Cleaning of foreign text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.domain.text import clean


@pytest.mark.parametrize(
    ("value", "cleaned"),
    [
        ("plain text-1.2_3", "plain text-1.2_3"),
        ("größe 日本", "größe 日本"),
        ("a\nb\r\tc\x00", "a�b��c�"),
        ("\x1b[31mred\x9b", "�[31mred�"),
        ("\u202eabc\u2066", "�abc�"),
        ("a\ud800b", "a�b"),
        ("x" * 300, "x" * 128),
    ],
)
def test_what_a_log_or_a_label_cannot_hold_is_replaced(value: str, cleaned: str) -> None:
    assert clean(value) == cleaned


@given(st.text(st.characters(exclude_categories=())), st.integers(0, 200))
def test_cleaned_text_is_bounded_printable_encodable_and_stays_as_it_is(value: str, limit: int) -> None:
    cleaned = clean(value, limit)
    assert len(cleaned) <= limit
    assert cleaned.isprintable()
    assert cleaned.encode().decode() == cleaned
    assert clean(cleaned, limit) == cleaned
