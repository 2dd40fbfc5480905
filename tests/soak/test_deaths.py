"""The plan of `make soak`: the same seed, the same deaths. The run itself takes many minutes."""

from __future__ import annotations

from tests.soak.plan import KINDS, make_plan

_SEED = 202


def test_a_seed_gives_the_same_plan_again_and_every_kind_of_death() -> None:
    plan = make_plan(_SEED, 100)
    assert plan == make_plan(_SEED, 100) != make_plan(_SEED + 1, 100)
    deaths = [death for round_ in plan for death in round_.deaths]
    assert len(deaths) == 100
    assert {death.kind for death in deaths} == set(KINDS)
    assert all(len({death.target for death in round_.deaths}) == len(round_.deaths) for round_ in plan)
