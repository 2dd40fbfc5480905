"""What a page must say, counted from the JSON of the API server by code that shares nothing with the daemon.

It needs no memory: it is right for objects that are still there, at moments when nothing moves.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from itertools import product
from typing import Any

from tests.support.daemon import PREFIX, Page
from tests.support.kubeapi import Api, expect

Object = dict[str, Any]
_APPS = {
    "setup": "setup",
    "submit": "submit",
    "blast": "blast",
    "finalizer": "finalizer",
    "elb-db-warmup": "warmup",
    "elb-prepare-db": "prepare_db",
    "elb-openapi": "openapi",
}
_LIVE = ("created", "pending", "running", "retrying", "suspended", "finishing", "failing", "deleting")
_WAITING = ("created", "pending", "retrying", "suspended")
_CORES = {"m": 0.001}


def recount(api: Api, namespace: str) -> Page:
    """The series of live Jobs, living pods, claims and unattributed Jobs of one namespace, zeros included."""
    jobs = _jobs(api, namespace)
    pods = [pod for pod in _list(api, f"/api/v1/namespaces/{namespace}/pods") if _role(pod)]
    running = {_owner(pod) for pod in pods if pod["status"].get("phase") == "Running"}
    states = {job["metadata"]["uid"]: _state(job, running) for job in jobs}
    page = _matrix("jobs", namespace, "state", _LIVE, _job_counts(jobs, states), roles=6)
    page |= _matrix("pods", namespace, "state", ("pending", "running", "ready", "terminating"), _pod_counts(pods))
    loose = Counter(_role(j) for j in jobs if states[_uid(j)] in _LIVE and _role(j) in _search_roles() and not _id(j))
    for role in _search_roles():
        page[_series("jobs_unattributed", namespace=namespace, role=role)] = loose[role]
    for claim in _list(api, f"/api/v1/namespaces/{namespace}/persistentvolumeclaims"):
        for phase in ("Bound", "Pending", "Lost"):
            labels = {"namespace": namespace, "persistentvolumeclaim": claim["metadata"]["name"], "phase": phase}
            page[_series("persistentvolumeclaim_phase", **labels)] = float(claim["status"]["phase"] == phase)
    return page | _oldest(pods, namespace)


def recount_search(api: Api, namespace: str, search: str) -> Page:
    """What is said of one search whose batches are all still there: Jobs by the five states, and its creation."""
    jobs = [job for job in _jobs(api, namespace) if _id(job) == search]
    pods = _list(api, f"/api/v1/namespaces/{namespace}/pods")
    running = {_owner(pod) for pod in pods if pod["status"].get("phase") == "Running"}
    counts = Counter(_five(_state(job, running)) for job in jobs if _role(job) == "blast")
    labels = {"namespace": namespace, "elb_job_id": search}
    states = ("pending", "running", "succeeded", "failed", "lost")
    page = {_series("search_jobs", **labels, state=state): float(counts[state]) for state in states}
    created = min(_time(job["metadata"]["creationTimestamp"]) for job in jobs)
    return page | {_series("search_created_timestamp_seconds", **labels): created}


def recount_pool(api: Api, pool: str) -> Page:
    """The nodes of one pool, and the cores that can be had on them and that pods have asked for; {} without nodes."""
    nodes = [node for node in _list(api, "/api/v1/nodes") if node["metadata"]["labels"].get("agentpool") == pool]
    if not nodes:
        return {}
    states = Counter(_node_state(node) for node in nodes)
    page = {
        _series("pool_nodes", pool=pool, state=s): float(states[s])
        for s in ("ready", "cordoned", "not_ready", "unknown")
    }
    usable = [node for node in nodes if _node_state(node) == "ready"]
    page[_series("pool_cpu_allocatable_cores", pool=pool)] = sum(
        _cores(n["status"]["allocatable"]["cpu"]) for n in usable
    )
    names = {node["metadata"]["name"] for node in nodes}
    pods = [pod for pod in _list(api, "/api/v1/pods") if pod["spec"].get("nodeName") in names and _role(pod)]
    living = [pod for pod in pods if pod["status"]["phase"] not in ("Succeeded", "Failed")]
    page[_series("pool_cpu_requested_cores", pool=pool)] = sum(_requested(pod) for pod in living)
    return page


def durations(api: Api, namespace: str) -> list[float]:
    """Seconds from start to completion of each batch that succeeded and is still there, shortest first."""
    done = [job for job in _jobs(api, namespace) if _role(job) == "blast" and job["status"].get("completionTime")]
    return sorted(_time(job["status"]["completionTime"]) - _time(job["status"]["startTime"]) for job in done)


def _jobs(api: Api, namespace: str) -> list[Object]:
    found = _list(api, f"/apis/batch/v1/namespaces/{namespace}/jobs")
    return [job for job in found if _role(job) not in ("", "openapi")]


def _list(api: Api, path: str) -> list[Object]:
    items: list[Object] = expect(api.get(path))["items"]
    return items


def _series(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return (PREFIX + name, frozenset(labels.items()))


def _matrix(
    name: str, namespace: str, label: str, words: tuple[str, ...], counts: Counter[tuple[str, str]], roles: int = 7
) -> Page:
    known = list(_APPS.values())[:roles]
    return {
        _series(name, namespace=namespace, role=role, **{label: word}): float(counts[role, word])
        for role, word in product(known, words)
    }


def _job_counts(jobs: list[Object], states: dict[str, str]) -> Counter[tuple[str, str]]:
    return Counter((_role(job), states[_uid(job)]) for job in jobs)


def _pod_counts(pods: list[Object]) -> Counter[tuple[str, str]]:
    return Counter((_role(pod), _pod_state(pod)) for pod in pods)


def _oldest(pods: list[Object], namespace: str) -> Page:
    ages: dict[str, float] = {}
    for pod in pods:
        if _pod_state(pod) == "pending":
            born = _time(pod["metadata"]["creationTimestamp"])
            ages[_role(pod)] = min(born, ages.get(_role(pod), born))
    name = "pods_pending_oldest_timestamp_seconds"
    return {_series(name, namespace=namespace, role=role): born for role, born in ages.items()}


def _state(job: Object, running: set[str]) -> str:
    status = job["status"]
    true = {condition["type"] for condition in status.get("conditions", []) if condition["status"] == "True"}
    words = [
        ("failed", "Failed" in true),
        ("succeeded", "Complete" in true),
        ("deleting", "deletionTimestamp" in job["metadata"]),
        ("failing", "FailureTarget" in true),
        ("finishing", "SuccessCriteriaMet" in true),
        ("suspended", "Suspended" in true or bool(job["spec"].get("suspend"))),
        ("running", bool(status.get("active")) and (bool(status.get("ready")) or _uid(job) in running)),
        ("pending", bool(status.get("active"))),
        ("retrying", bool(status.get("failed")) or "startTime" in status),
    ]
    return next((word for word, holds in words if holds), "created")


def _five(state: str) -> str:
    if state in ("succeeded", "failed"):
        return state
    return "pending" if state in _WAITING else "running"


def _pod_state(pod: Object) -> str:
    phase = pod["status"].get("phase")
    if phase in ("Succeeded", "Failed"):
        return "over"
    if "deletionTimestamp" in pod["metadata"]:
        return "terminating"
    if phase == "Pending":
        return "pending"
    ready = {"type": "Ready", "status": "True"}.items()
    return (
        "ready" if any(ready <= condition.items() for condition in pod["status"].get("conditions", [])) else "running"
    )


def _node_state(node: Object) -> str:
    ready = next((c["status"] for c in node["status"]["conditions"] if c["type"] == "Ready"), "Unknown")
    if ready != "True":
        return {"False": "not_ready"}.get(ready, "unknown")
    return "cordoned" if node["spec"].get("unschedulable") else "ready"


def _requested(pod: Object) -> float:
    wanted = [c.get("resources", {}).get("requests", {}).get("cpu", "0") for c in pod["spec"]["containers"]]
    return sum(map(_cores, wanted))


def _cores(text: str) -> float:
    return float(text[:-1]) * _CORES[text[-1]] if text[-1] in _CORES else float(text)


def _id(job: Object) -> str:
    """The label, else the environment: enough for the manifests of the tests."""
    labelled: str = job["metadata"].get("labels", {}).get("elb-job-id", "")
    if labelled:
        return labelled
    containers = job["spec"]["template"]["spec"]["containers"]
    env = {item["name"]: item.get("value", "") for c in containers for item in c.get("env", [])}
    in_path = [part for part in env.get("ELB_RESULTS", "").split("/") if part.startswith("job-")]
    return env.get("BLAST_ELB_JOB_ID", "") or (in_path[0] if in_path else "")


def _search_roles() -> tuple[str, ...]:
    return ("setup", "submit", "blast", "finalizer")


def _role(thing: Object) -> str:
    return _APPS.get(thing["metadata"].get("labels", {}).get("app", ""), "")


def _owner(pod: Object) -> str:
    owners = [o["uid"] for o in pod["metadata"].get("ownerReferences", []) if o.get("controller")]
    return owners[0] if owners else ""


def _uid(thing: Object) -> str:
    uid: str = thing["metadata"]["uid"]
    return uid


def _time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
