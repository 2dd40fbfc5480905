"""Families of what is polled beside the search's own objects: custom resources, usage, submit Leases."""

from __future__ import annotations

from exporter.domain.custom.kinds import KINDS
from exporter.domain.custom.objects import CONDITION_VALUES, CUSTOM_STATES
from exporter.domain.custom.usage import LEASE_HOLDERS
from exporter.domain.custom.view import CustomSnapshot, KindView
from exporter.domain.records import POD_ROLES
from exporter.domain.snapshots import ClusterView
from exporter.metrics.emit import admit
from exporter.metrics.family import Family, Sample, Samples

_NAMESPACES = 2
_PLACES = [(kind, _NAMESPACES if kind.namespaced else 1) for kind in KINDS]
_KIND = ("namespace", "group", "kind")

MEMORY_MAX_RATIO = Family(
    number=13,
    name="elasticblast_search_memory_max_ratio",
    kind="gauge",
    labels=("namespace", "elb_job_id"),
    help="Largest working set of a running blast container of a search, from metrics.k8s.io, over its memory limit; "
    "absent without a sample or a limit.",
    bound=100,
    collector="custom",
)
POOL_CPU = Family(
    number=36,
    name="elasticblast_pool_cpu_usage_cores",
    kind="gauge",
    labels=("pool",),
    help="Cores in use on the nodes of a pool of which metrics.k8s.io has a sample; absent while it has none.",
    bound=4,
    collector="custom",
)
POOL_MEMORY = Family(
    number=38,
    name="elasticblast_pool_memory_usage_bytes",
    kind="gauge",
    labels=("pool",),
    help="Working set of the nodes of a pool of which metrics.k8s.io has a sample; absent while it has none.",
    bound=4,
    collector="custom",
)
LEASE = Family(
    number=45,
    name="elasticblast_submit_lease_acquired_timestamp_seconds",
    kind="gauge",
    labels=("namespace", "holder"),
    help="spec.acquireTime of the Lease under which searches are submitted, while somebody holds it; absent when it is "
    "free.",
    bound=2,
    values={"holder": LEASE_HOLDERS},
    collector="custom",
)
PODS_CPU = Family(
    number=90,
    name="elasticblast_pods_cpu_usage_cores",
    kind="gauge",
    labels=("namespace", "role"),
    help="Cores in use by the pods of a role of which metrics.k8s.io has a sample; absent while it has none.",
    bound=14,
    values={"role": POD_ROLES},
    collector="custom",
)
PODS_MEMORY = Family(
    number=91,
    name="elasticblast_pods_memory_usage_bytes",
    kind="gauge",
    labels=("namespace", "role"),
    help="Working set of the pods of a role of which metrics.k8s.io has a sample; absent while it has none.",
    bound=14,
    values={"role": POD_ROLES},
    collector="custom",
)
SAMPLE_OLDEST = Family(
    number=92,
    name="elasticblast_usage_sample_oldest_timestamp_seconds",
    kind="gauge",
    labels=("resource",),
    help="Timestamp of the oldest sample of metrics.k8s.io that usage is made of; older than five minutes are left "
    "out; absent without one.",
    bound=2,
    values={"resource": ("nodes", "pods")},
    collector="custom",
)
RESOURCES = Family(
    number=93,
    name="elasticblast_custom_resources",
    kind="gauge",
    labels=(*_KIND, "state"),
    help="Custom resources by state, from their conditions or phase; absent where the kind is not served, and while it "
    "cannot be read.",
    bound=sum(places * len(CUSTOM_STATES) for _, places in _PLACES),
    values={"state": CUSTOM_STATES},
    collector="custom",
)
CONDITIONS = Family(
    number=94,
    name="elasticblast_custom_resource_conditions",
    kind="gauge",
    labels=(*_KIND, "condition", "state", "reason"),
    help="Custom resources by one status condition and its value, by reason where those are known, else `none`; only "
    "numbers that are not 0.",
    bound=sum(
        places * len(CONDITION_VALUES) * (len(kind.reasons.get(one, ())) + 1)
        for kind, places in _PLACES
        for one in kind.conditions
    ),
    values={"state": tuple(value.lower() for value in CONDITION_VALUES)},
    collector="custom",
)
AMOUNTS = Family(
    number=95,
    name="elasticblast_custom_resource_amounts",
    kind="gauge",
    labels=(*_KIND, "amount"),
    help="Sum of a number in the status of custom resources, such as their active replicas; absent where their "
    "version does not tell it.",
    bound=sum(places * len(kind.amounts) for kind, places in _PLACES),
    collector="custom",
)
STALE_STATUS = Family(
    number=96,
    name="elasticblast_custom_resources_stale_status",
    kind="gauge",
    labels=_KIND,
    help="Custom resources whose status.observedGeneration is behind metadata.generation: their controller has not "
    "caught up.",
    bound=sum(places for _, places in _PLACES),
    collector="custom",
)

FAMILIES = (
    MEMORY_MAX_RATIO,
    POOL_CPU,
    POOL_MEMORY,
    LEASE,
    PODS_CPU,
    PODS_MEMORY,
    SAMPLE_OLDEST,
    RESOURCES,
    CONDITIONS,
    AMOUNTS,
    STALE_STATUS,
)


def samples(cluster: ClusterView) -> Samples:
    """The gauges of the custom snapshot."""
    if cluster.custom is None:
        return
    yield from _usage(cluster.custom)
    shown = {(search.namespace, search.id) for search in (cluster.batch.searches if cluster.batch else ())}
    for key, ratio in cluster.custom.memory_ratios.items():
        if key in shown:
            yield Sample(MEMORY_MAX_RATIO, key, ratio)
    for namespace, lease in cluster.custom.leases.items():
        if lease.acquired is not None:
            yield Sample(LEASE, (namespace, lease.holder), lease.acquired)
    for view in cluster.custom.kinds:
        yield from _kind(view)


def _usage(custom: CustomSnapshot) -> Samples:
    for pool, used in custom.pools.items():
        yield Sample(POOL_CPU, (pool,), used.cpu)
        yield Sample(POOL_MEMORY, (pool,), used.memory)
    for labels, used in custom.roles.items():
        yield Sample(PODS_CPU, labels, used.cpu)
        yield Sample(PODS_MEMORY, labels, used.memory)
    for resource, at in custom.sampled.items():
        yield Sample(SAMPLE_OLDEST, (resource,), at)


def _kind(view: KindView) -> Samples:
    key = (view.namespace, view.kind.group, view.kind.kind)
    for state, number in view.counts.states.items():
        yield Sample(RESOURCES, (*key, state), number)
    for (condition, value, reason), number in view.counts.conditions.items():
        labels = admit(CONDITIONS, (*key, condition, value.lower(), reason))
        if labels is not None:
            yield Sample(CONDITIONS, labels, number)
    for amount, total in view.counts.amounts.items():
        yield Sample(AMOUNTS, (*key, amount), total)
    yield Sample(STALE_STATUS, key, view.counts.behind)
