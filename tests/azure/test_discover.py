"""Discovery: who joins and who leaves the fleet, with the client of ARM against a simulated one."""

from __future__ import annotations

import pytest

from exporter.adapters.azure.credentials import Credential, credential_of
from exporter.adapters.azure.discover import Found, Scope, discover
from exporter.adapters.azure.settings import AzureSettings
from exporter.adapters.clock import SystemClock
from exporter.domain.azure.armid import ArmId, cluster_id
from exporter.domain.failures import Word
from exporter.simulator.arm.model import CLUSTERS, ManagedCluster
from exporter.simulator.arm.server import ArmSimulator

FIRST, SECOND = "0a1b2c3d-0000-4000-8000-0123456789ab", "ffffffff-0000-4000-8000-0123456789ab"
MARK = {"project": "elastic-blast"}


def path(name: str, group: str = "rg", subscription: str = FIRST) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{CLUSTERS}/{name}"


@pytest.fixture
def credential(settings: AzureSettings) -> Credential:
    return credential_of(settings, env={}, clock=SystemClock())


class Finder:
    """Looks again and again, from what it knew before."""

    def __init__(self, settings: AzureSettings, credential: Credential, *scopes: Scope, **tags: str) -> None:
        self.given = (settings, credential, scopes or (Scope(FIRST),), tags)
        self.known: frozenset[ArmId] = frozenset()

    def look(self) -> Found:
        found = discover(*self.given, self.known)
        self.known = found.clusters
        return found

    def names(self) -> list[str]:
        return sorted(cluster.name for cluster in self.look().clusters)


def test_the_marked_clusters_of_a_subscription_are_found_over_several_pages(
    azure: ArmSimulator, settings: AzureSettings, credential: Credential
) -> None:
    azure.api.page = 2
    azure.estate.add(*(ManagedCluster(id=path(f"aks-{n}"), tags=MARK if n % 2 else {}) for n in range(7)))
    azure.estate.add(ManagedCluster(id=path("elsewhere", subscription=SECOND), tags=MARK))
    assert Finder(settings, credential).names() == ["aks-1", "aks-3", "aks-5"]


def test_a_resource_group_and_tags_narrow_it(
    azure: ArmSimulator, settings: AzureSettings, credential: Credential
) -> None:
    for group in ("one", "two"):
        azure.estate.add(ManagedCluster(id=path(f"aks-{group}", group), tags={"team": "blast"}))
        azure.estate.add(ManagedCluster(id=path(f"other-{group}", group), tags={"team": "other"}))
    assert Finder(settings, credential, Scope(FIRST, "one"), team="blast").names() == ["aks-one"]


def test_clusters_join_and_leave(azure: ArmSimulator, settings: AzureSettings, credential: Credential) -> None:
    finder = Finder(settings, credential)
    one, two = (ManagedCluster(id=path(name), tags=dict(MARK)) for name in ("one", "two"))
    azure.estate.add(one)
    assert finder.names() == ["one"]
    azure.estate.add(two)
    assert finder.names() == ["one", "two"]
    del azure.estate.clusters[one.id.lower()]
    assert finder.names() == ["two"], "ARM knows nothing of it any more"
    two.tags.clear()
    assert finder.names() == [], "it is not marked any more"


def test_a_list_without_the_right_to_read_takes_nobody_out(
    azure: ArmSimulator, settings: AzureSettings, credential: Credential
) -> None:
    """ARM answers 200 with an empty list to who may read nothing."""
    finder = Finder(settings, credential)
    azure.estate.add(ManagedCluster(id=path("one"), tags=MARK))
    finder.look()
    azure.api.denied = {f"{CLUSTERS}/read"}
    found = finder.look()
    assert [cluster.name for cluster in found.clusters] == ["one"]
    assert [failure.word for failure in found.failures] == [Word.DENIED]
    assert FIRST not in str(found.failures)


def test_one_scopes_trouble_leaves_its_clusters_and_touches_no_other(
    azure: ArmSimulator, settings: AzureSettings, credential: Credential
) -> None:
    from starlette.requests import Request
    from starlette.responses import Response

    finder = Finder(settings, credential, Scope(FIRST), Scope(SECOND))
    azure.estate.add(ManagedCluster(id=path("one"), tags=MARK))
    finder.look()
    azure.estate.add(ManagedCluster(id=path("two", subscription=SECOND), tags=MARK))

    async def trouble(request: Request) -> Response | None:
        return Response(status_code=500) if FIRST in request.url.path else None

    azure.api.intercept = trouble
    found = finder.look()
    assert sorted(cluster.name for cluster in found.clusters) == ["one", "two"]
    assert [failure.word for failure in found.failures] == [Word.SERVER]


def test_a_cluster_that_two_scopes_hold_is_one(
    azure: ArmSimulator, settings: AzureSettings, credential: Credential
) -> None:
    azure.estate.add(ManagedCluster(id=path("one"), tags=MARK))
    finder = Finder(settings, credential, Scope(FIRST), Scope(FIRST, "RG"))
    first = finder.look().clusters
    azure.estate.clusters[path("one").lower()].id = path("ONE", "RG")
    assert len(first) == 1
    assert finder.look().clusters == first, "an id in another case is the same cluster"


def test_the_scopes_are_as_wide_as_they_say() -> None:
    cluster = cluster_id(path("one", "Group"))
    assert Scope(FIRST).holds(cluster)
    assert Scope(FIRST.upper(), "group").holds(cluster)
    assert not Scope(SECOND).holds(cluster)
    assert not Scope(FIRST, "gro").holds(cluster)
