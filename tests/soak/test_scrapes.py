"""What the scraper calls wrong between two pages."""

from __future__ import annotations

import pytest

from tests.soak.scrapes import flaw
from tests.support.daemon import PREFIX


def page(phase: str = "running", **more: str) -> dict[str, str]:
    """Series of one search in a phase, and `more`."""
    words = ("pending", "running", "succeeded")
    phases = {f'{PREFIX}search_phase{{elb_job_id="a",phase="{word}"}}': f"{word == phase:.1f}" for word in words}
    return phases | {f"{PREFIX}{name}": number for name, number in more.items()}


DONE = 'search_jobs{elb_job_id="a",state="succeeded"}'
JOBS = 'jobs{role="blast",state="running"}'
RUNS = 'exporter_collector_runs_total{result="ok"}'
EXPIRED = {'exporter_collector_state{state="expired"}': "1.0"}


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        (page(**{RUNS: "2.0"}), page(**{RUNS: "1.0"}), "fell"),
        (page(**{RUNS: "2.0"}), page(), "went away"),
        (page(**{RUNS: "2.0"}), page(**EXPIRED), "went away"),
        (page(**{DONE: "2.0"}), page(**{DONE: "1.0"}), "fell"),
        (page(**{DONE: "2.0"}), page(), "missing"),
        (page(**{JOBS: "2.0"}), page(), "missing"),
        (page(), {}, "missing"),
        (page(), page("lost"), "0 phases"),
        (page(), page() | {f'{PREFIX}search_phase{{elb_job_id="a",phase="failed"}}': "1.0"}, "2 phases"),
    ],
)
def test_a_fall_a_hole_and_a_doubt_are_wrong(before: dict[str, str], after: dict[str, str], word: str) -> None:
    assert word in flaw(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (page(**{JOBS: "2.0", DONE: "2.0"}), page(**{JOBS: "1.0", DONE: "3.0"})),
        (page("pending"), page("running")),
        (page("succeeded", **{DONE: "2.0"}), {}),
        (page(**{DONE: "2.0"}), {f"{PREFIX}{name}": number for name, number in EXPIRED.items()}),
    ],
)
def test_what_moves_or_ends_or_expires_is_not_wrong(before: dict[str, str], after: dict[str, str]) -> None:
    assert flaw(before, after) == ""
