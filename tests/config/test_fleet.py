"""The fleet in the configuration: clusters by ARM, discovery, shards."""

from __future__ import annotations

import pytest

from exporter.config import ConfigError, load

SUBSCRIPTION = "0a1b2c3d-0000-4000-8000-0123456789ab"
ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/aks"


def test_with_discovery_the_unnamed_cluster_that_stands_for_no_list_is_none():
    assert [cluster.name for cluster in load(None, {}, {}).listed] == [""]
    assert load(None, {}, {"discovery.subscriptions": SUBSCRIPTION}).listed == ()


def test_listed_clusters_need_names_beside_those_that_are_found():
    flags = {"discovery.subscriptions": SUBSCRIPTION, "clusters[0].namespaces": "blast"}
    with pytest.raises(ConfigError, match=r"clusters\[0\].name: is required where there are several clusters"):
        load(None, {}, flags)
    assert [cluster.name for cluster in load(None, {}, {**flags, "clusters[0].name": "one"}).listed] == ["one"]


def test_tags_are_names_and_values_of_which_the_value_may_be_missing():
    flags = {"discovery.subscriptions": SUBSCRIPTION, "discovery.tags": "team=blast,env,note=a=b"}
    assert load(None, {}, flags).discovery.wanted == {"team": "blast", "env": "", "note": "a=b"}


@pytest.mark.parametrize("tag", ["", "=blast", "a<b", "a/b=c"])
def test_what_is_no_tag_is_refused(tag):
    with pytest.raises(ConfigError, match="must be name=value"):
        load(None, {}, {"discovery.subscriptions": SUBSCRIPTION, "discovery.tags": [tag]})


def test_a_cluster_reached_by_arm_needs_its_id():
    with pytest.raises(ConfigError, match=r"clusters\[0\].azure.resource_id: is required for mode aks"):
        load(None, {}, {"clusters[0].connect.mode": "aks"})
    assert load(None, {}, {"clusters[0].connect.mode": "aks", "clusters[0].azure.resource_id": ID})


@pytest.mark.parametrize("shard", ["0/1", "2/3", "ordinal/3", ""])
def test_a_shard_is_a_share_of_the_fleet(shard):
    assert load(None, {}, {"shard": shard}).shard == shard


@pytest.mark.parametrize("shard", ["3/3", "a", "1/0", "ordinal/"])
def test_what_is_no_shard_is_refused(shard):
    with pytest.raises(ConfigError, match="shard: must be i/n"):
        load(None, {}, {"shard": shard})


def test_no_id_of_azure_is_in_a_problem():
    flags = {"clusters[0].azure.resource_id": f"{ID}/x", "azure.client_id": f"{SUBSCRIPTION}x"}
    with pytest.raises(ConfigError) as caught:
        load(None, {}, flags)
    assert SUBSCRIPTION not in str(caught.value)
