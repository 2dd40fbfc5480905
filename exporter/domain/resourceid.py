"""The ids of what may lie beside a cluster in ARM. They hold the subscription: only the last part is ever shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_RESOURCE = re.compile(
    r"/subscriptions/([0-9a-f-]{36})/resourcegroups/[\w.()-]{1,90}/providers/([\w.]+/[\w]+)/([\w.-]{1,80})",
    re.ASCII | re.IGNORECASE,
)
_KINDS = {
    "microsoft.storage/storageaccounts": "storage_account",
    "microsoft.containerregistry/registries": "registry",
    "microsoft.compute/virtualmachines": "virtual_machine",
    "microsoft.compute/virtualmachinescalesets": "scale_set",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceId:
    """One resource of a kind that can be read: storage_account, registry, virtual_machine or scale_set."""

    path: str = field(repr=False)
    kind: str
    name: str

    @property
    def key(self) -> str:
        """The same for every spelling of the id."""
        return self.path.lower()


def resource_id(text: str) -> ResourceId:
    """Raises ValueError, which does not show the text, for anything but the id of a resource of a known kind."""
    found = _RESOURCE.fullmatch(text)
    kind = _KINDS.get(found[2].lower()) if found else None
    if found is None or kind is None:
        raise ValueError(
            "is not the id /subscriptions/.../resourceGroups/.../providers/... of a storage account, a container "
            "registry, a virtual machine or a scale set"
        )
    return ResourceId(path=text, kind=kind, name=found[3])
