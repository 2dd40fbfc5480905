"""Custom resources in the configuration: further kinds, and known ones read otherwise or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from exporter.config import load
from exporter.config.custom import ConditionValue, StateWord, kinds
from exporter.domain.custom.kinds import KINDS, MPIJOB, SCALED_JOB
from exporter.domain.custom.objects import CONDITION_VALUES, CUSTOM_STATES, Amount, Kind, Rule

GOOD = Path(__file__).parents[1] / "data" / "config" / "custom.good.yaml"


def read() -> dict[str, Kind]:
    return {kind.qualified: kind for kind in kinds(load(GOOD, {}, {}).custom)}


def test_without_a_word_in_the_configuration_the_known_kinds_are_read() -> None:
    assert kinds(()) == KINDS
    assert all(kind.optional for kind in KINDS)


def test_the_words_of_the_configuration_are_those_of_the_domain() -> None:
    assert get_args(StateWord) == CUSTOM_STATES
    assert get_args(get_args(ConditionValue)[0]) == CONDITION_VALUES


def test_a_known_kind_may_be_pinned_to_a_version_and_is_then_missed_where_it_is_not_served() -> None:
    found = read()[MPIJOB.qualified]
    assert (found.version, found.optional) == ("v1", False)
    assert (found.rules, found.amounts, found.kind) == (MPIJOB.rules, MPIJOB.amounts, "MPIJob")


def test_a_known_kind_may_be_left_alone() -> None:
    assert set(read()) == {kind.qualified for kind in KINDS} - {SCALED_JOB.qualified} | {"things.example.org"}


def test_a_further_kind_is_what_the_configuration_says() -> None:
    assert read()["things.example.org"] == Kind(
        group="example.org",
        plural="things",
        kind="Thing",
        namespaced=False,
        rules=(
            Rule(state="failed", condition="Ready", value="False", reasons=("Broken",)),
            Rule(state="pending", above="waiting"),
        ),
        phase=("status", "where"),
        words={"Busy": "running"},
        conditions=("Ready",),
        reasons={"Ready": ("Broken",)},
        amounts={"waiting": Amount(path=("status", "queues", "*", "waiting"))},
        optional=False,
    )
