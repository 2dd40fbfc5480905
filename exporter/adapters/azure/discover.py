"""Finding the fleet: the managed clusters of subscriptions and resource groups that carry certain tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from exporter.adapters.azure.clients import container_service
from exporter.adapters.azure.credentials import Credential
from exporter.adapters.azure.failures import azure_failure
from exporter.adapters.azure.settings import AzureSettings
from exporter.domain.azure.armid import ArmId, cluster_id
from exporter.domain.azure.fleet import belongs
from exporter.domain.failures import Failed, Word

_MOST = 2000


@dataclass(frozen=True, slots=True)
class Scope:
    """A subscription, or one of its resource groups (empty: all)."""

    subscription: str = field(repr=False)
    group: str = ""

    def holds(self, cluster: ArmId) -> bool:
        return cluster.subscription == self.subscription.lower() and self.group.lower() in ("", cluster.group.lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The fleet as far as it is known; `failures` are the words of what could not be asked."""

    clusters: frozenset[ArmId]
    failures: tuple[Failed, ...] = ()


def discover(
    settings: AzureSettings,
    credential: Credential,
    scopes: Sequence[Scope],
    wanted: Mapping[str, str],
    known: frozenset[ArmId],
) -> Found:
    """Return who belongs to the fleet now, given who did before.

    A list without the right to read is an empty one, with 200, so a cluster does not leave by missing from a list:
    it is asked for by its id, and leaves when that answers 404, or without the tags.
    """
    before = {cluster.key: cluster for cluster in known if any(scope.holds(cluster) for scope in scopes)}
    now: dict[str, ArmId] = {}
    failures: list[Failed] = []
    for scope in scopes:
        try:
            listed = _listed(settings, credential, scope, wanted)
        except Failed as failure:
            failures.append(failure)
            listed = [cluster for cluster in before.values() if scope.holds(cluster)]
        now.update((cluster.key, before.get(cluster.key, cluster)) for cluster in listed)
    for cluster in [cluster for key, cluster in before.items() if key not in now]:
        try:
            stays = _still_there(settings, credential, cluster, wanted)
        except Failed as failure:
            stays = True
            failures.append(failure)
        if stays:
            now[cluster.key] = cluster
    return Found(clusters=frozenset(now.values()), failures=tuple(failures))


def _listed(settings: AzureSettings, credential: Credential, scope: Scope, wanted: Mapping[str, str]) -> list[ArmId]:
    try:
        with container_service(settings, credential, scope.subscription) as client:
            operations = client.managed_clusters
            pages = operations.list_by_resource_group(scope.group) if scope.group else operations.list()
            return [_id(item) for item in islice(pages, _MOST) if belongs(item.tags or {}, wanted)]
    except Exception as error:  # noqa: BLE001 - the client raises its own errors and its credential's
        raise azure_failure(error, "discovery") from None


def _still_there(settings: AzureSettings, credential: Credential, cluster: ArmId, wanted: Mapping[str, str]) -> bool:
    try:
        with container_service(settings, credential, cluster.subscription) as client:
            return belongs(client.managed_clusters.get(cluster.group, cluster.name).tags or {}, wanted)
    except Exception as error:  # noqa: BLE001 - as above
        failure = azure_failure(error, "discovery")
        if failure.word is Word.ABSENT:
            return False
        raise failure from None


def _id(item: Any) -> ArmId:
    return cluster_id(item.id)
