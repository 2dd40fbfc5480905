"""From the configuration to what asks Azure about a cluster. Nothing of Azure is imported before it is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from exporter.adapters.azure.arm import Arm
from exporter.adapters.azure.calls import limited
from exporter.adapters.azure.credentials import Principal
from exporter.adapters.azure.monitor import Monitor
from exporter.adapters.azure.settings import AzureSettings
from exporter.adapters.clock import Clock
from exporter.collectors import arm as boundary
from exporter.config import Cluster as ClusterConfig
from exporter.config import Config
from exporter.domain.azure.arm import AzureResource, instance_powers, resource_facts
from exporter.domain.azure.armid import ArmId, cluster_id, resource_id
from exporter.domain.azure.platform import OF_CLUSTER, OF_RESOURCE
from exporter.domain.failures import Failed, Word
from exporter.runtime.cluster import Cluster
from exporter.runtime.poller import Poller


def azure_settings(config: Config) -> AzureSettings:
    """Which Azure, and who we are there."""
    azure = config.azure
    return AzureSettings(
        credential=azure.credential,
        client_id=azure.client_id or "",
        tenant_id=azure.tenant_id or "",
        token_file=str(azure.token_file or ""),
        endpoint=azure.endpoint,
        authority=azure.authority or "",
        ca_file=str(azure.ca_file or ""),
    )


def azure_pollers(
    given: ClusterConfig, config: Config, *, cluster: Cluster, credential: Principal, clock: Clock
) -> list[Poller]:
    """What asks ARM and Azure Monitor about one cluster and its resources; nothing without its resource_id."""
    if given.azure.resource_id is None:
        return []
    place = cluster_id(given.azure.resource_id)
    cluster.credentials.append(credential.facts)
    arm = Arm(
        azure_settings(config),
        credential,
        place,
        calls=credential.calls(place),
        clock=clock,
        counted=partial(cluster.count_request, boundary.COLLECTOR.name),
        left=cluster.arm_aside.allow,
        skewed=cluster.arm_aside.show,
    )
    monitor = Monitor(arm, place.subscription, clock=clock)
    times = config.intervals
    ours = int(given.connect.mode == "aks")  # the call for the user's credential, which comes first
    make = partial(_poller, arm=arm, config=config, clock=clock, keep=1 + ours)
    load = partial(monitor.points, place.path, "cluster", OF_CLUSTER)
    return [
        make(boundary.CLUSTER.name, arm.cluster, every=times.arm, keep=ours, close=arm.close),
        make(
            boundary.METRICS.name,
            load,
            cost=partial(monitor.cost, place.path, "cluster", OF_CLUSTER),
            every=times.monitor,
            close=monitor.close,
        ),
        make(boundary.USAGES.name, arm.usages, every=times.quota),
        *_resources(
            [resource_id(text) for text in given.resources], arm, monitor, make, apart=times.arm, every=times.monitor
        ),
    ]


def _resources(
    places: Sequence[ArmId],
    arm: Arm,
    monitor: Monitor,
    make: Callable[..., Poller],
    *,
    apart: float,
    every: float,
) -> Iterator[Poller]:
    """Two pollers for each resource, `apart` seconds from those of the next, so that they seldom have to wait for the
    limit of calls."""
    every = max(every, apart * (len(places) + 1))
    for number, place in enumerate(places):
        spread = partial(make, every=every, after=apart * (number + 1), namespace=place.key)
        asked = OF_RESOURCE[place.kind]
        calls = 1 + (place.kind == "scale_set")
        yield spread(boundary.RESOURCES.name, partial(_resource, arm, place), cost=partial(int, calls))
        yield spread(
            boundary.RESOURCE_METRICS.name,
            partial(monitor.points, place.path, place.kind, asked),
            cost=partial(monitor.cost, place.path, place.kind, asked),
        )


def _resource(arm: Arm, place: ArmId) -> AzureResource:
    try:
        found = resource_facts(arm.resource(place), kind=place.kind)
    except ValueError:
        raise Failed(Word.GARBLED, "resource") from None
    return replace(found, powers=_powers(arm, place)) if place.kind == "scale_set" else found


def _powers(arm: Arm, place: ArmId) -> dict[str, int] | None:
    """Without them the scale set is still known."""
    try:
        items = arm.instances(place)
    except Failed:
        return None
    return None if items is None else instance_powers(items)


def _poller(
    name: str,
    ask: Callable[[], object],
    *,
    arm: Arm,
    config: Config,
    clock: Clock,
    every: float,
    keep: int,
    cost: Callable[[], int] = lambda: 1,
    after: float = 0.0,
    namespace: str = "",
    close: Callable[[], None] = lambda: None,
) -> Poller:
    """`keep`: calls of the minute that are left to what comes first."""
    budget = config.limits.list_deadline
    return Poller(
        name=name,
        namespace=namespace,
        collector=boundary.COLLECTOR.name,
        ask=limited(ask, name=name, calls=arm.calls, cost=cost, keep=keep, clock=clock, budget=budget),
        clock=clock,
        interval=every,
        budget=budget,
        cap_wait=max(300.0, every),
        hold=boundary.HOLD,
        after=after,
        close=close,
    )
