"""What the API server fills in when an object is created."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from exporter.simulator.kinds import Object


def fill(resource: str, obj: Object) -> None:
    """Complete a new object in place; its metadata already has a uid."""
    if filler := _FILLERS.get(resource):
        filler(obj)


def _job(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("parallelism", 1)
    spec.setdefault("completions", 1)
    spec.setdefault("backoffLimit", 6)
    spec.setdefault("completionMode", "NonIndexed")
    spec.setdefault("suspend", False)
    spec.setdefault("podReplacementPolicy", "TerminatingOrFailed")
    uid, name = obj["metadata"]["uid"], obj["metadata"]["name"]
    spec["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    template = spec.setdefault("template", {})
    metadata = template.setdefault("metadata", {})
    metadata["labels"] = (metadata.get("labels") or {}) | {
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": name,
        "controller-uid": uid,
        "job-name": name,
    }
    if not obj["metadata"].get("labels"):
        obj["metadata"]["labels"] = dict(metadata["labels"])
    pod_spec(template.setdefault("spec", {}))
    obj["metadata"]["generation"] = 1
    obj["status"] = {}


def pod_spec(spec: dict[str, Any]) -> None:
    """Complete a pod spec, also that of a template."""
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("securityContext", {})
    spec.setdefault("schedulerName", "default-scheduler")
    for container in (*spec.get("initContainers", ()), *spec.get("containers", ())):
        container.setdefault("resources", {})
        container.setdefault("terminationMessagePath", "/dev/termination-log")
        container.setdefault("terminationMessagePolicy", "File")
        container.setdefault("imagePullPolicy", "IfNotPresent")


def _pod(obj: Object) -> None:
    spec = obj.setdefault("spec", {})
    pod_spec(spec)
    spec.setdefault("serviceAccountName", "default")
    spec.setdefault("enableServiceLinks", True)
    spec.setdefault("priority", 0)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    spec.setdefault("tolerations", []).extend(
        {"key": f"node.kubernetes.io/{trouble}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
        for trouble in ("not-ready", "unreachable")
    )
    obj["status"] = {"phase": "Pending", "qosClass": qos_class(spec)}


def qos_class(spec: dict[str, Any]) -> str:
    """BestEffort, Burstable or Guaranteed, by the cpu and memory of all containers."""
    resources = [c.get("resources", {}) for c in (*spec.get("initContainers", ()), *spec.get("containers", ()))]
    if not any(r.get("requests") or r.get("limits") for r in resources):
        return "BestEffort"
    for each in resources:
        limits = each.get("limits", {})
        if not {"cpu", "memory"} <= limits.keys() or (each.get("requests") or limits) != limits:
            return "Burstable"
    return "Guaranteed"


def _namespace(obj: Object) -> None:
    obj["spec"] = {"finalizers": ["kubernetes"]}
    obj["status"] = {"phase": "Active"}
    labels = copy.copy(obj["metadata"].get("labels") or {})
    obj["metadata"]["labels"] = labels | {"kubernetes.io/metadata.name": obj["metadata"]["name"]}


def _claim(obj: Object) -> None:
    obj.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")
    obj["status"] = {"phase": "Pending"}


_FILLERS: dict[str, Callable[[Object], None]] = {
    "jobs": _job,
    "pods": _pod,
    "namespaces": _namespace,
    "persistentvolumeclaims": _claim,
}
