"""The core boundary: pods, nodes, PersistentVolumeClaims and Warning events."""

from __future__ import annotations

from exporter.collectors.base import Collector, Query, Resource, list_all
from exporter.domain.records import ROLE_OF_APP

_PODS = f"app in ({','.join(sorted(ROLE_OF_APP))})"
_LIVING = "status.phase!=Succeeded,status.phase!=Failed"
_WARNINGS = Query(fields="type=Warning")
_NODE_WARNINGS = Query(fields="type=Warning,involvedObject.kind=Node")
_NAMESPACE = "/api/v1/namespaces/{namespace}/"

COLLECTOR = Collector(
    name="core",
    resources=(
        Resource(
            name="pods",
            path=_NAMESPACE + "pods",
            watch=Query(labels=_PODS),
            listing=list_all(Query(labels=_PODS, fields=_LIVING)),
        ),
        Resource(name="nodes", path="/api/v1/nodes", namespaced=False, watch=Query(), listing=list_all(Query())),
        Resource(
            name="persistentvolumeclaims",
            path=_NAMESPACE + "persistentvolumeclaims",
            watch=Query(),
            listing=list_all(Query()),
        ),
        Resource(name="events", path=_NAMESPACE + "events", watch=_WARNINGS, listing=list_all(_WARNINGS)),
        Resource(  # where kubelets write the events of their node, whatever namespaces searches run in
            name="events",
            path=_NAMESPACE + "events",
            only_in="default",
            watch=_NODE_WARNINGS,
            listing=list_all(_NODE_WARNINGS),
        ),
    ),
)
