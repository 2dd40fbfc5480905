"""The ids of things in ARM, taken apart. They hold the subscription, so they are never a label or in a log line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_CLUSTER = re.compile(
    r"/subscriptions/([0-9a-f-]{36})/resourcegroups/([\w.()-]{1,90})"
    r"/providers/microsoft\.containerservice/managedclusters/([a-z0-9](?:[\w-]{0,61}[a-z0-9])?)",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterId:
    """A managed cluster of AKS. Two ids that differ in case only are the same."""

    subscription: str = field(repr=False)
    group: str
    name: str

    @property
    def path(self) -> str:
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"
            f"/providers/Microsoft.ContainerService/managedClusters/{self.name}"
        )

    @property
    def key(self) -> str:
        """The same for every spelling of the id."""
        return self.path.lower()


def cluster_id(text: str) -> ClusterId:
    """Raises ValueError, which does not show the text, for anything but the id of a managed cluster."""
    found = _CLUSTER.fullmatch(text)
    if found is None:
        raise ValueError(
            "is not of the form /subscriptions/.../resourceGroups/.../providers"
            "/Microsoft.ContainerService/managedClusters/..."
        )
    subscription, group, name = found.groups()
    return ClusterId(subscription=subscription.lower(), group=group, name=name)
