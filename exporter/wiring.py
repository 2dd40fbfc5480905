"""From the configuration to the objects that run: builds, never decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from exporter.adapters.azure.credentials import Principal
from exporter.adapters.clock import Clock
from exporter.adapters.decode import stored_objects
from exporter.adapters.endpoint import ConnectError, KubeSettings
from exporter.adapters.kube import Access, connect
from exporter.adapters.transport import Transport
from exporter.collectors import arm, custom
from exporter.collectors.base import Collector, Poll
from exporter.config import Cluster as ClusterConfig
from exporter.config import Config, Tls
from exporter.config.custom import kinds
from exporter.domain.fold.ledger import Limits
from exporter.domain.freshness import Holds
from exporter.domain.rules import Rules
from exporter.runtime.cluster import Cluster, ClusterSettings
from exporter.runtime.feed import Feed, FeedTimes
from exporter.runtime.pager import ListLimits
from exporter.runtime.poller import Poller
from exporter.web.guard import Limits as HttpLimits
from exporter.web.server import HttpSettings
from exporter.web.tls import TlsFiles
from exporter.wiring_azure import azure_pollers
from exporter.wiring_custom import custom_pollers

Reach = Callable[[ClusterConfig, Config], Access]
_ONE_PAGE = 1024**2


def reach(cluster: ClusterConfig, config: Config) -> Access:
    """The way to a cluster's API from inside, by a kubeconfig, or as spelled out. Raises ConnectError if the
    configuration cannot be used."""
    given = cluster.connect
    if given.mode == "aks":
        raise ConnectError("a cluster with mode aks is reached by way of ARM only")
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
    given: ClusterConfig,
    config: Config,
    *,
    access: Access,
    credential: Principal,
    collectors: Sequence[Collector],
    clock: Clock,
    rules: Rules,
) -> Cluster:
    """One cluster with its feeds and pollers, none of them started. Without an ARM id it has no ARM collector."""
    chosen = {
        custom.COLLECTOR.name: custom.collector(kinds(config.custom)),
        arm.COLLECTOR.name: arm.collector(with_resources=bool(given.resources)),
    }
    if given.azure.resource_id is None:
        collectors = [one for one in collectors if one is not arm.COLLECTOR]
    collectors = [chosen.get(one.name, one) for one in collectors]
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
    cluster.credentials.append(access.credential)
    for collector in collectors:
        cluster.feeds += _feeds(collector, cluster, config, access, clock)
        cluster.pollers += _pollers(collector, cluster, config, access, clock)
    cluster.pollers += custom_pollers(config, cluster, access, clock)
    cluster.pollers += azure_pollers(given, config, cluster=cluster, credential=credential, clock=clock)
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
        stored_poller(
            poll,
            access.transport(f"{poll.name}/{namespace}", _counted(cluster, collector.name)),
            namespace=namespace,
            collector=collector.name,
            clock=clock,
            interval=config.intervals.poll,
            budget=min(config.limits.list_deadline, 0.8 * config.intervals.poll),
        )
        for poll in collector.polls
        if poll.path
        for namespace in cluster.settings.namespaces
    ]


def stored_poller(
    poll: Poll,
    transport: Transport,
    *,
    namespace: str,
    collector: str,
    clock: Clock,
    interval: float,
    budget: float,
) -> Poller:
    """What asks how many objects a list has."""
    path = poll.path.format(namespace=namespace)

    def ask(seconds: float) -> int:
        return stored_objects(transport.get(path, poll.params, budget=seconds, cap=_ONE_PAGE).body)

    return Poller(
        name=poll.name,
        collector=collector,
        namespace=namespace,
        ask=ask,
        clock=clock,
        interval=interval,
        budget=budget,
        abort=transport.abort,
        close=transport.close,
    )


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
