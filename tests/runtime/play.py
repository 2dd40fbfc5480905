"""What happens to objects in the simulated cluster when no controller runs there."""

from __future__ import annotations

from typing import Any

from exporter.simulator.store import Store
from tests.support.manifests import batch_job, finalizer_job, submit_job
from tests.support.pods import now

A = "job-" + "a" * 32
B = "job-" + "b" * 32
NODE = "aks-blastpool-0"


def batches(store: Store, search: str = A, count: int = 3, *, namespace: str = "default", ttl: int = 1800) -> list[str]:
    """Batch Jobs of a search; their names."""
    made = [store.create("jobs", batch_job(search, n, namespace=namespace, ttl=ttl)) for n in range(count)]
    return [job["metadata"]["name"] for job in made]


def submit(store: Store, search: str = A) -> str:
    return str(store.create("jobs", submit_job(search))["metadata"]["name"])


def finalizer(store: Store, search: str = A) -> str:
    return str(store.create("jobs", finalizer_job(search))["metadata"]["name"])


def activate(store: Store, name: str, *, ready: int = 1, namespace: str = "default") -> None:
    """The Job has a pod, which is ready or not."""
    _status(store, name, namespace, {"active": 1, "ready": ready, "startTime": now()})


def complete(store: Store, name: str, namespace: str = "default", **status: Any) -> None:
    ended = {"type": "Complete", "status": "True", "lastTransitionTime": now()}
    _status(store, name, namespace, {"succeeded": 1, "completionTime": now(), "conditions": [ended], **status})


def fail(store: Store, name: str, namespace: str = "default", *, at: str = "") -> None:
    ended = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "lastTransitionTime": at or now()}
    _status(store, name, namespace, {"failed": 1, "conditions": [ended]})


def remove(store: Store, name: str, namespace: str = "default") -> None:
    """The Job is deleted, and gone."""
    store.delete("jobs", namespace, name, propagation="Background")


def claim(store: Store, name: str) -> None:
    body = {"metadata": {"name": name}, "spec": {}, "status": {"phase": "Bound"}}
    store.create("persistentvolumeclaims", body)


def node(store: Store, name: str = NODE) -> None:
    labels = {"agentpool": "blastpool", "workload": "blast"}
    ready = [{"type": "Ready", "status": "True"}]
    status = {"allocatable": {"cpu": "16", "memory": "64Gi"}, "conditions": ready}
    store.create("nodes", {"metadata": {"name": name, "labels": labels}, "status": status})


def pod_of(store: Store, job: str, *, phase: str = "Running", namespace: str = "default", **more: Any) -> str:
    """A pod of a batch Job on the node; its name. `more` are fields of its status."""
    owner = store.get("jobs", namespace, job)["metadata"]
    reference = {"apiVersion": "batch/v1", "kind": "Job", "name": job, "uid": owner["uid"], "controller": True}
    running = {"name": "blast", "ready": True, "restartCount": 0, "state": {"running": {"startedAt": now()}}}
    body = {
        "metadata": {
            "name": f"{job}-pod",
            "namespace": namespace,
            "labels": {"app": "blast"},
            "ownerReferences": [reference],
        },
        "spec": {"nodeName": NODE, "containers": [{"name": "blast", "image": "elb"}]},
    }
    status = {"phase": phase, "containerStatuses": [running] if phase == "Running" else []}
    name = str(store.create("pods", body)["metadata"]["name"])
    store.update("pods", namespace, name, lambda pod: pod.update(status=status | more))
    return name


def _status(store: Store, name: str, namespace: str, status: dict[str, Any]) -> None:
    def change(job: dict[str, Any]) -> None:
        job["status"] = {**job.get("status", {}), "active": 0, "ready": 0, **status}

    store.update("jobs", namespace, name, change)
