"""Kubernetes quantities."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.domain.quantities import parse_quantity


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1", 1.0),
        ("1500m", 1.5),
        ("250u", 0.00025),
        ("7Gi", 7 * 2.0**30),
        ("0.5G", 5e8),
        ("4G", 4e9),
        ("131072Mi", 2.0**37),
        ("1k", 1000.0),
        ("1e3", 1000.0),
        ("1E3", 1000.0),
        ("1E", 1e18),
        ("12e-1", 1.2),
        ("5.", 5.0),
        (".5", 0.5),
        ("+2", 2.0),
        ("0", 0.0),
    ],
)
def test_a_quantity_is_read(text: str, amount: float) -> None:
    assert parse_quantity(text) == pytest.approx(amount, rel=1e-12)


@pytest.mark.parametrize(
    "text", ["", " 1", "1 ", "1\n", "-1", "1K", "1ki", "1KiB", "NaN", "inf", "1e400", "٣", "9" * 70, "."]
)
def test_what_is_none_is_none(text: str) -> None:
    assert parse_quantity(text) is None


@given(st.text(max_size=80))
def test_any_text_is_a_finite_amount_or_none(text: str) -> None:
    amount = parse_quantity(text)
    assert amount is None or 0 <= amount < float("inf")
