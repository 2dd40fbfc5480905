from __future__ import annotations

import pytest

from exporter.domain.progress import expected_jobs, median, remaining


@pytest.mark.parametrize(
    ("highest", "shards", "expected"), [(None, 3, None), (0, 0, 1), (0, 1, 1), (33, 0, 34), (0, 10, 10), (4, 10, 50)]
)
def test_every_shard_has_every_batch_up_to_the_highest(highest: int | None, shards: int, expected: int | None) -> None:
    assert expected_jobs(highest, shards) == expected


@pytest.mark.parametrize(("values", "expected"), [([], None), ([7.0], 7.0), ([9, 1, 5], 5), ([4, 1, 3, 2], 3)])
def test_the_median_is_the_upper_one(values: list[float], expected: float | None) -> None:
    assert median(values) == expected


@pytest.mark.parametrize(
    ("claim", "typical", "running_for", "pending", "expected"),
    [
        ("what is left of one batch", 100, [30], 0, 70),
        ("the longest of several", 100, [90, 10, 50], 0, 90),
        ("an overdue batch needs a tenth more", 100, [500], 0, 10),
        ("one slot works through the queue", 100, [0], 3, 400),
        ("two slots share the queue", 100, [0, 0], 4, 300),
        ("a queue of one waits for the first free slot", 100, [90, 0], 1, 110),
    ],
)
def test_the_remaining_time_is(claim: str, typical: float, running_for: list, pending: int, expected: float) -> None:
    assert remaining(typical, running_for, pending) == expected


def test_nothing_honest_can_be_said_while_nothing_runs() -> None:
    assert remaining(100, [], 5) is None
    assert remaining(0, [5], 5) is None
