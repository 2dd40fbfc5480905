"""The short form of `make soak`: some deaths and a forced list on the real control plane. The long one takes 20 min."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.checks import Pace
from tests.soak.deaths import Soak
from tests.soak.plan import KINDS, Round, make_plan

_SEED = 2715
_SLOW = Pace(silence=30.0, expire=60.0, recovery=120.0, slack=10.0)
_LONG = frozenset({"long black hole"})


def test_a_seed_gives_the_same_plan_again_and_every_kind_of_death() -> None:
    plan = make_plan(_SEED, 100)
    assert plan == make_plan(_SEED, 100) != make_plan(_SEED + 1, 100)
    deaths = [death for round_ in plan for death in round_.deaths]
    assert len(deaths) == 100
    assert {death.kind for death in deaths} == set(KINDS)
    assert all(len({death.target for death in round_.deaths}) == len(round_.deaths) for round_ in plan)


def short_plan() -> list[Round]:
    return make_plan(_SEED, 8, most=4, leave_out=_LONG)


def test_the_short_plan_has_eight_deaths_of_eight_kinds() -> None:
    kinds = [death.kind for round_ in short_plan() for death in round_.deaths]
    assert len(kinds) == len(set(kinds)) == 8


@pytest.mark.controlplane
@pytest.mark.timeout(480)
def test_after_deaths_and_forgotten_versions_the_pages_tell_the_truth_again(tmp_path: Path) -> None:
    """Eight deaths of eight kinds, then an API server that answers 410 to every watch, while the page is scraped."""
    lines: list[str] = []
    with Soak(tmp_path, seed=_SEED, say=lines.append, pace=_SLOW, cached=False) as soak:
        try:
            for round_ in short_plan():
                soak.play(round_)
            soak.relist(rounds=1, scrapes=500)
            report = soak.finish()
        except (AssertionError, TimeoutError) as error:
            raise AssertionError("\n".join([*lines, str(error)])) from error
    assert report.deaths.total() == 8
    assert report.relists == 1
    assert report.balance is not None
    assert report.balance.jobs > 0
