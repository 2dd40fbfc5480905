"""Whatever JSON ARM sends: words stay within their lists, numbers are numbers, or it is refused as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from exporter.domain.azure.arm import (
    MODES,
    POWER_STATES,
    PRIORITIES,
    PROVISIONING_STATES,
    PUBLIC_ACCESS,
    RESOURCE_KINDS,
    TIERS,
    VM_POWER_STATES,
    cluster_facts,
    freeze_arm,
    resource_facts,
    usages,
)
from exporter.domain.azure.platform import OF_CLUSTER, Asked, Point, Series, newest
from exporter.domain.snapshots import ClusterView, CountsSnapshot
from exporter.metrics.arm import FAMILIES, samples

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
KEYS = (
    "name", "location", "sku", "tier", "capacity", "properties", "powerState", "code", "provisioningState",
    "agentPoolProfiles", "count", "minCount", "maxCount", "enableAutoScaling", "currentKubernetesVersion",
    "currentOrchestratorVersion", "autoUpgradeProfile", "upgradeChannel", "instanceView", "statuses", "value",
    "currentValue", "limit", "hardwareProfile", "vmSize", "disableLocalAccounts", "apiServerAccessProfile",
)  # fmt: skip
keys = st.sampled_from(KEYS)
anything = st.recursive(
    scalars | st.sampled_from(("Running", "Succeeded", "PowerState/running", "1.33.5")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=6),
    max_leaves=25,
)
documents = st.dictionaries(keys, anything, max_size=8)


def refused(read: Callable[..., Any], *arguments: object, **named: object) -> Any:
    """What `read` makes of it, None if it refuses it with ValueError."""
    try:
        return read(*arguments, **named)
    except ValueError:
        return None


@given(documents)
def test_a_cluster_is_told_in_closed_words_or_not_at_all(document: dict[str, Any]) -> None:
    facts = refused(cluster_facts, document, resource_group="g")
    if facts is None:
        return
    assert facts.power in POWER_STATES
    assert facts.provisioning in PROVISIONING_STATES
    assert facts.tier in TIERS
    for pool in facts.pools:
        assert (pool.mode in MODES, pool.priority in PRIORITIES, pool.power in POWER_STATES) == (True, True, True)
        assert pool.provisioning in PROVISIONING_STATES
        assert all(number is None or number >= 0 for number in (pool.count, pool.minimum, pool.maximum))
        assert pool.name.isprintable()


@given(documents, st.sampled_from(RESOURCE_KINDS))
def test_a_resource_is_told_in_closed_words_or_not_at_all(document: dict[str, Any], kind: str) -> None:
    found = refused(resource_facts, document, kind=kind)
    if found is None:
        return
    assert found.provisioning in PROVISIONING_STATES
    assert found.public_access in PUBLIC_ACCESS
    assert found.power in (("", *VM_POWER_STATES) if kind == "virtual_machine" else ("",))
    assert (found.name.isprintable(), found.sku.isprintable()) == (True, True)


@given(st.lists(anything, max_size=5), st.lists(st.text(max_size=20), max_size=3))
def test_quota_is_made_of_sound_items_only(items: list[Any], sizes: list[str]) -> None:
    assert all(one.used >= 0 and one.limit >= 0 for one in usages(items, sizes))


moments = st.tuples(st.floats(0, 2e9), st.none() | st.floats(0, 100))
series = st.builds(
    Series,
    name=st.sampled_from([metric.name for one in OF_CLUSTER for metric in one.metrics]),
    split=st.sampled_from(["", "blastpool"]),
    points=st.lists(moments, max_size=5),
)


@given(st.sampled_from(OF_CLUSTER), st.lists(series, max_size=6))
def test_a_point_is_one_that_was_given_and_there_is_one_for_each_split(asked: Asked, given_: list[Series]) -> None:
    points = newest(asked, given_)
    times = {at for one in given_ for at, value in one.points if value is not None}
    assert len({(point.word, point.split) for point in points}) == len(points)
    assert all(point.at in times and 0 <= point.value <= 100 for point in points)


hostile = st.text(min_size=1, max_size=8)
pools = st.lists(
    st.fixed_dictionaries({"name": hostile | st.just("blastpool"), "count": scalars, "mode": scalars}), max_size=6
)
quotas = st.lists(
    st.fixed_dictionaries(
        {"name": st.builds(dict, value=st.just("cores") | hostile), "currentValue": st.just(1), "limit": st.just(2)}
    )
)
points = st.lists(series, max_size=6).map(lambda given_: tuple(p for one in OF_CLUSTER for p in newest(one, given_)))


@given(pools, quotas, points, hostile)
def test_no_two_samples_have_the_same_labels_and_no_family_exceeds_its_bound(
    given_pools: list[Any], items: list[Any], load: tuple[Point, ...], name: str
) -> None:
    document = {"name": name, "properties": {"agentPoolProfiles": given_pools, "powerState": {"code": "Running"}}}
    answers = {
        ("managed_cluster", ""): cluster_facts(document, resource_group="g"),
        ("platform_metrics", ""): load,
        ("usages", ""): usages(items, ["Standard_E16s_v5"]),
    }
    view = ClusterView(
        name="",
        namespaces=(),
        batch=None,
        core=None,
        counts=CountsSnapshot(),
        health=(),
        arm=freeze_arm(answers, pools=4),
    )
    said = [(sample.family.name, sample.labels) for sample in samples(view)]
    assert len(set(said)) == len(said)
    counted = Counter(family for family, _ in said)
    assert all(counted[family.name] <= family.bound for family in FAMILIES)
