"""The arithmetic of a Job: what its pods amount to, and when it is over. Nothing here touches the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from exporter.simulator.kinds import Object

TRACKING = "batch.kubernetes.io/job-tracking"
INTERIM = {"Complete": "SuccessCriteriaMet", "Failed": "FailureTarget"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The end of a Job: its final condition, with the interim one that comes first."""

    type: str
    reason: str
    message: str

    @property
    def interim(self) -> str:
        return INTERIM[self.type]


COMPLETED = Verdict(type="Complete", reason="CompletionsReached", message="Reached expected number of succeeded pods")
OUT_OF_RETRIES = Verdict(
    type="Failed", reason="BackoffLimitExceeded", message="Job has reached the specified backoff limit"
)
TOO_LATE = Verdict(type="Failed", reason="DeadlineExceeded", message="Job was active longer than specified deadline")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """A Job's pods by what the controller does about them. `succeeded` and `failed` are those not yet counted."""

    active: Sequence[Object]
    terminating: Sequence[Object]
    succeeded: Sequence[Object]
    failed: Sequence[Object]

    @property
    def ready(self) -> int:
        return sum(is_ready(pod) for pod in self.active)


def tally(pods: Sequence[Object]) -> Tally:
    """Sort a Job's pods. A pod that is being deleted counts as failed at once, unless it has succeeded."""
    tracked = [pod for pod in pods if TRACKING in pod["metadata"].get("finalizers", ())]
    return Tally(
        active=[pod for pod in pods if not is_terminal(pod) and not is_deleting(pod)],
        terminating=[pod for pod in pods if not is_terminal(pod) and is_deleting(pod)],
        succeeded=[pod for pod in tracked if phase(pod) == "Succeeded"],
        failed=[pod for pod in tracked if phase(pod) == "Failed" or (is_deleting(pod) and phase(pod) != "Succeeded")],
    )


def verdict(job: Object, counts: Tally, *, late: bool) -> Verdict | None:
    """How the Job ends at this moment, or None; `late` says that its deadline is over."""
    spec, status = job["spec"], job["status"]
    if condition(job, "SuccessCriteriaMet"):
        return COMPLETED
    if failing := condition(job, "FailureTarget"):
        return Verdict(type="Failed", reason=failing["reason"], message=failing["message"])
    failed = status.get("failed", 0) + len(counts.failed)
    if failed > spec["backoffLimit"] or _too_many_restarts(spec, counts.active):
        return OUT_OF_RETRIES
    if late:
        return TOO_LATE
    if status.get("succeeded", 0) + len(counts.succeeded) >= spec["completions"]:
        return COMPLETED
    return None


def _too_many_restarts(spec: dict[str, Any], active: Sequence[Object]) -> bool:
    if spec["template"]["spec"]["restartPolicy"] != "OnFailure":
        return False
    restarts = sum(restart_count(pod) for pod in active)
    return restarts > 0 if spec["backoffLimit"] == 0 else restarts >= spec["backoffLimit"]


def restart_count(pod: Object) -> int:
    """The restarts of all containers of a pod, init containers included."""
    status = pod["status"]
    containers = (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ()))
    return sum(container.get("restartCount", 0) for container in containers)


def final_condition(job: Object) -> dict[str, Any] | None:
    """The condition that ends the Job for good, if it has one."""
    return condition(job, "Complete") or condition(job, "Failed")


def condition(job: Object, kind: str) -> dict[str, Any] | None:
    """The condition of that type if it is True."""
    conditions = job["status"].get("conditions", ())
    return next((c for c in conditions if c["type"] == kind and c["status"] == "True"), None)


def set_condition(job: Object, kind: str, status: str, *, reason: str, message: str, now: str) -> None:
    """Put a condition at the end of the Job's, in place of an older one of that type."""
    kept = [c for c in job["status"].get("conditions", ()) if c["type"] != kind]
    times = {"lastProbeTime": now, "lastTransitionTime": now}
    job["status"]["conditions"] = [
        *kept,
        {"type": kind, "status": status, **times, "reason": reason, "message": message},
    ]


def note(job: Object, counts: Tally) -> None:
    """Write what the pods amount to; those that have ended are noted by uid, not yet counted."""
    status = job["status"]
    endings = {"succeeded": counts.succeeded, "failed": counts.failed}
    status["uncountedTerminatedPods"] = {
        ending: sorted(pod["metadata"]["uid"] for pod in pods) for ending, pods in endings.items() if pods
    }
    status["ready"] = counts.ready
    status["terminating"] = len(counts.terminating)
    status.pop("active", None)
    if counts.active:
        status["active"] = len(counts.active)


def add_up(job: Object) -> None:
    """Turn the noted pods into numbers; a number that is 0 is left out."""
    status = job["status"]
    for ending, uids in status.pop("uncountedTerminatedPods", {}).items():
        status[ending] = status.get(ending, 0) + len(uids)
    status["uncountedTerminatedPods"] = {}


def phase(pod: Object) -> str:
    return str(pod.get("status", {}).get("phase", "Pending"))


def is_terminal(pod: Object) -> bool:
    return phase(pod) in ("Succeeded", "Failed")


def is_deleting(obj: Object) -> bool:
    return "deletionTimestamp" in obj["metadata"]


def is_ready(pod: Object) -> bool:
    conditions = pod.get("status", {}).get("conditions", ())
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
