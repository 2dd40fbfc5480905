"""Families of what lies beside a cluster in Azure: storage accounts, registries, virtual machines, scale sets."""

from __future__ import annotations

from collections.abc import Iterable

from exporter.domain.azure.arm import (
    PROVISIONING_STATES,
    PUBLIC_ACCESS,
    RESOURCE_KINDS,
    VM_POWER_STATES,
    AzureResource,
)
from exporter.domain.azure.platform import RESPONSES, WORDS, Point, response
from exporter.metrics.emit import matrix, one_hot, sparse
from exporter.metrics.family import Family, Sample, Samples

INFO = Family(
    number=109,
    name="elasticblast_azure_resource_info",
    kind="gauge",
    labels=("kind", "name", "location", "sku", "public_access"),
    help="A configured resource by ARM's name, location, SKU or VM size and publicNetworkAccess; absent while it "
    "cannot be read.",
    bound=12,
    values={"kind": RESOURCE_KINDS, "public_access": PUBLIC_ACCESS},
    collector="arm",
)
PROVISIONING = Family(
    number=110,
    name="elasticblast_azure_resource_provisioning_state",
    kind="gauge",
    labels=("kind", "name", "state"),
    help="ARM's provisioningState of a configured resource, exactly one word is 1; absent while it cannot be read.",
    bound=144,
    values={"kind": RESOURCE_KINDS, "state": PROVISIONING_STATES},
    collector="arm",
)
VM_POWER = Family(
    number=111,
    name="elasticblast_azure_vm_power_state",
    kind="gauge",
    labels=("name", "state"),
    help="PowerState of a virtual machine's instance view, exactly one word is 1; absent while it cannot be read.",
    bound=84,
    values={"state": VM_POWER_STATES},
    collector="arm",
)
INSTANCES = Family(
    number=112,
    name="elasticblast_azure_scale_set_instances",
    kind="gauge",
    labels=("name",),
    help="Instances that a scale set is to have by ARM's sku.capacity; absent while it cannot be read.",
    bound=12,
    collector="arm",
)
INSTANCE_POWER = Family(
    number=121,
    name="elasticblast_azure_scale_set_vms",
    kind="gauge",
    labels=("name", "state"),
    help="Instances of a scale set by PowerState of their instance views; absent while they cannot be read, and when "
    "they are more than ARM shows at once.",
    bound=84,
    values={"state": VM_POWER_STATES},
    collector="arm",
)
USED = Family(
    number=113,
    name="elasticblast_azure_used_bytes",
    kind="gauge",
    labels=("kind", "name"),
    help="Bytes kept in a storage account (UsedCapacity) or registry (StorageUsed) by Azure Monitor; absent without a "
    "point of the last day.",
    bound=12,
    values={"kind": RESOURCE_KINDS},
    collector="arm",
)
AVAILABILITY = Family(
    number=114,
    name="elasticblast_azure_storage_availability_ratio",
    kind="gauge",
    labels=("name",),
    help="Share of billable requests that a storage account answered in the newest hour by Azure Monitor; absent "
    "without a point.",
    bound=12,
    collector="arm",
)
TRANSACTIONS = Family(
    number=115,
    name="elasticblast_azure_storage_transactions_per_second",
    kind="gauge",
    labels=("name", "response"),
    help="Requests to a storage account by ResponseType in the newest five minutes of Azure Monitor; only what is not "
    "0, absent without a point.",
    bound=144,
    values={"response": RESPONSES},
    collector="arm",
)
PULLS = Family(
    number=116,
    name="elasticblast_azure_registry_pulls_per_second",
    kind="gauge",
    labels=("name",),
    help="Image pulls from a registry in the newest hour of Azure Monitor; absent without a point.",
    bound=12,
    collector="arm",
)
CPU = Family(
    number=117,
    name="elasticblast_azure_cpu_usage_ratio",
    kind="gauge",
    labels=("kind", "name"),
    help="Average use of the CPUs of a virtual machine or scale set in the newest five minutes of Azure Monitor; "
    "absent without a point.",
    bound=12,
    values={"kind": RESOURCE_KINDS},
    collector="arm",
)
TIMES = Family(
    number=118,
    name="elasticblast_azure_metric_timestamp_seconds",
    kind="gauge",
    labels=("kind", "name", "metric"),
    help="Time of the newest point of Azure Monitor with a value, the oldest where it is split; absent with the "
    "metric.",
    bound=47,
    values={"kind": ("cluster", *RESOURCE_KINDS), "metric": WORDS},
    collector="arm",
)

FAMILIES = (
    INFO,
    PROVISIONING,
    VM_POWER,
    INSTANCES,
    INSTANCE_POWER,
    USED,
    AVAILABILITY,
    TRANSACTIONS,
    PULLS,
    CPU,
    TIMES,
)


def samples(resource: AzureResource) -> Samples:
    """One configured resource."""
    kind, name = resource.kind, resource.name
    yield Sample(INFO, (kind, name, resource.location, resource.sku, resource.public_access), 1)
    yield from one_hot(PROVISIONING, (kind, name), resource.provisioning)
    if resource.power:
        yield from one_hot(VM_POWER, (name,), resource.power)
    if resource.instances is not None:
        yield Sample(INSTANCES, (name,), resource.instances)
    if resource.powers is not None:
        counts = {(name, state): float(number) for state, number in resource.powers.items()}
        yield from matrix(INSTANCE_POWER, counts, name=(name,))
    yield from _points(resource)
    yield from times(kind, name, resource.points)


def times(kind: str, name: str, points: Iterable[Point]) -> Samples:
    """When the newest points of a thing were measured."""
    oldest: dict[str, float] = {}
    for point in points:
        oldest[point.word] = min(point.at, oldest.get(point.word, point.at))
    for word, at in oldest.items():
        yield Sample(TIMES, (kind, name, word), at)


def _points(resource: AzureResource) -> Samples:
    kind, name = resource.kind, resource.name
    families = {
        "used_bytes": (USED, (kind, name)),
        "availability": (AVAILABILITY, (name,)),
        "pulls": (PULLS, (name,)),
        "cpu": (CPU, (kind, name)),
    }
    answers: dict[str, float] = {}
    for point in resource.points:
        if point.word == "transactions":
            word = response(point.split)
            answers[word] = answers.get(word, 0.0) + point.value
        else:
            family, labels = families[point.word]
            yield Sample(family, labels, point.value)
    yield from sparse(TRANSACTIONS, (name,), answers)
