"""Custom resources that the simulated API server can serve: those of Kueue and of the MPI operator."""

from __future__ import annotations

from exporter.simulator.kinds import Kind
from exporter.simulator.store import Store

_KUEUE, _KUEUE_VERSION = "kueue.x-k8s.io", "v1beta1"

MPIJOBS = Kind(group="kubeflow.org", version="v2beta1", plural="mpijobs", kind="MPIJob", custom=True)
WORKLOADS = Kind(group=_KUEUE, version=_KUEUE_VERSION, plural="workloads", kind="Workload", custom=True)
LOCAL_QUEUES = Kind(group=_KUEUE, version=_KUEUE_VERSION, plural="localqueues", kind="LocalQueue", custom=True)
CLUSTER_QUEUES = Kind(
    group=_KUEUE, version=_KUEUE_VERSION, plural="clusterqueues", kind="ClusterQueue", namespaced=False, custom=True
)
CUSTOM = (MPIJOBS, WORKLOADS, LOCAL_QUEUES, CLUSTER_QUEUES)


def serve(store: Store, *kinds: Kind) -> None:
    """Serve custom resources, all that are known without `kinds`, as after their definitions were applied."""
    for kind in kinds or CUSTOM:
        store.register(kind.qualified, kind)


def withdraw(store: Store, kind: Kind) -> None:
    """Serve a custom resource no more."""
    store.withdraw(kind.qualified)
