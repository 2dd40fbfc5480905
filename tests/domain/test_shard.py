"""Sharding: every cluster has one owner, the same everywhere, and few move when the number of replicas changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.domain.azure.shard import Shard, owner, shard_of

NAMES = st.text(max_size=80)
REPLICAS = st.integers(1, 40)


@given(NAMES, REPLICAS)
def test_every_cluster_has_one_owner_among_the_replicas(name: str, replicas: int) -> None:
    assert owner(name, replicas) in range(replicas)


@given(NAMES, REPLICAS)
def test_a_cluster_moves_only_to_the_replica_that_came(name: str, replicas: int) -> None:
    before, after = owner(name, replicas), owner(name, replicas + 1)
    assert after in (before, replicas)


@given(NAMES, REPLICAS)
def test_only_the_clusters_of_the_replica_that_left_move(name: str, replicas: int) -> None:
    before = owner(name, replicas + 1)
    assert before == replicas or owner(name, replicas) == before


@pytest.mark.parametrize("replicas", [2, 3, 5, 10])
def test_the_fleet_is_shared_evenly_and_few_move(replicas: int) -> None:
    names = [f"subscription/group-{n % 7}/aks-{n}" for n in range(2000)]
    counts = [sum(owner(name, replicas) == replica for name in names) for replica in range(replicas)]
    fair = len(names) / replicas
    assert all(0.7 * fair < count < 1.3 * fair for count in counts), counts
    moved = sum(owner(name, replicas) != owner(name, replicas + 1) for name in names)
    assert 0.7 < moved * (replicas + 1) / len(names) < 1.3


def test_the_owner_is_the_same_in_every_process_and_release() -> None:
    """Replicas of two versions run side by side while one is rolled out."""
    assert [owner(f"aks-{n}", 4) for n in range(8)] == [2, 0, 3, 0, 3, 2, 3, 1]


def test_no_replica_is_no_owner() -> None:
    with pytest.raises(ValueError, match="no replica"):
        owner("aks", 0)


@given(NAMES, REPLICAS)
def test_exactly_one_replica_owns_a_cluster(name: str, replicas: int) -> None:
    assert [Shard(index, replicas).owns(name) for index in range(replicas)].count(True) == 1


@pytest.mark.parametrize(
    ("text", "host", "shard"),
    [("0/1", "", Shard(0, 1)), ("2/3", "exporter-0", Shard(2, 3)), ("ordinal/3", "exporter-1", Shard(1, 3))],
)
def test_a_shard_is_given_or_the_ordinal_of_a_statefulset(text: str, host: str, shard: Shard) -> None:
    assert shard_of(text, host) == shard
    assert shard_of(text, f"{host}.exporter.monitoring") == shard


@pytest.mark.parametrize(
    "text", ["", "1", "/", "1/", "/3", "3/3", "-1/3", "1/0", "a/3", "1/3/5", "\u0661/3", "ordinal"]
)
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be i/n"):
        shard_of(text, "exporter-0")


@pytest.mark.parametrize("host", ["", "exporter", "exporter-", "exporter-7f9c"])
def test_a_host_without_an_ordinal_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="ordinal of a StatefulSet"):
        shard_of("ordinal/3", host)


def test_an_ordinal_beyond_the_replicas_is_refused() -> None:
    with pytest.raises(ValueError, match="0 to n - 1"):
        shard_of("ordinal/3", "exporter-3")
