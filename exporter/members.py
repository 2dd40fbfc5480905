"""The followed clusters: what is built for each, how it starts and stops, and the door to Azure that they share."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from exporter import collectors
from exporter.adapters.azure.discover import Found
from exporter.adapters.clock import Clock
from exporter.adapters.kube import Access
from exporter.cancel.desk import ClusterWay
from exporter.config import Cluster as ClusterConfig
from exporter.config import Config
from exporter.domain.azure.armid import ArmId
from exporter.runtime.cluster import Cluster
from exporter.runtime.gatekeeper import Gatekeeper
from exporter.wiring import Reach, build_cluster
from exporter.wiring_admin import AdminPort
from exporter.wiring_fleet import Door, gatekeeper


@dataclass(slots=True, eq=False)
class Member:
    """One followed cluster, and the way to its API."""

    given: ClusterConfig
    cluster: Cluster
    access: Access
    way: ClusterWay | None = None
    keeper: Gatekeeper | None = None

    def start(self) -> None:
        for feed in self.cluster.feeds:
            feed.start()

    def stop(self, timeout: float) -> None:
        for feed in self.cluster.feeds:
            feed.stop()
        for poller in self.cluster.pollers:
            poller.abort()
        if self.keeper:
            self.keeper.transport.abort()
        for feed in self.cluster.feeds:
            feed.join(timeout / max(len(self.cluster.feeds), 1))
        for poller in self.cluster.pollers:
            poller.close()
        if self.keeper:
            self.keeper.transport.close()
        self.access.close()

    def discard(self, timeout: float) -> None:
        """Stop it, and let go of its way, which nobody was given."""
        self.stop(timeout)
        if self.way:
            self.way.close()

    def tried(self) -> bool:
        """Whether every feed has finished a first attempt, well or badly, or the cluster is off."""
        return self.cluster.paused or all(feed.pulse.tried for feed in self.cluster.feeds)


class Maker:
    """Builds members, none started. `way` stands in for the one that the configuration describes."""

    def __init__(self, *, clock: Clock, way: Reach | None, speed: float, admin: AdminPort | None) -> None:
        self._clock = clock
        self._way = way
        self._speed = speed
        self._admin = admin
        self._door: Door | None = None

    def door(self, config: Config) -> Door:
        """The door to Azure as configured: the same one until the configuration says otherwise."""
        if self._door is None or self._door.config != config:
            self._door = Door(config, self._clock, speed=self._speed)
        return self._door

    def found(self, config: Config, known: frozenset[ArmId]) -> Found:
        """Who is in the fleet. Raises ConnectError."""
        return self.door(config).discover(known)

    def built(self, clusters: Sequence[ClusterConfig], config: Config) -> list[Member]:
        """All of them, or an error (ConnectError) and nothing left behind."""
        members: list[Member] = []
        if config.discovery.subscriptions:
            self.door(config).credential()
        try:
            for given in clusters:
                members.append(self._member(given, config))  # noqa: PERF401 - those before a failure are let go
        except BaseException:
            for member in members:
                member.discard(timeout=0.0)
            raise
        return members

    def _access(self, given: ClusterConfig, config: Config) -> Access:
        return self._way(given, config) if self._way else self.door(config).reach(given)

    def _member(self, given: ClusterConfig, config: Config) -> Member:
        access = self._access(given, config)
        cluster = build_cluster(
            given,
            config,
            access=access,
            credential=self.door(config).credential,
            collectors=collectors.ALL,
            clock=self._clock,
            rules=config.rules.to_rules().scaled(self._speed),
        )
        return Member(
            given=given,
            cluster=cluster,
            access=access,
            way=self._admin.way(cluster, self._access(given, config)) if self._admin else None,
            keeper=gatekeeper(given, cluster, access, self._clock),
        )


def together(calls: Sequence[Callable[[], object]], *, within: float | None = None) -> None:
    """Make all calls at once, and wait for them: for so many seconds in all, or until they end."""
    threads = [threading.Thread(target=call, name="call", daemon=True) for call in calls]
    for thread in threads:
        thread.start()
    ends = None if within is None else time.monotonic() + within
    for thread in threads:
        thread.join(None if ends is None else max(ends - time.monotonic(), 0.0))
