"""The wait after a failure is bounded on both sides, and spread."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.runtime.backoff import delay


@given(st.integers(1, 10_000))
def test_the_wait_is_within_half_and_all_of_the_doubled_interval(failures: int) -> None:
    whole = min(60.0, 5.0 * 2.0 ** (min(failures, 100) - 1))
    assert whole / 2 <= delay(failures, first=5.0, cap=60.0) <= whole


@pytest.mark.fault(33)
@given(st.floats(allow_nan=False), st.integers(1, 100))
def test_retry_after_is_a_floor_between_one_second_and_five_minutes(asked: float, failures: int) -> None:
    wait = delay(failures, first=0.01, cap=0.02, retry_after=asked)
    assert wait == pytest.approx(min(max(asked, 1.0), 300.0))


def test_retry_after_never_shortens_the_wait() -> None:
    assert delay(10, first=1.0, cap=60.0, retry_after=2.0) >= 30.0


@pytest.mark.fault(34)
def test_many_instances_do_not_come_back_at_the_same_moment() -> None:
    waits = [delay(6, first=1.0, cap=60.0) for _ in range(20)]
    assert max(waits) - min(waits) > 2.0
