"""Which clusters belong to the fleet, what each is called, and the ids of ARM."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.domain.azure.armid import ArmId, cluster_id
from exporter.domain.azure.fleet import belongs, named

SUBSCRIPTION = "0a1b2c3d-0000-4000-8000-0123456789ab"
WORDS = st.from_regex(r"[a-zA-Z0-9]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?", fullmatch=True)
IDS = st.builds(ArmId, subscription=st.just(SUBSCRIPTION), group=WORDS, name=WORDS)


def an_id(name: str, group: str = "rg") -> ArmId:
    return ArmId(subscription=SUBSCRIPTION, group=group, name=name)


@given(IDS)
def test_an_id_reads_its_own_path_in_any_case(identity: ArmId) -> None:
    assert cluster_id(identity.path) == identity
    assert cluster_id(identity.path.upper()).key == identity.key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "aks",
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg",
        f"/subscriptions/x/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/{SUBSCRIPTION}",
        an_id("a").path + "/agentPools/p",
        an_id("a").path + "?x",
        an_id("a/../b").path,
        an_id("a").path + "\n",
    ],
)
def test_what_is_no_id_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(ValueError, match=r"^is not of the form") as caught:
        cluster_id(text)
    assert SUBSCRIPTION not in str(caught.value)


def test_no_repr_shows_the_subscription() -> None:
    assert SUBSCRIPTION not in repr(an_id("aks"))


@pytest.mark.parametrize(
    "tags", [{"project": "elastic-blast"}, {"app": "elastic-blast"}, {"managedBy": "elb-dashboard", "owner": "me"}]
)
def test_without_wanted_tags_the_marks_of_elasticblast_count(tags: dict[str, str]) -> None:
    assert belongs(tags, {})


@pytest.mark.parametrize("tags", [{}, {"project": "elastic"}, {"app": ""}, {"name": "elastic-blast"}])
def test_other_clusters_are_left_alone(tags: dict[str, str]) -> None:
    assert not belongs(tags, {})


def test_every_wanted_tag_must_be_there_and_an_empty_value_is_any() -> None:
    wanted = {"Team": "blast", "env": ""}
    assert belongs({"team": "blast", "ENV": "prod"}, wanted)
    assert not belongs({"team": "Blast", "env": "prod"}, wanted)
    assert not belongs({"team": "blast"}, wanted)


def test_a_cluster_is_called_as_in_arm_unless_another_is_too() -> None:
    names = named([an_id("one"), an_id("two", "a"), an_id("TWO", "b"), an_id("three")], taken=["Three"])
    plain = [name for name in names if "-" not in name]
    assert plain == ["one"]
    assert sorted(name.partition("-")[0] for name in names if "-" in name) == ["TWO", "three", "two"]


@given(st.lists(IDS, max_size=20))
def test_every_cluster_has_one_name_of_its_own_that_a_label_can_hold(ids: list[ArmId]) -> None:
    names = named(ids)
    assert {identity.key for identity in names.values()} == {identity.key for identity in ids}
    assert len({name.lower() for name in names}) == len(names)
    assert all(0 < len(name) <= 63 for name in names)


@given(st.lists(IDS, max_size=20), st.randoms())
def test_names_do_not_depend_on_the_order_of_a_list(ids: list[ArmId], random: object) -> None:
    mixed = list(ids)
    random.shuffle(mixed)  # type: ignore[attr-defined] # Hypothesis gives a random.Random
    assert {n: i.key for n, i in named(mixed).items()} == {n: i.key for n, i in named(ids).items()}
