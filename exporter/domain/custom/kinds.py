"""The kinds of custom resources that are known without being configured, as data.

Field and condition names are those of the projects' API types. A row is all that a further kind needs.
"""

from __future__ import annotations

from exporter.domain.custom.objects import Amount, Kind, Rule

_READY = (Rule(state="running", condition="Ready"),)


def _sums(*path: str, **names: str) -> dict[str, Amount]:
    """Amounts under `path`, by our name and the API's."""
    return {name: Amount(path=(*path, field)) for name, field in names.items()}


_REPLICAS = _sums("status", "replicaStatuses", "*", active="active", succeeded="succeeded", failed="failed")
_CHILDREN = _sums(
    "status", "replicatedJobsStatus", "*",
    active="active", ready="ready", succeeded="succeeded", failed="failed", suspended="suspended",
)  # fmt: skip
_WORKLOADS = {
    "pending": Amount(path=("status", "pendingWorkloads"), always=True),
    "reserving": Amount(path=("status", "reservingWorkloads"), always=True),
    "admitted": Amount(path=("status", "admittedWorkloads"), always=True),
}
_FLAVORS = ("spec", "resourceGroups", "*", "flavors", "*", "resources")
_FLAVORS_USED = ("status", "flavorsUsage", "*", "resources")
_QUOTAS = {
    f"{word}_{name}": Amount(path=(*path, f"name={resource}", field))
    for name, resource in (("cpu_cores", "cpu"), ("memory_bytes", "memory"), ("gpus", "nvidia.com/gpu"))
    for word, path, field in (("quota", _FLAVORS, "nominalQuota"), ("used", _FLAVORS_USED, "total"))
}
_CAPACITY = ("metadata", "labels", "karpenter.sh/capacity-type")
_CAPACITY_TYPES = {
    word: Amount(path=_CAPACITY, equals=text)
    for word, text in (("spot", "spot"), ("on_demand", "on-demand"), ("reserved", "reserved"))
}
_TASKS = _sums(
    "status",
    pending="pending", running="running", succeeded="succeeded", failed="failed", terminating="terminating",
    unknown="unknown", retries="retryCount",
)  # fmt: skip
_QUEUED = _sums(
    "status", pending="pending", running="running", inqueue="inqueue", completed="completed", unknown="unknown"
)

MPIJOB = Kind(
    group="kubeflow.org",
    plural="mpijobs",
    kind="MPIJob",
    rules=(  # Created stays true for ever, and several others may be true together
        Rule(state="failed", condition="Failed"),
        Rule(state="succeeded", condition="Succeeded"),
        Rule(state="suspended", condition="Suspended"),
        Rule(state="running", condition="Running"),
    ),
    conditions=("Created", "Running", "Restarting", "Succeeded", "Suspended", "Failed"),
    amounts=_REPLICAS,
)
JOBSET = Kind(
    group="jobset.x-k8s.io",
    plural="jobsets",
    kind="JobSet",
    rules=(
        Rule(state="failed", condition="Failed"),
        Rule(state="succeeded", condition="Completed"),
        Rule(state="suspended", condition="Suspended"),
        Rule(state="running", above="active"),
    ),
    phase=("status", "terminalState"),
    words={"Completed": "succeeded", "Failed": "failed"},
    conditions=("Completed", "Failed", "Suspended", "StartupPolicyInProgress", "StartupPolicyCompleted"),
    amounts={**_CHILDREN, **_sums("status", restarts="restarts")},
)
WORKLOAD = Kind(
    group="kueue.x-k8s.io",
    plural="workloads",
    kind="Workload",
    rules=(
        Rule(state="succeeded", condition="Finished", reasons=("Succeeded",)),
        Rule(state="failed", condition="Finished", reasons=("Failed",)),
        Rule(state="unknown", condition="Finished"),  # finished says nothing of success without a reason that does
        Rule(state="suspended", path=("spec", "active"), equals="false"),
        Rule(state="running", condition="Admitted"),
    ),
    conditions=(
        "QuotaReserved",
        "Admitted",
        "PodsReady",
        "Finished",
        "Evicted",
        "Preempted",
        "Requeued",
        "DeactivationTarget",
    ),
    reasons={
        "Finished": ("Succeeded", "Failed", "OutOfSync", "OwnerNotFound", "JobFinished"),
        "Evicted": (
            "Preempted",
            "PodsReadyTimeout",
            "AdmissionCheck",
            "ClusterQueueStopped",
            "LocalQueueStopped",
            "NodeFailures",
            "Deactivated",
        ),
    },
    amounts=_sums("status", "requeueState", requeues="count"),
)
_QUEUE_RULES = (
    Rule(state="running", condition="Active"),
    Rule(state="suspended", condition="Active", value="False", reasons=("Stopped",)),
)
CLUSTER_QUEUE = Kind(
    group="kueue.x-k8s.io",
    plural="clusterqueues",
    kind="ClusterQueue",
    namespaced=False,
    rules=_QUEUE_RULES,
    conditions=("Active",),
    reasons={
        "Active": (
            "Ready",
            "Stopped",
            "FlavorNotFound",
            "AdmissionCheckNotFound",
            "AdmissionCheckInactive",
            "Terminating",
        )
    },
    amounts={**_WORKLOADS, **_QUOTAS},
)
LOCAL_QUEUE = Kind(
    group="kueue.x-k8s.io",
    plural="localqueues",
    kind="LocalQueue",
    rules=_QUEUE_RULES,
    conditions=("Active",),
    reasons={"Active": ("Ready", "Stopped", "ClusterQueueIsInactive", "ClusterQueueDoesNotExist")},
    amounts=_WORKLOADS,
)
VOLCANO_JOB = Kind(
    group="batch.volcano.sh",
    plural="jobs",
    kind="Job",
    phase=("status", "state", "phase"),
    words={
        "Pending": "pending",
        "Restarting": "pending",
        "Running": "running",
        "Completing": "running",
        "Completed": "succeeded",
        "Aborting": "suspended",
        "Aborted": "suspended",
        "Terminating": "failed",
        "Terminated": "failed",
        "Failed": "failed",
    },
    amounts=_TASKS,
)
POD_GROUP = Kind(
    group="scheduling.volcano.sh",
    plural="podgroups",
    kind="PodGroup",
    phase=("status", "phase"),
    words={
        "Pending": "pending",
        "Inqueue": "pending",
        "Running": "running",
        "Completed": "succeeded",
        "Unknown": "unknown",
    },
    conditions=("Unschedulable", "Scheduled"),
    amounts=_sums("status", running="running", succeeded="succeeded", failed="failed"),
)
VOLCANO_QUEUE = Kind(
    group="scheduling.volcano.sh",
    plural="queues",
    kind="Queue",
    namespaced=False,
    phase=("status", "state"),
    words={"Open": "running", "Closing": "suspended", "Closed": "suspended", "Unknown": "unknown"},
    amounts=_QUEUED,
)
NODE_POOL = Kind(
    group="karpenter.sh",
    plural="nodepools",
    kind="NodePool",
    namespaced=False,
    rules=_READY,
    conditions=("ValidationSucceeded", "NodeClassReady", "NodeRegistrationHealthy", "Ready"),
    amounts=_sums("status", "resources", nodes="nodes", cpu_cores="cpu", memory_bytes="memory"),
)
NODE_CLAIM = Kind(
    group="karpenter.sh",
    plural="nodeclaims",
    kind="NodeClaim",
    namespaced=False,
    rules=_READY,
    conditions=(
        "Launched",
        "Registered",
        "Initialized",
        "Ready",
        "Consolidatable",
        "Drifted",
        "Drained",
        "VolumesDetached",
        "InstanceTerminating",
        "ConsistentStateFound",
        "DisruptionReason",
    ),
    amounts={**_sums("status", "allocatable", cpu_cores="cpu", memory_bytes="memory"), **_CAPACITY_TYPES},
)
NODE_CLASS = Kind(
    group="karpenter.azure.com",
    plural="aksnodeclasses",
    kind="AKSNodeClass",
    namespaced=False,
    rules=_READY,
    conditions=("ImagesReady", "KubernetesVersionReady", "SubnetsReady", "ValidationSucceeded", "Ready"),
)
_PAUSED = (
    Rule(state="suspended", condition="Paused"),
    Rule(state="suspended", path=("metadata", "annotations", "autoscaling.keda.sh/paused"), equals="true"),
)
_SCALED = (*_PAUSED, Rule(state="failed", condition="Ready", value="False"), *_READY)
_TRIGGERS = {"triggers_active": Amount(path=("status", "triggersActivity", "*", "isActive"), always=True)}
_SCALER_CONDITIONS = ("Ready", "Active", "Fallback", "Paused")
SCALED_JOB = Kind(
    group="keda.sh",
    plural="scaledjobs",
    kind="ScaledJob",
    rules=_SCALED,
    conditions=_SCALER_CONDITIONS,
    amounts=_TRIGGERS,
)
SCALED_OBJECT = Kind(
    group="keda.sh",
    plural="scaledobjects",
    kind="ScaledObject",
    rules=_SCALED,
    conditions=_SCALER_CONDITIONS,
    amounts=_TRIGGERS,
)
DYNAMO = Kind(
    group="nvidia.com",
    plural="dynamographdeployments",
    kind="DynamoGraphDeployment",
    rules=(Rule(state="failed", condition="Failed"), *_READY),
    phase=("status", "state"),
    words={"successful": "running", "pending": "pending", "initializing": "pending", "failed": "failed"},
    conditions=("Ready", "Failed"),
)

KINDS = (
    MPIJOB,
    JOBSET,
    WORKLOAD,
    CLUSTER_QUEUE,
    LOCAL_QUEUE,
    VOLCANO_JOB,
    POD_GROUP,
    VOLCANO_QUEUE,
    NODE_POOL,
    NODE_CLAIM,
    NODE_CLASS,
    SCALED_JOB,
    SCALED_OBJECT,
    DYNAMO,
)
