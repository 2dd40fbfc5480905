"""From the configuration to a fleet: who is in it, whom of it we follow, and the way to each from outside."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable

from exporter.adapters.azure.aks import aks
from exporter.adapters.azure.calls import MOST_CALLS
from exporter.adapters.azure.credentials import Principal
from exporter.adapters.azure.discover import Found, Scope, discover
from exporter.adapters.azure.tokens import AzureTokens
from exporter.adapters.azure.user_credential import UserCredentials, asker
from exporter.adapters.clock import Clock
from exporter.adapters.endpoint import ConnectError
from exporter.adapters.kube import Access
from exporter.config import Cluster as ClusterConfig
from exporter.config import ClusterAzure, Config, Connect
from exporter.domain.azure.armid import ArmId, cluster_id
from exporter.domain.azure.fleet import named
from exporter.domain.azure.shard import Shard, shard_of
from exporter.domain.failures import Failed
from exporter.runtime.cluster import Cluster
from exporter.runtime.gatekeeper import Gatekeeper
from exporter.wiring import reach
from exporter.wiring_azure import azure_settings


class Door:
    """One identity in Azure, and what it opens. All clusters share its token; nothing is asked before it is needed.

    `speed`: in a world that lives so many times faster, there are as many times more calls to ARM a minute.
    """

    def __init__(self, config: Config, clock: Clock, *, speed: float = 1.0) -> None:
        self.config = config
        self.settings = azure_settings(config)
        self.credential = Principal(self.settings, clock, most=max(round(MOST_CALLS * speed), MOST_CALLS))
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens: AzureTokens | None = None
        self._known: dict[str, UserCredentials] = {}

    def reach(self, given: ClusterConfig) -> Access:
        """The way to a cluster's API; no request is sent. Raises ConnectError if the configuration cannot be used."""
        if given.connect.mode != "aks" or given.azure.resource_id is None:
            return reach(given, self.config)
        place = cluster_id(given.azure.resource_id)
        with self._lock:
            tokens = self._tokens = self._tokens or AzureTokens(self.credential(), clock=self._clock)
            if place.key not in self._known:
                ask = asker(self.settings, self.credential(), place, self.credential.calls(place))
                self._known[place.key] = UserCredentials(ask, clock=self._clock)
            credentials = self._known[place.key]
        return aks(
            credentials,
            tokens,
            name=given.name or place.name,
            mode=self.credential.mode,
            connect_timeout=self.config.limits.connect,
        )

    def discover(self, known: frozenset[ArmId]) -> Found:
        """Who is in the fleet now, given who was. Raises ConnectError without an identity."""
        given = self.config.discovery
        scopes = [Scope(one, group) for one in given.subscriptions for group in given.resource_groups or ("",)]
        return discover(self.settings, self.credential(), scopes, given.wanted, known)


def fleet(config: Config, found: Iterable[ArmId]) -> tuple[ClusterConfig, ...]:
    """The clusters to follow: those that are listed and those that were found, as far as they are of our shard.

    Raises ConnectError for a shard that is none on this host.
    """
    listed = config.listed
    ids = {key for key in map(_key, listed) if key}
    names = named((one for one in found if one.key not in ids), taken=[cluster.name for cluster in listed])
    ours = _shard(config)
    members = (*listed, *(_member(config, name, place) for name, place in names.items()))
    return tuple(one for one in members if ours is None or ours.owns(_key(one) or one.name))


def present(config: Config, door: Door) -> tuple[tuple[ClusterConfig, ...], tuple[Failed, ...]]:
    """The clusters to follow as of now, and what went wrong in looking for them. Raises ConnectError."""
    if not config.discovery.subscriptions:
        return fleet(config, ()), ()
    found = door.discover(frozenset())
    return fleet(config, found.clusters), found.failures


def gatekeeper(given: ClusterConfig, cluster: Cluster, access: Access, clock: Clock) -> Gatekeeper | None:
    """Who minds the gate of a cluster; nobody for one of which ARM is not asked."""
    if given.azure.resource_id is None:
        return None
    return Gatekeeper(told=cluster.arm_state, transport=access.transport("gate"), turn=cluster.turn, clock=clock)


def _member(config: Config, name: str, place: ArmId) -> ClusterConfig:
    return ClusterConfig(
        name=name,
        connect=Connect(mode="aks"),
        azure=ClusterAzure(resource_id=place.path),
        namespaces=config.discovery.namespaces,
    )


def _shard(config: Config) -> Shard | None:
    try:
        return shard_of(config.shard, socket.gethostname()) if config.shard else None
    except ValueError as error:
        raise ConnectError(f"shard: {error}") from None


def _key(given: ClusterConfig) -> str:
    """The same in every replica for one cluster, whatever it is called there."""
    return cluster_id(given.azure.resource_id).key if given.azure.resource_id else ""
