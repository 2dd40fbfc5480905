"""Node objects as a managed cluster's kubelet registers them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.support.pods import now

BLAST_TAINT = {"key": "workload", "value": "blast", "effect": "NoSchedule"}
NOT_READY_TAINT = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}


def node(
    name: str,
    pool: str,
    *,
    labels: Mapping[str, str] | None,
    taints: Sequence[Mapping[str, str]] | None,
    cpu: str,
    memory: str,
    ready: bool,
) -> dict[str, Any]:
    """One of `blastpool` has the label `workload=blast`, and that taint if `taints` is None."""
    blast = pool == "blastpool"
    default = [BLAST_TAINT] if blast else []
    wanted = [*(default if taints is None else taints), *([] if ready else [NOT_READY_TAINT])]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": _labels(name, pool) | ({"workload": "blast"} if blast else {}) | dict(labels or {}),
        },
        "spec": {"providerID": f"azure:///virtualMachines/{name}", "taints": wanted},
        "status": _status(name, cpu=cpu, memory=memory, ready=ready),
    }


def _labels(name: str, pool: str) -> dict[str, str]:
    return {
        "agentpool": pool,
        "kubernetes.azure.com/agentpool": pool,
        "kubernetes.azure.com/mode": "system" if pool == "systempool" else "user",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": "Standard_E16s_v5",
    }


def _status(name: str, *, cpu: str, memory: str, ready: bool) -> dict[str, Any]:
    resources = {"cpu": cpu, "memory": memory, "pods": "110", "ephemeral-storage": "124Gi"}
    pressures = [_condition(kind, False, "Fine") for kind in ("MemoryPressure", "DiskPressure", "PIDPressure")]
    return {
        "capacity": resources,
        "allocatable": resources,
        "conditions": [*pressures, _condition("Ready", ready, "KubeletReady" if ready else "KubeletNotReady")],
        "addresses": [{"type": "Hostname", "address": name}],
        "nodeInfo": _info(name),
    }


def _condition(kind: str, truth: bool, reason: str) -> dict[str, str]:
    at = now()
    value = "True" if truth else "False"
    return {"type": kind, "status": value, "reason": reason, "lastHeartbeatTime": at, "lastTransitionTime": at}


def _info(name: str) -> dict[str, str]:
    return {
        "machineID": name,
        "systemUUID": name,
        "bootID": name,
        "kernelVersion": "5.15.0-1092-azure",
        "osImage": "Ubuntu 22.04.5 LTS",
        "containerRuntimeVersion": "containerd://1.7.27-1",
        "kubeletVersion": "v1.33.2",
        "kubeProxyVersion": "v1.33.2",
        "operatingSystem": "linux",
        "architecture": "amd64",
    }
