"""The ids of things in ARM, taken apart. They hold the subscription, so they are never a label or in a log line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

CLUSTER = "managed_cluster"
_TYPES = {
    CLUSTER: "Microsoft.ContainerService/managedClusters",
    "storage_account": "Microsoft.Storage/storageAccounts",
    "registry": "Microsoft.ContainerRegistry/registries",
    "virtual_machine": "Microsoft.Compute/virtualMachines",
    "scale_set": "Microsoft.Compute/virtualMachineScaleSets",
}
_KINDS = {text.lower(): kind for kind, text in _TYPES.items()}
_ID = re.compile(
    r"/subscriptions/([0-9a-f-]{36})/resourcegroups/([\w.()-]{1,90})/providers/([\w.]+/\w+)/([\w.-]{1,80})",
    re.ASCII | re.IGNORECASE,
)
_CLUSTER_NAME = re.compile(r"[a-z0-9](?:[\w-]{0,61}[a-z0-9])?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmId:
    """A managed cluster of AKS, or a resource of a kind that can be read. Ids that differ in case only are the same."""

    subscription: str = field(repr=False)
    group: str
    kind: str = CLUSTER
    name: str

    @property
    def path(self) -> str:
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.group}/providers/{_TYPES[self.kind]}/{self.name}"
        )

    @property
    def key(self) -> str:
        """The same for every spelling of the id."""
        return self.path.lower()


def cluster_id(text: str) -> ArmId:
    """Raises ValueError, which does not show the text, for anything but the id of a managed cluster."""
    found = _read(text)
    if found is None or found.kind != CLUSTER or not _CLUSTER_NAME.fullmatch(found.name):
        raise ValueError(
            "is not of the form /subscriptions/.../resourceGroups/.../providers"
            "/Microsoft.ContainerService/managedClusters/..."
        )
    return found


def resource_id(text: str) -> ArmId:
    """Raises ValueError, which does not show the text, for anything but the id of a resource that can be read."""
    found = _read(text)
    if found is None or found.kind == CLUSTER:
        raise ValueError(
            "is not the id /subscriptions/.../resourceGroups/.../providers/... of a storage account, a container "
            "registry, a virtual machine or a scale set"
        )
    return found


def _read(text: str) -> ArmId | None:
    found = _ID.fullmatch(text)
    kind = _KINDS.get(found[3].lower()) if found else None
    if found is None or kind is None:
        return None
    return ArmId(subscription=found[1].lower(), group=found[2], kind=kind, name=found[4])
