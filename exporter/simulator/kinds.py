"""The resources the simulated API server knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]
"""A Kubernetes object as plain JSON. Objects that come out of the store are shared: never change one in place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One served resource. `fields` are the field selectors it supports beside metadata.name and metadata.namespace;
    `custom`: it comes from a CustomResourceDefinition."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    fields: tuple[str, ...] = ()
    empty: tuple[str, ...] = ("spec", "status")
    custom: bool = False

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """Plural with its group, e.g. jobs.batch."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


_POD_FIELDS = (
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.nominatedNodeName",
)
_EVENT_FIELDS = (
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "source",
    "type",
)

KINDS: dict[str, Kind] = {
    "jobs": Kind(group="batch", version="v1", plural="jobs", kind="Job", fields=("status.successful",)),
    "pods": Kind(group="", version="v1", plural="pods", kind="Pod", fields=_POD_FIELDS),
    "nodes": Kind(
        group="", version="v1", plural="nodes", kind="Node", namespaced=False, fields=("spec.unschedulable",)
    ),
    "persistentvolumeclaims": Kind(
        group="", version="v1", plural="persistentvolumeclaims", kind="PersistentVolumeClaim"
    ),
    "events": Kind(group="", version="v1", plural="events", kind="Event", fields=_EVENT_FIELDS, empty=()),
    "configmaps": Kind(group="", version="v1", plural="configmaps", kind="ConfigMap", empty=()),
    "namespaces": Kind(
        group="", version="v1", plural="namespaces", kind="Namespace", namespaced=False, fields=("status.phase",)
    ),
    "leases": Kind(group="coordination.k8s.io", version="v1", plural="leases", kind="Lease", empty=("spec",)),
}
"""Resources by the name the store uses: the plural, followed by the group where a core resource has the same plural."""
