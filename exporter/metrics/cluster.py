"""Families of the pods, nodes, claims and events of one cluster."""

from __future__ import annotations

from collections.abc import Mapping

from exporter.domain.records import POD_ROLES
from exporter.domain.snapshots import ClusterView, CoreSnapshot, PoolView
from exporter.domain.words import (
    BLOCK_REASONS,
    CLAIM_PHASES,
    DISRUPTIONS,
    EVENT_REASONS,
    NODE_STATES,
    POD_STATES,
    PRESSURES,
)
from exporter.metrics.emit import matrix, one_hot
from exporter.metrics.family import Family, Sample, Samples

PODS = Family(
    number=27,
    name="elasticblast_pods",
    kind="gauge",
    labels=("namespace", "role", "state"),
    help="Living pods by role and state from Pod status.phase, the Ready condition and metadata.deletionTimestamp; "
    "absent while pods cannot be read.",
    bound=56,
    values={"role": POD_ROLES, "state": POD_STATES},
    collector="core",
)
PODS_BLOCKED = Family(
    number=28,
    name="elasticblast_pods_blocked",
    kind="gauge",
    labels=("namespace", "role", "reason"),
    help="Pods that cannot run, by the first reason that fits the PodScheduled message or a waiting container; "
    "absent while pods cannot be read.",
    bound=140,
    values={"role": POD_ROLES, "reason": BLOCK_REASONS},
    collector="core",
)
PODS_PENDING_OLDEST = Family(
    number=29,
    name="elasticblast_pods_pending_oldest_timestamp_seconds",
    kind="gauge",
    labels=("namespace", "role"),
    help="Oldest metadata.creationTimestamp of the pods with status.phase Pending; absent without such a pod.",
    bound=14,
    values={"role": POD_ROLES},
    collector="core",
)
POD_DISRUPTIONS = Family(
    number=30,
    name="elasticblast_pod_disruptions_total",
    kind="counter",
    labels=("pool", "reason"),
    help="Pods taken off their node by the reason of the DisruptionTarget condition or Pod status.reason, each once.",
    bound=32,
    values={"reason": DISRUPTIONS},
    collector="core",
)
POOL_NODES = Family(
    number=31,
    name="elasticblast_pool_nodes",
    kind="gauge",
    labels=("pool", "state"),
    help="Nodes of a pool by state from the Ready condition and spec.unschedulable; absent while nodes cannot be read.",
    bound=16,
    values={"state": NODE_STATES},
    collector="core",
)
POOL_NODES_PRESSURE = Family(
    number=32,
    name="elasticblast_pool_nodes_pressure",
    kind="gauge",
    labels=("pool", "condition"),
    help="Nodes of a pool with a pressure condition of Node status, a node may count under several; absent while nodes "
    "cannot be read.",
    bound=16,
    values={"condition": PRESSURES},
    collector="core",
)
NODES_REMOVED = Family(
    number=33,
    name="elasticblast_nodes_removed_total",
    kind="counter",
    labels=("pool",),
    help="Node objects that went away, each metadata.uid once.",
    bound=4,
    collector="core",
)
CPU_ALLOCATABLE = Family(
    number=34,
    name="elasticblast_pool_cpu_allocatable_cores",
    kind="gauge",
    labels=("pool",),
    help="Sum of Node status.allocatable cpu over the ready, uncordoned nodes of a pool; absent while nodes cannot be "
    "read.",
    bound=4,
    collector="core",
)
CPU_REQUESTED = Family(
    number=35,
    name="elasticblast_pool_cpu_requested_cores",
    kind="gauge",
    labels=("pool",),
    help="Sum of the cpu requests of the search pods on a pool, as the scheduler counts init containers; absent while "
    "pods or nodes cannot be read.",
    bound=4,
    collector="core",
)
MEMORY_ALLOCATABLE = Family(
    number=37,
    name="elasticblast_pool_memory_allocatable_bytes",
    kind="gauge",
    labels=("pool",),
    help="Sum of Node status.allocatable memory over the ready, uncordoned nodes of a pool; absent while nodes cannot "
    "be read.",
    bound=4,
    collector="core",
)
NODE_SECONDS = Family(
    number=39,
    name="elasticblast_node_seconds_total",
    kind="counter",
    labels=("pool", "use"),
    help="Node time by use, `busy` with a running setup or blast pod by Pod spec.nodeName, else `idle`; stands still "
    "while nodes or pods cannot be read.",
    bound=8,
    values={"use": ("busy", "idle")},
    collector="core",
)
PRICE = Family(
    number=40,
    name="elasticblast_pool_node_hourly_price",
    kind="gauge",
    labels=("pool", "currency"),
    help="Price of a node of the pool per hour, from the prices in the configuration; absent for a pool without one.",
    bound=4,
)
EVENTS = Family(
    number=41,
    name="elasticblast_events_total",
    kind="counter",
    labels=("kind", "reason"),
    help="Warning events by involvedObject.kind and reason, counted by Event count; a reason off the list is `other`.",
    bound=30,
    values={
        "kind": tuple(dict.fromkeys(kind for kind, _ in EVENT_REASONS)),
        "reason": tuple(dict.fromkeys(reason for _, reason in EVENT_REASONS)),
    },
    collector="core",
)
CLAIM_PHASE = Family(
    number=42,
    name="elasticblast_persistentvolumeclaim_phase",
    kind="gauge",
    labels=("namespace", "persistentvolumeclaim", "phase"),
    help="status.phase of a PersistentVolumeClaim, exactly one word is 1; absent while claims cannot be read, and for "
    "those over 20 in a namespace.",
    bound=120,
    values={"phase": CLAIM_PHASES},
    collector="core",
)

FAMILIES = (
    PODS,
    PODS_BLOCKED,
    PODS_PENDING_OLDEST,
    POD_DISRUPTIONS,
    POOL_NODES,
    POOL_NODES_PRESSURE,
    NODES_REMOVED,
    CPU_ALLOCATABLE,
    CPU_REQUESTED,
    MEMORY_ALLOCATABLE,
    NODE_SECONDS,
    PRICE,
    EVENTS,
    CLAIM_PHASE,
)


def samples(cluster: ClusterView, prices: Mapping[str, tuple[float, str]]) -> Samples:
    """The gauges of the core snapshot, part by part, and the prices; the counters come with the counts."""
    if cluster.core is not None:
        yield from _pods(cluster.core)
        yield from _pools(cluster.core.pools or ())
        for (namespace, claim), phase in (cluster.core.claims or {}).items():
            yield from one_hot(CLAIM_PHASE, (namespace, claim), phase)
    for pool, (price, currency) in prices.items():
        yield Sample(PRICE, (pool, currency), price)


def _pods(core: CoreSnapshot) -> Samples:
    if core.pods is not None:
        yield from matrix(PODS, core.pods, namespace=core.pod_namespaces)
    if core.blocked is not None:
        yield from matrix(PODS_BLOCKED, core.blocked, namespace=core.pod_namespaces)
    for (namespace, role), oldest in (core.oldest_pending or {}).items():
        yield Sample(PODS_PENDING_OLDEST, (namespace, role), oldest)


def _pools(pools: tuple[PoolView, ...]) -> Samples:
    for pool in pools:
        nodes = {(pool.pool, state): count for state, count in pool.nodes.items()}
        pressure = {(pool.pool, condition): count for condition, count in pool.pressure.items()}
        yield from matrix(POOL_NODES, nodes, pool=(pool.pool,))
        yield from matrix(POOL_NODES_PRESSURE, pressure, pool=(pool.pool,))
        yield Sample(CPU_ALLOCATABLE, (pool.pool,), pool.cpu_allocatable)
        if pool.cpu_requested is not None:
            yield Sample(CPU_REQUESTED, (pool.pool,), pool.cpu_requested)
        yield Sample(MEMORY_ALLOCATABLE, (pool.pool,), pool.memory_allocatable)
