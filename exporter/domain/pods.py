"""What one pod is doing, and what keeps it from running."""

from __future__ import annotations

from exporter.domain.records import PodRecord

_SCHEDULER_CAUSES = (
    ("cpu", ("insufficient cpu",)),
    ("memory", ("insufficient memory",)),
    ("storage", ("insufficient ephemeral-storage",)),
    ("affinity", ("node affinity", "node selector", "pod affinity", "anti-affinity", "topology spread")),
    ("taint", ("taint",)),
    ("volume", ("volume", "persistentvolumeclaim")),
)
_VOLUME_ON_ANOTHER_NODE = ("volume node affinity", "volume")  # no affinity of the pod
_WAITING_CAUSES = {
    "ErrImagePull": "image",
    "ImagePullBackOff": "image",
    "InvalidImageName": "image",
    "ErrImageNeverPull": "image",
    "ImageInspectError": "image",
    "RegistryUnavailable": "image",
    "CreateContainerConfigError": "config",
    "CreateContainerError": "config",
    "RunContainerError": "config",
    "CrashLoopBackOff": "crash_loop",
}


def pod_state(pod: PodRecord) -> str | None:
    """One of words.POD_STATES; None for a pod that has ended."""
    if pod.phase in ("Succeeded", "Failed"):
        return None
    if pod.deleting:
        return "terminating"
    if pod.phase == "Pending":
        return "pending"
    return "ready" if pod.ready else "running"


def block_reason(pod: PodRecord) -> str | None:
    """Why a living pod cannot run, one of words.BLOCK_REASONS; None if nothing blocks it.

    The scheduler's message may name several causes: the first of the vocabulary counts.
    """
    if pod.deleting or pod.phase in ("Succeeded", "Failed"):
        return None
    if pod.unschedulable is not None:
        message = pod.unschedulable.lower().replace(*_VOLUME_ON_ANOTHER_NODE)
        return next((cause for cause, marks in _SCHEDULER_CAUSES if any(m in message for m in marks)), "other")
    for container in pod.containers:
        if container.waiting in _WAITING_CAUSES:
            return _WAITING_CAUSES[container.waiting]
    return None


def export_waits_since(pod: PodRecord) -> float | None:
    """Since when results-export runs although blast does not, in Unix seconds; None if it does not."""
    if pod.phase != "Running" or pod.deleting:
        return None
    blast = export = None
    for container in pod.containers:
        if container.name == "blast":
            blast = container
        elif container.name == "results-export":
            export = container
    if blast is None or export is None or export.running_since is None or blast.running_since is not None:
        return None
    ending = blast.ended or blast.last
    return ending.at if ending else None


def first_start(pod: PodRecord) -> float | None:
    """When the first of its containers started, as far as its state still tells, in Unix seconds."""
    runs = [run.began for c in pod.containers for run in (c.ended, c.last) if run is not None]
    return min((at for at in (*runs, *(c.running_since for c in pod.containers)) if at is not None), default=None)
