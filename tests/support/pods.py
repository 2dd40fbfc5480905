"""The status a kubelet reports for a pod, as pure functions on plain dicts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

Pod = dict[str, Any]
Status = dict[str, Any]
KILLED = 137


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def running() -> Status:
    return {"running": {"startedAt": now()}}


def waiting(reason: str) -> Status:
    return {"waiting": {"reason": reason}}


def terminated(exit_code: int, reason: str | None = None, started: str | None = None) -> Status:
    """`reason` is `Completed` or `Error` by the exit code if not given."""
    reason = reason or ("Error" if exit_code else "Completed")
    return {"terminated": {"exitCode": exit_code, "reason": reason, "startedAt": started or now(), "finishedAt": now()}}


def end(container: Status, exit_code: int, reason: str | None = None) -> Status:
    """The container's running state turned into a terminated one."""
    return terminated(exit_code, reason, container["state"].get("running", {}).get("startedAt"))


def containers(pod: Pod, kind: str = "containers") -> list[Status]:
    """What the pod says about its `containers` or `initContainers`; those it says nothing about wait."""
    known = {status["name"]: status for status in pod.get("status", {}).get(_field(kind), [])}
    return [known.get(spec["name"]) or _fresh(spec) for spec in pod["spec"].get(kind, [])]


def with_states(statuses: list[Status], states: Mapping[str, Status], **changes: Any) -> list[Status]:
    """`statuses` with the state of the named containers replaced; readiness follows the state."""
    return [_with_state(status, states.get(status["name"]), changes) for status in statuses]


def report(pod: Pod, statuses: list[Status], init: list[Status] | None = None) -> Status:
    """The fields that follow from the states of all containers: phase, conditions, start time."""
    init = containers(pod, "initContainers") if init is None else init
    phase = phase_of(pod, statuses, init)
    ready = phase == "Running" and all(status["ready"] for status in statuses)
    initialized = all("terminated" in status["state"] for status in init)
    conditions = {"Initialized": initialized, "ContainersReady": ready, "Ready": ready}
    return {
        "phase": phase,
        "startTime": pod.get("status", {}).get("startTime") or now(),
        "conditions": with_conditions(pod, conditions),
        "containerStatuses": statuses,
        "initContainerStatuses": init,
    }


def phase_of(pod: Pod, statuses: list[Status], init: list[Status]) -> str:
    """The phase as a kubelet derives it: a container that will be started again keeps the pod Running."""
    exits = [status["state"].get("terminated", {}).get("exitCode") for status in statuses]
    policy = pod["spec"].get("restartPolicy", "Always")
    if policy == "Never" and any(status["state"].get("terminated", {}).get("exitCode") for status in init):
        return "Failed"
    if all(code is None for code in exits) and not any("running" in status["state"] for status in statuses):
        restarted = any(status["restartCount"] for status in statuses)
        return "Running" if restarted else "Pending"
    if None in exits or policy == "Always" or (policy == "OnFailure" and any(exits)):
        return "Running"
    return "Failed" if any(exits) else "Succeeded"


def with_conditions(pod: Pod, truths: Mapping[str, bool], reason: str | None = None) -> list[Status]:
    """The pod's conditions with those of `truths` set; `lastTransitionTime` moves only with the status."""
    kept = {condition["type"]: condition for condition in pod.get("status", {}).get("conditions", [])}
    for name, truth in truths.items():
        value = "True" if truth else "False"
        if kept.get(name, {}).get("status") != value:
            kept[name] = {"type": name, "status": value, "lastTransitionTime": now()}
            kept[name] |= {"reason": reason} if reason else {}
    return list(kept.values())


def _field(kind: str) -> str:
    return "initContainerStatuses" if kind == "initContainers" else "containerStatuses"


def _fresh(spec: Mapping[str, Any]) -> Status:
    state = waiting("PodInitializing")
    base = {"name": spec["name"], "image": spec["image"], "imageID": spec["image"]}
    return base | {"ready": False, "restartCount": 0, "started": False, "state": state, "lastState": {}}


def _with_state(status: Status, state: Status | None, changes: dict[str, Any]) -> Status:
    if state is None:
        return status
    up = "running" in state
    return status | {"state": state, "ready": up, "started": up} | changes
