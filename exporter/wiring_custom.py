"""From the configuration to what polls custom resources, usage and the submit Lease."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from exporter.adapters.clock import Clock
from exporter.adapters.custom_api import CustomApi, CustomLimits
from exporter.adapters.discovery import Discovery
from exporter.adapters.kube import Access
from exporter.collectors import custom as boundary
from exporter.config import Config
from exporter.config.custom import kinds
from exporter.domain.custom.objects import Kind
from exporter.runtime.cluster import Cluster
from exporter.runtime.poller import Poller


def custom_pollers(config: Config, cluster: Cluster, access: Access, clock: Clock) -> list[Poller]:
    """One poller for each kind in each of its places; they share what they know of the API's groups."""
    every = config.intervals.api_groups
    discovery = Discovery(access.transport("discovery", _counted(cluster)), clock, every=every)
    make = partial(_poller, config=config, cluster=cluster, access=access, clock=clock, discovery=discovery)
    namespaces = cluster.settings.namespaces
    pollers = [make(boundary.NODES.name, "", CustomApi.nodes)]
    for namespace in namespaces:
        pollers.append(make(boundary.PODS.name, namespace, partial(_pods, namespace)))
        pollers.append(make(boundary.LEASES.name, namespace, partial(_lease, namespace)))
    for kind in kinds(config.custom):
        pollers += [
            make(kind.qualified, place, partial(_view, kind, place), optional=kind.optional)
            for place in (namespaces if kind.namespaced else ("",))
        ]
    return pollers


def _pods(namespace: str, api: CustomApi, budget: float) -> object:
    return api.pods(namespace, budget)


def _lease(namespace: str, api: CustomApi, budget: float) -> object:
    return api.lease(namespace, budget)


def _view(kind: Kind, place: str, api: CustomApi, budget: float) -> object:
    return api.view(kind, place, budget)


def _poller(
    name: str,
    namespace: str,
    ask: Callable[[CustomApi, float], object],
    *,
    config: Config,
    cluster: Cluster,
    access: Access,
    clock: Clock,
    discovery: Discovery,
    optional: bool = False,
) -> Poller:
    limits, interval = config.limits, config.intervals.poll
    transport = access.transport(f"{name}/{namespace}", _counted(cluster))
    api = CustomApi(
        discovery=discovery,
        transport=transport,
        clock=clock,
        limits=CustomLimits(
            page_items=limits.page_items,
            page_bytes=limits.page_bytes,
            pages=limits.pages,
            objects=limits.custom_objects,
        ),
        rejected=lambda number: cluster.count_run(boundary.COLLECTOR.name, name, "", rejects=number),
    )

    def asked(budget: float) -> object:
        try:
            return ask(api, budget)
        finally:
            transport.close()  # a poll is rare: its connection is not kept

    def abort() -> None:
        discovery.abort()
        transport.abort()

    def close() -> None:
        discovery.close()
        transport.close()

    return Poller(
        name=name,
        collector=boundary.COLLECTOR.name,
        namespace=namespace,
        ask=asked,
        clock=clock,
        interval=interval,
        budget=min(limits.list_deadline, 0.8 * interval),
        cap_wait=config.intervals.api_groups if optional else 60.0,
        abort=abort,
        close=close,
        optional=optional,
    )


def _counted(cluster: Cluster) -> Callable[[str, str], None]:
    return lambda verb, code: cluster.count_request(boundary.COLLECTOR.name, verb, code)
