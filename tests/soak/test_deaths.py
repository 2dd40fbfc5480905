"""The short form of `make soak`: a handful of deaths from a fixed seed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.deaths import Soak
from tests.soak.plan import KINDS, make_plan

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(300)]
_SEED = 202


def test_a_seed_gives_the_same_plan_again_and_every_kind_of_death() -> None:
    plan = make_plan(_SEED, 100)
    assert plan == make_plan(_SEED, 100) != make_plan(_SEED + 1, 100)
    deaths = [death for round_ in plan for death in round_.deaths]
    assert len(deaths) == 100
    assert {death.kind for death in deaths} == set(KINDS)
    assert all(len({death.target for death in round_.deaths}) == len(round_.deaths) for round_ in plan)


def test_after_any_death_the_pages_tell_the_truth_again(tmp_path: Path) -> None:
    """Both daemons equal a recount at every quiet point, and the survivor has counted every Job once."""
    lines: list[str] = []
    with Soak(tmp_path, seed=_SEED, say=lines.append) as soak:
        try:
            for round_ in make_plan(_SEED, 7, leave_out=frozenset({"long black hole"})):
                soak.play(round_)
            report = soak.finish()
        except (AssertionError, TimeoutError) as error:
            raise AssertionError("\n".join([*lines, str(error)])) from error
    assert report.deaths.total() == 7
    assert report.balance is not None
    assert report.balance.jobs >= 20
    assert report.balance.attempts >= 1
