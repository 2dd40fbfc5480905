"""What ARM says of a cluster and of what lies beside it, in closed words.

Words keep ARM's spelling whatever case they come in; one that is not in its list is `other`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from exporter.domain.azure.platform import Point
from exporter.domain.text import clean

POWER_STATES = ("Running", "Stopped", "other")
PROVISIONING_STATES = (
    "Creating", "Updating", "Scaling", "Failed", "Succeeded", "Deleting",
    "Upgrading", "Stopping", "Starting", "Canceled", "Canceling", "other",
)  # fmt: skip
MODES = ("System", "User", "Gateway", "other")
PRIORITIES = ("Regular", "Spot", "other")
TIERS = ("Free", "Standard", "Premium", "other")
CHANNELS = ("none", "patch", "stable", "rapid", "node-image", "other")
PUBLIC_ACCESS = ("Enabled", "Disabled", "SecuredByPerimeter", "other", "unknown")
VM_POWER_STATES = ("running", "starting", "stopping", "stopped", "deallocating", "deallocated", "other")
RESOURCE_KINDS = ("storage_account", "registry", "virtual_machine", "scale_set")
_TOTAL_CORES = ("cores", "lowprioritycores")
_LARGEST = 2**31
_MOST_QUOTAS = 10

T = TypeVar("T")
Answers = Mapping[tuple[str, str], object]
"""The newest answers that may be shown, by the name of what was asked and its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolFacts:
    """One agent pool. `count` is the number of nodes it is to have; `minimum` and `maximum` the autoscaler's, None
    without one. `skew`: minor versions that it is behind the control plane, None if either is unreadable."""

    name: str
    mode: str
    vm_size: str
    priority: str
    version: str
    provisioning: str
    power: str
    count: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    skew: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterFacts:
    """One managed cluster. None: ARM does not say."""

    name: str
    resource_group: str
    location: str
    version: str
    tier: str
    power: str
    provisioning: str
    upgrade_channel: str
    private: bool | None = None
    local_accounts: bool | None = None
    pools: tuple[PoolFacts, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """One quota of the region: cores of one VM family, or of all."""

    family: str
    used: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureResource:
    """A storage account, registry, VM or scale set, with the newest points of its metrics. `power` is a VM's, else
    empty; `powers` counts those of a scale set's instances, None while they are not known."""

    kind: str
    name: str
    location: str
    sku: str
    provisioning: str
    public_access: str
    power: str = ""
    instances: int | None = None
    powers: Mapping[str, int] | None = None
    points: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmSnapshot:
    """The ARM boundary at one moment. A part is None while it may not be shown."""

    cluster: ClusterFacts | None = None
    points: tuple[Point, ...] | None = None
    usages: tuple[Usage, ...] | None = None
    resources: tuple[AzureResource, ...] = ()


def word(value: object, words: Sequence[str], *, missing: str = "other") -> str:
    """The word of the list that `value` is, in the list's spelling; `other` for a new one, `missing` for none."""
    if not isinstance(value, str) or not value:
        return missing
    return next((known for known in words if known.lower() == value.lower()), "other")


def at(document: object, *path: str) -> Any:
    """What lies at a path of nested objects, None where there is nothing or no object."""
    for name in path:
        if not isinstance(document, Mapping):
            return None
        document = document.get(name)
    return document


def cluster_facts(document: Mapping[str, Any], *, resource_group: str) -> ClusterFacts:
    """A managed cluster as ARM shows it. Raises ValueError if it has no properties."""
    properties = at(document, "properties")
    if not isinstance(properties, Mapping):
        raise ValueError("a managed cluster without properties")
    version = _text(properties.get("currentKubernetesVersion") or properties.get("kubernetesVersion"))
    given = properties.get("agentPoolProfiles")
    pools = [_pool(one, version) for one in given if at(one, "name")] if isinstance(given, Sequence) else []
    return ClusterFacts(
        name=_text(document.get("name")),
        resource_group=resource_group,
        location=_text(document.get("location")),
        version=version,
        tier=word(at(document, "sku", "tier"), TIERS),
        power=word(at(properties, "powerState", "code"), POWER_STATES),
        provisioning=word(properties.get("provisioningState"), PROVISIONING_STATES),
        upgrade_channel=word(at(properties, "autoUpgradeProfile", "upgradeChannel"), CHANNELS, missing="none"),
        private=_flag(at(properties, "apiServerAccessProfile", "enablePrivateCluster")),
        local_accounts=_opposite(_flag(properties.get("disableLocalAccounts"))),
        pools=tuple(sorted({pool.name: pool for pool in pools}.values(), key=lambda pool: pool.name)),
    )


def _pool(given: Mapping[str, Any], control_plane: str) -> PoolFacts:
    version = _text(given.get("currentOrchestratorVersion") or given.get("orchestratorVersion"))
    scaled = given.get("enableAutoScaling") is True
    return PoolFacts(
        name=_text(given.get("name")),
        mode=word(given.get("mode"), MODES),
        vm_size=_text(given.get("vmSize")),
        priority=word(given.get("scaleSetPriority"), PRIORITIES, missing="Regular"),
        version=version,
        provisioning=word(given.get("provisioningState"), PROVISIONING_STATES),
        power=word(at(given, "powerState", "code"), POWER_STATES),
        count=number(given.get("count")),
        minimum=number(given.get("minCount")) if scaled else None,
        maximum=number(given.get("maxCount")) if scaled else None,
        skew=version_skew(control_plane, version),
    )


def version_skew(control_plane: str, pool: str) -> int | None:
    """How many minor versions a pool is behind; None if the two cannot be compared."""
    ours, theirs = _minor(control_plane), _minor(pool)
    if ours is None or theirs is None or ours[0] != theirs[0]:
        return None
    return ours[1] - theirs[1]


def usages(items: Iterable[object], families: Iterable[str]) -> tuple[Usage, ...]:
    """The quotas of the VM families in use, and those of all cores together; a bad item is left out.

    `families` are VM sizes: the family of Standard_E16s_v5 is standardESv5Family.
    """
    wanted = {family_of(size).lower() for size in families} | set(_TOTAL_CORES)
    found = []
    for item in items:
        name, used, limit = at(item, "name", "value"), number(at(item, "currentValue")), number(at(item, "limit"))
        if isinstance(name, str) and name.lower() in wanted and used is not None and limit is not None:
            found.append(Usage(family=_text(name), used=used, limit=limit))
    distinct = {usage.family: usage for usage in found}.values()
    return tuple(sorted(distinct, key=lambda usage: usage.family))


def family_of(vm_size: str) -> str:
    """The quota family of a VM size by the rule of its name, e.g. Standard_D2s_v3 → standardDSv3Family; empty text for
    a size that does not follow it. A family that Azure names otherwise is not found, and so absent."""
    parts = vm_size.split("_")
    if len(parts) < 2 or parts[0].lower() != "standard":
        return ""
    letters = "".join(char for char in parts[1] if char.isalpha()).upper()
    version = next((part for part in parts[2:] if part[:1] in "vV" and part[1:].isdigit()), "")
    return f"standard{letters}{version.lower()}Family"


def resource_facts(document: Mapping[str, Any], *, kind: str, points: tuple[Point, ...] = ()) -> AzureResource:
    """A resource as ARM shows it. Raises ValueError if it has no properties."""
    properties = at(document, "properties")
    if not isinstance(properties, Mapping):
        raise ValueError("a resource without properties")
    size = at(properties, "hardwareProfile", "vmSize") or at(document, "sku", "name")
    return AzureResource(
        kind=kind,
        name=_text(document.get("name")),
        location=_text(document.get("location")),
        sku=_text(size),
        provisioning=word(properties.get("provisioningState"), PROVISIONING_STATES),
        public_access=word(properties.get("publicNetworkAccess"), PUBLIC_ACCESS, missing="unknown"),
        power=_vm_power(properties) if kind == "virtual_machine" else "",
        instances=number(at(document, "sku", "capacity")) if kind == "scale_set" else None,
        points=points,
    )


def instance_powers(items: Iterable[object]) -> dict[str, int]:
    """The instances of a scale set by the power state of their instance view."""
    return dict(Counter(_vm_power(at(one, "properties") or {}) for one in items))


def freeze_arm(answers: Answers, *, pools: int, gone: bool = False) -> ArmSnapshot | None:
    """The snapshot of the answers that may be shown; None if there are none. `pools`: how many may be shown;
    `gone`: ARM knows no such cluster.

    What does not run has no load: the last points of Azure Monitor are those of before the stop.
    """
    if not answers:
        return None
    facts = _of(ClusterFacts, answers.get(("managed_cluster", "")))
    shown = replace(facts, pools=_first(facts.pools, pools)) if facts else None
    points, quota = answers.get(("platform_metrics", "")), answers.get(("usages", ""))
    idle = gone or (facts is not None and facts.power != "Running")
    return ArmSnapshot(
        cluster=shown,
        points=None if idle or not isinstance(points, tuple) else _of_pools(points, shown),
        usages=quota[:_MOST_QUOTAS] if isinstance(quota, tuple) else None,
        resources=tuple(
            _with_points(resource, answers.get(("azure_resource_metrics", place)))
            for (name, place), resource in sorted(answers.items(), key=lambda item: item[0])
            if name == "azure_resources" and isinstance(resource, AzureResource)
        ),
    )


def _first(pools: tuple[PoolFacts, ...], most: int) -> tuple[PoolFacts, ...]:
    """So many pools, those that searches run on first."""
    return tuple(sorted(pools, key=lambda pool: (pool.mode != "User", pool.name))[:most])


def _of_pools(points: tuple[Point, ...], facts: ClusterFacts | None) -> tuple[Point, ...]:
    """Without what is told of a pool that is not shown."""
    names = {"", *(pool.name for pool in facts.pools)} if facts else {""}
    return tuple(point for point in points if point.split in names)


def _with_points(resource: AzureResource, points: object) -> AzureResource:
    runs = resource.power in ("", "running")
    return replace(resource, points=points) if runs and isinstance(points, tuple) else resource


def _of(kind: type[T], value: object) -> T | None:
    return value if isinstance(value, kind) else None


def number(value: object) -> int | None:
    """A whole number from 0 on, None for anything else."""
    sound = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _LARGEST
    return int(value) if sound and value == int(value) else None  # type: ignore[call-overload] # `sound` says so


def _vm_power(properties: Mapping[str, Any]) -> str:
    statuses = at(properties, "instanceView", "statuses")
    codes = [at(one, "code") for one in statuses] if isinstance(statuses, Sequence) else []
    powers = [code.partition("/")[2] for code in codes if isinstance(code, str) and code.startswith("PowerState/")]
    return word(powers[0] if powers else "", VM_POWER_STATES)


def _minor(version: str) -> tuple[int, int] | None:
    major, _, rest = version.removeprefix("v").partition(".")
    minor = rest.partition(".")[0]
    if not (major.isascii() and major.isdigit() and minor.isascii() and minor.isdigit()):
        return None
    return int(major[:6]), int(minor[:6])


def _text(value: object) -> str:
    return clean(value) if isinstance(value, str) and value else "unknown"


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _opposite(value: bool | None) -> bool | None:
    return None if value is None else not value
