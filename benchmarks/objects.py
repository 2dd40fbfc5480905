"""A cluster full of ElasticBLAST searches as prepared bytes: each object is joined from a few parts when it is sent."""

from __future__ import annotations

import json
import random
import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from exporter.simulator import defaults
from exporter.simulator.clock import rfc3339
from exporter.simulator.kinds import Object
from exporter.simulator.world import fixtures, manifests
from exporter.simulator.world.podstatus import Box, PodRun, set_condition, write_status
from exporter.simulator.world.script import Exit, Script
from exporter.simulator.world.search import Search, new_search_id

NODES = 20
_JOB_PADDING = 9700  # bytes that bring a batch Job to 13 kB, as kubectl and the API server do
_POD_PADDING = 3400  # the same for a pod of 8 kB
_AGES = (900.0, 840.0, 300.0)  # seconds ago: made, started, ended
_MIX = ("succeeded",) * 5 + ("running",) * 2 + ("pending",) * 3
_PHASES = {"succeeded": "Succeeded", "running": "Running", "pending": "Pending"}
_KINDS = {
    "jobs": b'"kind":"Job","apiVersion":"batch/v1",',
    "pods": b'"kind":"Pod","apiVersion":"v1",',
    "nodes": b'"kind":"Node","apiVersion":"v1",',
    "persistentvolumeclaims": b'"kind":"PersistentVolumeClaim","apiVersion":"v1",',
    "events": b'"kind":"Event","apiVersion":"v1",',
}
RESOURCES = tuple(_KINDS)
Times = tuple[str, str, str]


@dataclass(slots=True, kw_only=True)
class Thing:
    """One object. `state` is succeeded, running, pending or retrying; empty for what has one state only."""

    resource: str
    app: str
    search: str
    before: bytes
    after: bytes
    times: Times
    state: str = ""
    restarts: int = 0
    version: int = 1

    def encoded(self, *, whole: bool) -> bytes:
        """Its JSON; `whole` with kind and apiVersion, as in a watch: items of a list go without."""
        kind = _KINDS[self.resource] if whole else b""
        version = b"%d" % self.version
        return b"".join((b"{", kind, self.before, version, self.after, self._status(), b"}"))

    def selectable(self) -> Object:
        """What selectors see of it."""
        labels = {"app": self.app, **({"elb-job-id": self.search} if self.search else {})}
        succeeded = {"succeeded": 1} if self.state == "succeeded" else {}
        return {"metadata": {"labels": labels}, "status": {"phase": _PHASES.get(self.state, ""), **succeeded}}

    def _status(self) -> bytes:
        if self.resource == "jobs":
            return job_status(self.state, self.times)
        if self.resource == "pods":
            status = pod_status(self.state, self.times, restarted=self.restarts > 0)
            return status.replace(b'"@restarts@"', b"%d" % self.restarts)
        return b""


def cluster(jobs: int, searches: int, now: float) -> dict[str, list[Thing]]:
    """By resource: `jobs` Jobs with one pod each in `searches` searches, half of them succeeded; nodes, one claim."""
    rng = random.Random(1)
    things: dict[str, list[Thing]] = {name: [] for name in RESOURCES}
    made, started, ended = (rfc3339(now - age) for age in _AGES)
    times = (made, started, ended)
    for _ in range(searches):
        for state, job in _jobs(rng, jobs // searches):
            _add(things, rng, job, state, times)
    for index in range(NODES):
        node = fixtures.node(fixtures.BLAST_POOL, index, now=now - _AGES[0], ordinal=index)
        things["nodes"].append(_thing("nodes", node, rng, times))
    claim = {
        "metadata": {"name": "blast-dbs-pvc-rwm", "namespace": "default"},
        "spec": {"accessModes": ["ReadWriteMany"]},
        "status": {"phase": "Bound"},
    }
    things["persistentvolumeclaims"].append(_thing("persistentvolumeclaims", claim, rng, times))
    return things


def _jobs(rng: random.Random, count: int) -> list[tuple[str, Object]]:
    search = Search(id=new_search_id(rng), mode="ssd", batches=count - 3, nodes=1, padding=_JOB_PADDING)
    others = [
        ("succeeded", manifests.init_volume(search, 0)),
        ("succeeded", manifests.submit_jobs(search)),
        ("running", manifests.finalizer(search)),
    ]
    return others + [(_MIX[n % len(_MIX)], manifests.batch(search, n)) for n in range(search.batches)]


def _add(things: dict[str, list[Thing]], rng: random.Random, job: Object, state: str, times: Times) -> None:
    job["metadata"]["uid"] = str(uuid.UUID(int=rng.getrandbits(128)))
    defaults.fill("jobs", job)
    things["jobs"].append(_thing("jobs", job, rng, times, state))
    node = fixtures.node_name(fixtures.BLAST_POOL, rng.randrange(NODES))
    things["pods"].append(_thing("pods", _pod(job, "" if state == "pending" else node, rng), rng, times, state))


def _pod(job: Object, node: str, rng: random.Random) -> Object:
    """The pod of a Job, bound to a node if one is given."""
    name = job["metadata"]["name"]
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": job["metadata"]["uid"], "controller": True}
    fields: Object = {f"f:generatedFieldNumber{n:05}": {} for n in range(_POD_PADDING // 32)}
    managed = {"manager": "kubelet", "operation": "Update", "fieldsType": "FieldsV1", "fieldsV1": fields}
    template = job["spec"]["template"]
    return {
        "metadata": {
            "name": f"{name}-{rng.getrandbits(20):05x}",
            "namespace": "default",
            "labels": template["metadata"]["labels"],
            "ownerReferences": [owner],
            "managedFields": [managed],
        },
        "spec": {**template["spec"], **({"nodeName": node} if node else {})},
        "status": {},
    }


def _thing(resource: str, obj: Object, rng: random.Random, times: Times, state: str = "") -> Thing:
    labels = obj["metadata"].get("labels", {})
    stamp = {
        "uid": str(uuid.UUID(int=rng.getrandbits(128))),
        "creationTimestamp": times[0],
        "resourceVersion": "@version@",
    }
    body = {"metadata": {**stamp, **obj["metadata"]}, **{k: v for k, v in obj.items() if k in ("spec", "status")}}
    if state:
        del body["status"]  # it changes, so it is joined when it is sent
    before, _, after = _compact(body).partition(b"@version@")
    return Thing(
        resource=resource,
        app=labels.get("app", ""),
        search=labels.get("elb-job-id", ""),
        before=before[1:],
        after=after[:-1] + (b',"status":' if state else b""),
        times=times,
        state=state,
    )


@lru_cache
def job_status(state: str, times: Times) -> bytes:
    """The status of a Job in a state."""
    at = times[2]
    status: dict[str, Any] = {"startTime": times[0], "terminating": 0, "uncountedTerminatedPods": {}}
    match state:
        case "succeeded":
            done = {"status": "True", "lastProbeTime": at, "lastTransitionTime": at, "reason": "CompletionsReached"}
            status |= {"conditions": [{"type": "SuccessCriteriaMet", **done}, {"type": "Complete", **done}]}
            status |= {"succeeded": 1, "ready": 0, "completionTime": at}
        case "retrying":
            status |= {"failed": 1, "ready": 0}
        case _:
            status |= {"active": 1, "ready": int(state == "running")}
    return _compact(status)


@lru_cache
def pod_status(state: str, times: Times, *, restarted: bool) -> bytes:
    """The status of a batch pod in a state; `"@restarts@"` stands for how often its container blast was restarted."""
    at, end = times[1:]
    boxes = [Box(name=name, image=f"elb-{name}", init=name == "load") for name in ("load", "blast", "results-export")]
    pod: Object = {"metadata": {"uid": ""}, "spec": {}, "status": {}}
    run = PodRun(pod=pod, owner="", script=Script(), boxes=boxes, started=at, phase=_PHASES[state])
    if state == "pending":
        pod["status"] = {"phase": "Pending", "qosClass": "Burstable"}
        set_condition(pod["status"], "PodScheduled", False, "Unschedulable", at, "0/20 nodes: 20 Insufficient cpu.")
        return _compact(pod["status"])
    for box in boxes:
        box.start(at)
    boxes[0].end(Exit(code=0), at)
    if restarted:
        boxes[1].end(Exit(code=5), at)
        boxes[1].last = boxes[1].state
        boxes[1].start(at)
    if state == "succeeded":
        for box in boxes[1:]:
            box.end(Exit(code=0), end)
    write_status(run, pod, now=at, podIP="10.244.1.7", hostIP="10.224.0.4")
    blast = next(each for each in pod["status"]["containerStatuses"] if each["name"] == "blast")
    blast["restartCount"] = "@restarts@"
    return _compact(pod["status"])


def _compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
