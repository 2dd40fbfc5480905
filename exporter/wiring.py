"""From the configuration to the objects that run: builds, never decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from exporter.adapters.clock import Clock
from exporter.adapters.endpoint import KubeSettings
from exporter.adapters.kube import Access, connect
from exporter.collectors.base import Collector
from exporter.config import Cluster as ClusterConfig
from exporter.config import Config, Tls
from exporter.domain.freshness import Holds
from exporter.domain.ledger import Limits
from exporter.domain.rules import Rules
from exporter.runtime.cluster import Cluster, ClusterSettings
from exporter.runtime.feed import Feed, FeedTimes
from exporter.runtime.pager import ListLimits
from exporter.runtime.poller import Poller
from exporter.web.guard import Limits as HttpLimits
from exporter.web.server import HttpSettings
from exporter.web.tls import TlsFiles

Reach = Callable[[ClusterConfig, Config], Access]


def reach(cluster: ClusterConfig, config: Config) -> Access:
    """The way to a cluster's API. Raises ConnectError if the configuration cannot be used."""
    given = cluster.connect
    return connect(
        KubeSettings(
            mode=given.mode,
            kubeconfig=str(given.kubeconfig or ""),
            context=given.context or "",
            server=given.server or "",
            ca_file=str(given.ca_file or ""),
            token_file=str(given.token_file or ""),
            insecure_http=given.insecure_http,
            connect_timeout=config.limits.connect,
        )
    )


def build_cluster(
    given: ClusterConfig, config: Config, *, access: Access, collectors: Sequence[Collector], clock: Clock, rules: Rules
) -> Cluster:
    """One cluster with its feeds and pollers, none of them started."""
    settings = ClusterSettings(
        name=given.name,
        namespaces=given.namespaces,
        rules=rules,
        limits=Limits(
            searches_shown=config.limits.searches, db_pairs=config.limits.databases, pools=config.limits.pools
        ),
        holds=Holds(stale_after=config.limits.bookmark_silence, expire_after=config.limits.expire),
        cancels=config.admin.enabled,
    )
    cluster = Cluster(settings, collectors=collectors, clock=clock)
    for collector in collectors:
        cluster.feeds += _feeds(collector, cluster, config, access, clock)
        cluster.pollers += _pollers(collector, cluster, config, access, clock)
    return cluster


def _feeds(collector: Collector, cluster: Cluster, config: Config, access: Access, clock: Clock) -> list[Feed]:
    limits = config.limits
    times = FeedTimes(silence=limits.bookmark_silence, poll=config.intervals.fallback_poll)
    lists = ListLimits(
        deadline=limits.list_deadline,
        page_items=limits.page_items,
        page_bytes=limits.page_bytes,
        pages=limits.pages,
        records=limits.records,
    )
    return [
        Feed(
            resource=resource,
            namespace=namespace,
            collector=collector.name,
            cluster=cluster.settings.name,
            transport=access.transport(f"{resource.name}/{namespace}", _counted(cluster, collector.name)),
            sink=cluster,
            clock=clock,
            times=times,
            limits=lists,
        )
        for resource in collector.resources
        for namespace in resource.places(cluster.settings.namespaces)
    ]


def _pollers(collector: Collector, cluster: Cluster, config: Config, access: Access, clock: Clock) -> list[Poller]:
    return [
        Poller(
            poll=poll,
            namespace=namespace,
            collector=collector.name,
            transport=access.transport(f"{poll.name}/{namespace}", _counted(cluster, collector.name)),
            clock=clock,
            interval=config.intervals.poll,
            budget=min(config.limits.list_deadline, 0.8 * config.intervals.poll),
        )
        for poll in collector.polls
        for namespace in cluster.settings.namespaces
    ]


def _counted(cluster: Cluster, collector: str) -> Callable[[str, str], None]:
    return lambda verb, code: cluster.count_request(collector, verb, code)


def http_settings(config: Config, on_reject: Callable[[int], None]) -> HttpSettings:
    """The public listener as configured; `on_reject` hears the status of requests that no handler saw."""
    listen = config.listen
    limits = HttpLimits(
        connections=listen.max_connections,
        header_timeout=listen.header_timeout,
        request_timeout=listen.request_timeout,
        keep_alive=int(listen.keep_alive),
        on_reject=on_reject,
    )
    return HttpSettings(address=listen.address, port=listen.port, tls=tls_files(listen.tls), limits=limits)


def tls_files(tls: Tls | None) -> TlsFiles | None:
    """The certificates of a listener."""
    if tls is None:
        return None
    return TlsFiles(
        certificate=tls.cert_file, key=tls.key_file, client_ca=tls.client_ca_file, min_version=tls.min_version
    )
