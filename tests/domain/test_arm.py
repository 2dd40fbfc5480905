"""What ARM says, in closed words: new words, missing fields and nonsense are not taken for facts."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.domain.azure.arm import (
    ClusterFacts,
    cluster_facts,
    family_of,
    freeze_arm,
    resource_facts,
    usages,
    version_skew,
)
from exporter.domain.azure.armid import resource_id
from exporter.domain.azure.platform import Point

POOL = {
    "name": "blastpool",
    "mode": "User",
    "vmSize": "Standard_E16s_v5",
    "count": 3,
    "enableAutoScaling": True,
    "minCount": 0,
    "maxCount": 10,
    "scaleSetPriority": "Spot",
    "currentOrchestratorVersion": "1.32.9",
    "provisioningState": "Succeeded",
    "powerState": {"code": "Running"},
}


def document(**properties: Any) -> dict[str, Any]:
    known = {
        "provisioningState": "Succeeded",
        "powerState": {"code": "Running"},
        "currentKubernetesVersion": "1.33.5",
        "agentPoolProfiles": [POOL],
    }
    return {"name": "blast", "location": "westeurope", "properties": {**known, **properties}}


@pytest.mark.parametrize(
    ("power", "provisioning"),
    [
        ("Running", "Starting"),
        ("Stopped", "Succeeded"),
        ("Running", "Stopping"),
        ("Running", "Failed"),
        ("Running", "Deleting"),
    ],
)
def test_power_and_provisioning_are_two_facts(power: str, provisioning: str) -> None:
    facts = cluster_facts(
        document(powerState={"code": power}, provisioningState=provisioning), resource_group="searches"
    )
    assert (facts.power, facts.provisioning) == (power, provisioning)


def test_a_new_word_is_other_and_another_case_is_the_same_word() -> None:
    facts = cluster_facts(
        document(powerState={"code": "hibernating"}, provisioningState="SUCCEEDED"), resource_group="g"
    )
    assert (facts.power, facts.provisioning) == ("other", "Succeeded")


def test_what_is_missing_is_unknown() -> None:
    facts = cluster_facts({"name": "blast", "properties": {}}, resource_group="g")
    assert (facts.power, facts.provisioning, facts.tier) == ("other", "other", "other")
    assert (facts.version, facts.location, facts.upgrade_channel) == ("unknown", "unknown", "none")
    assert (facts.private, facts.local_accounts, facts.pools) == (None, None, ())


def test_no_properties_are_no_cluster() -> None:
    with pytest.raises(ValueError, match="without properties"):
        cluster_facts({"name": "blast"}, resource_group="g")


def test_a_pool_without_autoscaler_has_no_maximum_and_may_have_no_nodes() -> None:
    pool = {**POOL, "enableAutoScaling": False, "count": 0, "scaleSetPriority": None}
    (facts,) = cluster_facts(document(agentPoolProfiles=[pool]), resource_group="g").pools
    assert (facts.count, facts.minimum, facts.maximum, facts.priority) == (0, None, None, "Regular")


@pytest.mark.parametrize("bad", [None, -1, True, "3", 2.5, 10**12])
def test_nonsense_is_not_a_number_of_nodes(bad: object) -> None:
    (facts,) = cluster_facts(document(agentPoolProfiles=[{**POOL, "count": bad}]), resource_group="g").pools
    assert facts.count is None


def test_one_bad_pool_does_not_hide_the_others() -> None:
    given = ["text", {}, None, {"name": "odd", "mode": 7, "powerState": []}, POOL]
    pools = cluster_facts(document(agentPoolProfiles=given), resource_group="g").pools
    assert [pool.name for pool in pools] == ["blastpool", "odd"]
    assert (pools[1].mode, pools[1].power, pools[1].vm_size) == ("other", "other", "unknown")


@pytest.mark.parametrize(
    ("ours", "theirs", "skew"),
    [("1.33.5", "1.33.2", 0), ("1.33.5", "1.31.9", 2), ("2.0", "1.33", None), ("1.33", "x", None)],
)
def test_skew_is_counted_in_minor_versions(ours: str, theirs: str, skew: int | None) -> None:
    assert version_skew(ours, theirs) == skew


@pytest.mark.parametrize(
    ("size", "family"),
    [
        ("Standard_E16s_v5", "standardESv5Family"),
        ("Standard_D2s_v3", "standardDSv3Family"),
        ("Standard_E32-8ads_v5", "standardEADSv5Family"),
        ("Standard_DS2_v2", "standardDSv2Family"),
        ("unknown", ""),
    ],
)
def test_a_size_belongs_to_a_quota_family(size: str, family: str) -> None:
    assert family_of(size) == family


def test_bad_quota_items_are_left_out() -> None:
    good = {"name": {"value": "cores"}, "currentValue": 4, "limit": 10}
    items = [good, {"name": "cores"}, None, {**good, "limit": -1}, {**good, "name": {"value": "standardXFamily"}}]
    assert [(one.family, one.used, one.limit) for one in usages(items, [])] == [("cores", 4, 10)]


def test_a_virtual_machine_has_the_power_of_its_view() -> None:
    statuses = [{"code": "ProvisioningState/succeeded"}, {"code": "PowerState/deallocated"}]
    found = resource_facts(
        {
            "name": "head",
            "location": "westeurope",
            "properties": {
                "provisioningState": "Succeeded",
                "hardwareProfile": {"vmSize": "Standard_D4s_v5"},
                "instanceView": {"statuses": statuses},
            },
        },
        kind="virtual_machine",
    )
    assert (found.power, found.sku, found.public_access) == ("deallocated", "Standard_D4s_v5", "unknown")
    assert found.instances is None


def test_a_resource_tells_its_sku_its_size_and_whether_the_world_may_reach_it() -> None:
    given = {"name": "images", "sku": {"name": "Premium", "capacity": 3}}
    found = resource_facts({**given, "properties": {"publicNetworkAccess": "disabled"}}, kind="registry")
    assert (found.sku, found.public_access, found.power, found.instances) == ("Premium", "Disabled", "", None)
    assert resource_facts({**given, "properties": {}}, kind="scale_set").instances == 3


POINTS = (Point(word="etcd_database", value=0.5, at=1.0), Point(word="cpu", value=0.9, at=1.0, split="blastpool"))


def facts(**properties: Any) -> ClusterFacts:
    return cluster_facts(document(**properties), resource_group="g")


def test_nothing_answered_is_no_snapshot() -> None:
    assert freeze_arm({}, pools=4) is None


def test_a_cluster_that_does_not_run_has_no_load() -> None:
    for power, shown in (("Running", POINTS), ("Stopped", None)):
        frozen = freeze_arm(
            {("managed_cluster", ""): facts(powerState={"code": power}), ("platform_metrics", ""): POINTS}, pools=4
        )
        assert frozen is not None
        assert frozen.points == shown


def test_what_is_not_answered_is_not_said() -> None:
    frozen = freeze_arm({("platform_metrics", ""): POINTS}, pools=4)
    assert frozen is not None
    assert (frozen.cluster, frozen.usages, frozen.resources) == (None, None, ())
    assert frozen.points == POINTS[:1]


def test_no_more_pools_are_shown_than_allowed_and_those_of_searches_first() -> None:
    system = {**POOL, "name": "a", "mode": "System"}
    many = facts(agentPoolProfiles=[system, *({**POOL, "name": name} for name in ("d", "b", "c"))])
    frozen = freeze_arm({("managed_cluster", ""): many}, pools=2)
    assert frozen is not None
    assert frozen.cluster is not None
    assert [pool.name for pool in frozen.cluster.pools] == ["b", "c"]


def test_a_resource_gets_its_own_points_and_none_while_it_does_not_run() -> None:
    point = (Point(word="cpu", value=0.5, at=1.0),)
    shown = []
    for power in ("running", "deallocated"):
        statuses = [{"code": f"PowerState/{power}"}]
        head = resource_facts(
            {"name": "head", "properties": {"instanceView": {"statuses": statuses}}}, kind="virtual_machine"
        )
        frozen = freeze_arm({("azure_resources", "a"): head, ("azure_resource_metrics", "a"): point}, pools=4)
        assert frozen is not None
        shown.append(frozen.resources[0].points)
    assert shown == [point, ()]


ID = "/subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups/g/providers/{}"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("Microsoft.Storage/storageAccounts/results", "storage_account"),
        ("microsoft.containerregistry/registries/images", "registry"),
        ("Microsoft.Compute/virtualMachines/head", "virtual_machine"),
        ("Microsoft.Compute/virtualMachineScaleSets/pool", "scale_set"),
    ],
)
def test_the_kind_of_a_resource_is_that_of_its_id(path: str, kind: str) -> None:
    found = resource_id(ID.format(path))
    assert (found.kind, found.name) == (kind, path.rpartition("/")[2])
    assert resource_id(found.path.upper()).key == found.key == ID.format(path).lower()
    assert "0001" not in repr(found)


@pytest.mark.parametrize(
    "text", ["", "results", ID.format("Microsoft.Sql/servers/x"), ID.format("Microsoft.Storage/storageAccounts/a/b")]
)
def test_any_other_id_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ValueError, match="is not the id") as refused:
        resource_id(text)
    assert "0001" not in str(refused.value)
