"""What stands on the cluster before any search: nodes, the shared volume, the OpenAPI pod, warm-up Jobs."""

from __future__ import annotations

from exporter.simulator.clock import rfc3339
from exporter.simulator.kinds import Object
from exporter.simulator.world.manifests import BLAST_TOLERATION, SYSTEM_TOLERATION, container, env, job

BLAST_POOL, SYSTEM_POOL = "blastpool", "systempool"
OK = {"MemoryPressure": "False", "DiskPressure": "False", "PIDPressure": "False", "Ready": "True"}


def node_name(pool: str, index: int) -> str:
    return f"aks-{pool}-27415093-vmss{index:06x}"


def node(pool: str, index: int, *, now: float, ordinal: int | None = None) -> Object:
    """A ready virtual machine of a pool: E16 for BLAST, D2 for the system."""
    blast = pool == BLAST_POOL
    size = "Standard_E16s_v5" if blast else "Standard_D2s_v3"
    labels = {
        "agentpool": pool, "kubernetes.azure.com/agentpool": pool, "kubernetes.io/os": "linux",
        "kubernetes.azure.com/mode": "user" if blast else "system", "node.kubernetes.io/instance-type": size,
        "kubernetes.azure.com/scalesetpriority": "regular", "kubernetes.io/hostname": node_name(pool, index),
    }  # fmt: skip
    if blast:
        labels["workload"] = "blast"
    if ordinal is not None:
        labels["ordinal"] = str(ordinal)
    taint = (
        {"key": "workload", "value": "blast", "effect": "NoSchedule"}
        if blast
        else {"key": "CriticalAddonsOnly", "value": "true", "effect": "NoSchedule"}
    )
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": node_name(pool, index), "labels": labels},
        "spec": {"taints": [taint]},
        "status": {
            "capacity": resources("16", "131900Mi") if blast else resources("2", "8137Mi"),
            "allocatable": resources("15740m", "124300Mi") if blast else resources("1900m", "5900Mi"),
            "conditions": node_conditions(OK, now=now),
            "nodeInfo": {"kubeletVersion": "v1.33.2", "osImage": "Ubuntu 24.04 LTS", "architecture": "amd64"},
        },
    }


def resources(cpu: str, memory: str) -> Object:
    return {"cpu": cpu, "memory": memory, "pods": "250", "ephemeral-storage": "119703055367"}


def node_conditions(states: dict[str, str], *, now: float) -> list[Object]:
    return [
        {
            "type": kind,
            "status": status,
            "reason": f"Kubelet{kind}"
            if status == "True"
            else "NodeStatusUnknown"
            if status == "Unknown"
            else "Normal",
            "message": "",
            "lastHeartbeatTime": rfc3339(now),
            "lastTransitionTime": rfc3339(now),
        }
        for kind, status in states.items()
    ]


def shared_volume(namespace: str = "default") -> Object:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "blast-dbs-pvc-rwm", "namespace": namespace},
        "spec": {
            "accessModes": ["ReadWriteMany"],
            "storageClassName": "azureblob-nfs-premium",
            "resources": {"requests": {"storage": "3000Gi"}},
        },
    }


def openapi_pod(*, slots: int = 4) -> Object:
    """The pod of the submit service, bound to the first system node."""
    name = "elb-openapi-6c9d7f8b5d-x2x7k"
    labels = {"app": "elb-openapi", "pod-template-hash": "6c9d7f8b5d"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default", "labels": labels},
        "spec": {
            "nodeName": node_name(SYSTEM_POOL, 0),
            "serviceAccountName": "elb-openapi-sa",
            "restartPolicy": "Always",
            "tolerations": [SYSTEM_TOLERATION],
            "containers": [
                container("openapi", "elb-openapi:3.7.2", env(MAX_ACTIVE_SUBMISSIONS=slots), volumeMounts=[])
            ],
        },
    }


def config_map(name: str, **labels: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "default", "labels": labels},
        "data": {"version": "1"},
    }


def warm_up(db: str, number: int, node_name: str, *, namespace: str = "default") -> Object:
    """`warm-<db>-<NN>`: pinned to its node, so the scheduler never sees its pod."""
    label = db.lower().replace("_", "-")
    mounts = [{"name": "blast", "mountPath": "/blast"}]
    pod = {
        "restartPolicy": "Never",
        "nodeName": node_name,
        "tolerations": [BLAST_TOLERATION],
        "containers": [container("warmup", "elb:1.4.0", env(ELB_DB=f"{db}_shard_{number:02}"), volumeMounts=mounts)],
        "volumes": [{"name": "blast", "hostPath": {"path": "/workspace/blast", "type": "DirectoryOrCreate"}}],
    }
    manifest = job(
        f"warm-{label}-{number:02}", {"app": "elb-db-warmup", "db": db, "shard": f"{number:02}"}, pod,
        namespace=namespace, backoffLimit=1, activeDeadlineSeconds=3600,
    )  # fmt: skip
    manifest["metadata"]["annotations"] = {"elb.dashboard/source-version": "2026-05-28-01-05-02"}
    return manifest
