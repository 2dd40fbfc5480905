"""The plan of a cancel as a pure function of what was read."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.domain.cancel import STAGES, Plan, Spare, Target, belongs, make_plan, stage_of
from exporter.domain.identity import SearchId, is_search_id
from exporter.domain.records import ROLE_OF_APP, Evidence

ID = "job-" + "a" * 32
OTHERS = (ID[:-1], ID + "0", "x" + ID, ID.upper(), "a" * 32, "job-")
APPS = (*ROLE_OF_APP, "mine", "")
NAMES = ("init-pv", "init-pv-partitioned", "init-ssd-0a0a0a0a-0", "elb-finalizer-0a0a0a0a", "blastn-batch-x-job-001")


@st.composite
def targets(draw: st.DrawFn) -> Target:
    app = draw(st.sampled_from(APPS))
    return Target(
        uid=str(draw(st.uuids())),
        name=draw(st.sampled_from(NAMES)),
        namespace=draw(st.sampled_from(("default", "default", "other"))),
        version=str(draw(st.integers(1, 9))),
        role=ROLE_OF_APP.get(app),
        app=app,
        search=draw(st.sampled_from((ID, ID, ID, *OTHERS))),
        evidence=draw(st.sampled_from(("label", *get_args(Evidence)))),
        created=draw(st.floats(1.0, 1e9)),
        terminal=draw(st.booleans()),
        deleting=draw(st.booleans()),
    )


def planned(found: list[Target]) -> Plan:
    return make_plan("default", SearchId(ID), found)


@given(st.lists(targets(), max_size=30))
def test_only_living_jobs_with_the_very_label_and_an_allowed_app_are_taken(found: list[Target]) -> None:
    for target in planned(found).targets:
        assert (target.search, target.evidence, target.namespace) == (ID, "label", "default")
        assert target.app in ("finalizer", "submit", "setup", "blast")
        assert target.app != "setup" or target.name.startswith("init-ssd-")
        assert not target.terminal


@given(st.lists(targets(), max_size=30))
def test_what_names_the_search_is_either_taken_or_spared_with_a_reason(found: list[Target]) -> None:
    plan = planned(found)
    mine = {one.uid for one in found if (one.search, one.namespace) == (ID, "default")}
    taken, spared = {one.uid for one in plan.targets}, {one.target.uid for one in plan.spared}
    assert taken | spared == mine
    assert not taken & spared
    assert {one.why for one in plan.spared} <= set(get_args(Spare))


@given(st.lists(targets(), max_size=30))
def test_the_plan_is_ordered_by_stage_then_by_name(found: list[Target]) -> None:
    plan = planned(found)
    places = [(STAGES.index(stage), one.name) for one in plan.targets if (stage := stage_of(one))]
    assert places == sorted(places)
    assert len(places) == len(plan.targets)
    assert [one for stage in STAGES for one in plan.of(stage)] == list(plan.targets)


@given(st.lists(targets(), max_size=20), st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_of_what_was_read_matters(found: list[Target], random: object) -> None:
    shuffled = [*found, *found[:3]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert planned(shuffled) == planned(found)
    assert planned(shuffled).digest == planned(found).digest


@given(st.lists(targets(), min_size=1, max_size=20), targets())
def test_the_digest_changes_with_the_objects_and_with_nothing_else(found: list[Target], extra: Target) -> None:
    plan = planned(found)
    newer = [replace(one, version="99", deleting=not one.deleting, created=5.0) for one in found]
    assert planned(newer).digest == plan.digest
    mine = replace(extra, search=ID, namespace="default", evidence="label", role="blast", terminal=False)
    assert planned([*found, mine]).digest != plan.digest
    assert planned([*found, replace(mine, terminal=True)]).digest == plan.digest
    assert make_plan("other", SearchId(ID), []).digest != make_plan("default", SearchId(ID), []).digest


BASE = Target(
    uid="u",
    name="blastn-batch-x-job-001",
    namespace="default",
    version="1",
    role="blast",
    app="blast",
    search=ID,
    evidence="label",
    created=1.0,
)


def test_a_job_belongs_by_its_own_label_in_its_own_namespace_only() -> None:
    assert belongs(BASE, "default", SearchId(ID))
    assert not belongs(BASE, "other", SearchId(ID))
    assert not belongs(replace(BASE, evidence="template"), "default", SearchId(ID))
    assert not any(belongs(replace(BASE, search=other), "default", SearchId(ID)) for other in OTHERS)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"terminal": True}, "terminal"),
        ({"role": "setup", "app": "setup", "name": "init-pv"}, "shared"),
        ({"role": "setup", "app": "setup", "name": "init-pv-partitioned"}, "shared"),
        ({"role": "setup", "app": "setup", "name": "init-ssd"}, "shared"),
        ({"role": "warmup", "app": "elb-db-warmup"}, "foreign"),
        ({"role": None, "app": "mine"}, "foreign"),
        ({"evidence": "env"}, "unlabelled"),
        ({"evidence": "path", "terminal": True}, "unlabelled"),
    ],
)
def test_each_spared_job_tells_why(changes: dict[str, object], why: Spare) -> None:
    assert [one.uid for one in planned([BASE]).targets] == ["u"]
    plan = planned([replace(BASE, **changes)])  # type: ignore[arg-type]
    assert plan.targets == ()
    assert [one.why for one in plan.spared] == [why]


@given(
    st.text(max_size=70) | st.sampled_from(("", "a\n", "-a", "a-", "a" * 64, "x,app=blast", "..", "ä", "a b", "%2f"))
)
def test_a_search_id_exists_for_legal_label_values_only_and_is_its_text(text: str) -> None:
    if is_search_id(text):
        assert str(SearchId(text)) == text
    else:
        with pytest.raises(ValueError, match="not a search id"):
            SearchId(text)
