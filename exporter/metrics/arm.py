"""Families of the managed cluster, its pools and quota, as ARM and Azure Monitor tell them."""

from __future__ import annotations

from collections.abc import Iterable

from exporter.domain.azure.arm import (
    MODES,
    POWER_STATES,
    PRIORITIES,
    PROVISIONING_STATES,
    TIERS,
    ArmSnapshot,
    ClusterFacts,
    PoolFacts,
)
from exporter.domain.azure.platform import AUTOSCALER_FLAGS, CONTROL_PLANE, NODE_RESOURCES, Point
from exporter.domain.snapshots import ClusterView
from exporter.metrics import azure
from exporter.metrics.emit import one_hot
from exporter.metrics.family import Family, Sample, Samples

AKS_INFO = Family(
    number=46,
    name="elasticblast_aks_info",
    kind="gauge",
    labels=("name", "resource_group", "location", "kubernetes_version", "sku_tier"),
    help="The managed cluster by ARM's name, location, currentKubernetesVersion and sku.tier; absent while ARM cannot "
    "be read.",
    bound=1,
    values={"sku_tier": TIERS},
    collector="arm",
)
AKS_POWER = Family(
    number=47,
    name="elasticblast_aks_power_state",
    kind="gauge",
    labels=("state",),
    help="ARM's powerState.code of the cluster, exactly one word is 1; it says Running before a start has ended.",
    bound=3,
    values={"state": POWER_STATES},
    collector="arm",
)
AKS_PROVISIONING = Family(
    number=48,
    name="elasticblast_aks_provisioning_state",
    kind="gauge",
    labels=("state",),
    help="ARM's provisioningState of the cluster, exactly one word is 1; a stopped cluster keeps Succeeded.",
    bound=12,
    values={"state": PROVISIONING_STATES},
    collector="arm",
)
CONTROL_PLANE_USAGE = Family(
    number=49,
    name="elasticblast_aks_control_plane_usage_ratio",
    kind="gauge",
    labels=("resource",),
    help="Highest use of a limit of the control plane in the newest five minutes that Azure Monitor has; absent while "
    "the cluster does not run.",
    bound=3,
    values={"resource": CONTROL_PLANE},
    collector="arm",
)
POOL_INFO = Family(
    number=50,
    name="elasticblast_pool_info",
    kind="gauge",
    labels=("pool", "mode", "vm_size", "priority", "kubernetes_version"),
    help="An agent pool by ARM's mode, vmSize, scaleSetPriority and currentOrchestratorVersion; absent while ARM "
    "cannot be read.",
    bound=4,
    values={"mode": MODES, "priority": PRIORITIES},
    collector="arm",
)
POOL_TARGET = Family(
    number=51,
    name="elasticblast_pool_nodes_target",
    kind="gauge",
    labels=("pool",),
    help="Nodes that an agent pool is to have by ARM's count; absent while ARM cannot be read.",
    bound=4,
    collector="arm",
)
POOL_MAX = Family(
    number=52,
    name="elasticblast_pool_nodes_max",
    kind="gauge",
    labels=("pool",),
    help="The autoscaler's largest number of nodes by ARM's maxCount; absent for a pool without autoscaler.",
    bound=4,
    collector="arm",
)
POOL_PROVISIONING = Family(
    number=53,
    name="elasticblast_pool_provisioning_state",
    kind="gauge",
    labels=("pool", "state"),
    help="ARM's provisioningState of an agent pool, exactly one word is 1; absent while ARM cannot be read.",
    bound=48,
    values={"state": PROVISIONING_STATES},
    collector="arm",
)
QUOTA_LIMIT = Family(
    number=54,
    name="elasticblast_quota_limit_cores",
    kind="gauge",
    labels=("family",),
    help="Quota of the region by ARM's Compute usages, of the VM families in use and of all cores; absent while it "
    "cannot be read.",
    bound=10,
    collector="arm",
)
QUOTA_USED = Family(
    number=55,
    name="elasticblast_quota_used_cores",
    kind="gauge",
    labels=("family",),
    help="Cores of the quota in use by ARM's Compute usages, whoever in the subscription uses them; absent while it "
    "cannot be read.",
    bound=10,
    collector="arm",
)
RATELIMIT = Family(
    number=64,
    name="elasticblast_exporter_arm_ratelimit_remaining",
    kind="gauge",
    labels=("scope", "operation"),
    help="Requests that ARM still allows by the x-ms-ratelimit-remaining headers of its last answer; absent before "
    "the first.",
    bound=4,
    values={"scope": ("subscription", "tenant"), "operation": ("reads", "global_reads")},
)
AKS_FLAG = Family(
    number=100,
    name="elasticblast_aks_flag",
    kind="gauge",
    labels=("flag",),
    help="Whether ARM says that the API server is private, local accounts are allowed, upgrades come by themselves; "
    "absent where it does not say.",
    bound=3,
    values={"flag": ("private", "local_accounts", "auto_upgrade")},
    collector="arm",
)
POOL_MIN = Family(
    number=101,
    name="elasticblast_pool_nodes_min",
    kind="gauge",
    labels=("pool",),
    help="The autoscaler's smallest number of nodes by ARM's minCount; absent for a pool without autoscaler.",
    bound=4,
    collector="arm",
)
POOL_POWER = Family(
    number=102,
    name="elasticblast_pool_power_state",
    kind="gauge",
    labels=("pool", "state"),
    help="ARM's powerState.code of an agent pool, exactly one word is 1; absent while ARM cannot be read.",
    bound=12,
    values={"state": POWER_STATES},
    collector="arm",
)
POOL_BEHIND = Family(
    number=103,
    name="elasticblast_pool_minor_versions_behind",
    kind="gauge",
    labels=("pool",),
    help="Minor versions of Kubernetes that an agent pool is behind its control plane by ARM; absent if either is not "
    "known.",
    bound=4,
    collector="arm",
)
INFLIGHT = Family(
    number=104,
    name="elasticblast_aks_apiserver_inflight_requests",
    kind="gauge",
    labels=(),
    help="Requests in flight in the API server, newest average of Azure Monitor; absent while the cluster does not "
    "run.",
    bound=1,
    collector="arm",
)
UNSCHEDULABLE = Family(
    number=105,
    name="elasticblast_aks_autoscaler_unschedulable_pods",
    kind="gauge",
    labels=(),
    help="Pods that the cluster autoscaler cannot place, newest average of Azure Monitor; absent without autoscaler.",
    bound=1,
    collector="arm",
)
UNNEEDED = Family(
    number=106,
    name="elasticblast_aks_autoscaler_unneeded_nodes",
    kind="gauge",
    labels=(),
    help="Nodes that the cluster autoscaler is about to remove, newest average of Azure Monitor; absent without "
    "autoscaler.",
    bound=1,
    collector="arm",
)
AUTOSCALER_FLAG = Family(
    number=107,
    name="elasticblast_aks_autoscaler_flag",
    kind="gauge",
    labels=("flag",),
    help="Whether the cluster autoscaler may act and whether it waits after a scale-down, by Azure Monitor; absent "
    "without autoscaler.",
    bound=2,
    values={"flag": AUTOSCALER_FLAGS},
    collector="arm",
)
NODE_USAGE = Family(
    number=108,
    name="elasticblast_pool_node_usage_max_ratio",
    kind="gauge",
    labels=("pool", "resource"),
    help="Use of the busiest node of a pool by Azure Monitor's node percentages; absent while the cluster does not "
    "run.",
    bound=12,
    values={"resource": NODE_RESOURCES},
    collector="arm",
)

FAMILIES = (
    AKS_INFO,
    AKS_POWER,
    AKS_PROVISIONING,
    CONTROL_PLANE_USAGE,
    POOL_INFO,
    POOL_TARGET,
    POOL_MAX,
    POOL_PROVISIONING,
    QUOTA_LIMIT,
    QUOTA_USED,
    AKS_FLAG,
    POOL_MIN,
    POOL_POWER,
    POOL_BEHIND,
    INFLIGHT,
    UNSCHEDULABLE,
    UNNEEDED,
    AUTOSCALER_FLAG,
    NODE_USAGE,
    *azure.FAMILIES,
)
_PLAIN = {"inflight_requests": INFLIGHT, "unschedulable_pods": UNSCHEDULABLE, "unneeded_nodes": UNNEEDED}


def samples(cluster: ClusterView) -> Samples:
    """What ARM says, part by part, and what it says of its own budget."""
    for (scope, operation), left in cluster.arm_left.items():
        yield Sample(RATELIMIT, (scope, operation), left)
    if cluster.arm is None:
        return
    if cluster.arm.cluster is not None:
        yield from _facts(cluster.arm.cluster)
    for usage in cluster.arm.usages or ():
        yield Sample(QUOTA_LIMIT, (usage.family,), usage.limit)
        yield Sample(QUOTA_USED, (usage.family,), usage.used)
    yield from _load(cluster.arm)
    for resource in cluster.arm.resources:
        yield from azure.samples(resource)


def _facts(facts: ClusterFacts) -> Samples:
    yield Sample(AKS_INFO, (facts.name, facts.resource_group, facts.location, facts.version, facts.tier), 1)
    yield from one_hot(AKS_POWER, (), facts.power)
    yield from one_hot(AKS_PROVISIONING, (), facts.provisioning)
    flags = {
        "private": facts.private,
        "local_accounts": facts.local_accounts,
        "auto_upgrade": facts.upgrade_channel != "none",
    }
    for flag, value in flags.items():
        if value is not None:
            yield Sample(AKS_FLAG, (flag,), int(value))
    for pool in facts.pools:
        yield from _pool(pool)


def _pool(pool: PoolFacts) -> Samples:
    yield Sample(POOL_INFO, (pool.name, pool.mode, pool.vm_size, pool.priority, pool.version), 1)
    yield from one_hot(POOL_PROVISIONING, (pool.name,), pool.provisioning)
    yield from one_hot(POOL_POWER, (pool.name,), pool.power)
    numbers = ((POOL_TARGET, pool.count), (POOL_MIN, pool.minimum), (POOL_MAX, pool.maximum), (POOL_BEHIND, pool.skew))
    for family, value in numbers:
        if value is not None:
            yield Sample(family, (pool.name,), value)


def _load(arm: ArmSnapshot) -> Samples:
    points: Iterable[Point] = arm.points or ()
    name = arm.cluster.name if arm.cluster else "unknown"
    for point in points:
        if point.word in CONTROL_PLANE:
            yield Sample(CONTROL_PLANE_USAGE, (point.word,), point.value)
        elif point.word in AUTOSCALER_FLAGS:
            yield Sample(AUTOSCALER_FLAG, (point.word,), point.value)
        elif point.word in _PLAIN:
            yield Sample(_PLAIN[point.word], (), point.value)
        else:
            yield Sample(NODE_USAGE, (point.split, point.word), point.value)
    yield from azure.times("cluster", name, points)
