"""A cluster full of ElasticBLAST searches: few templates, many objects, each rendered when it is sent."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator, Sequence
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
MIX = (7, 1, 2)  # of ten batches: succeeded, running, pending
_JOB_PADDING = 9700  # bytes that bring a batch Job to 13 kB, as kubectl and the API server do
_POD_PADDING = 3400  # the same for a pod of 8 kB
_AGES = (900.0, 840.0, 300.0)  # seconds ago: made, started, ended
_STATES = ("succeeded", "running", "pending")
_PHASES = {"succeeded": "Succeeded", "running": "Running", "pending": "Pending"}
_KINDS = {
    "jobs": b'"kind":"Job","apiVersion":"batch/v1",',
    "pods": b'"kind":"Pod","apiVersion":"v1",',
    "nodes": b'"kind":"Node","apiVersion":"v1",',
    "persistentvolumeclaims": b'"kind":"PersistentVolumeClaim","apiVersion":"v1",',
    "events": b'"kind":"Event","apiVersion":"v1",',
}
RESOURCES = tuple(_KINDS)
_NUMBER = 777_777_777  # stands for the number of a batch in a template
_SLOTS = {
    b"@uid@": b"%(uid)b",
    b"@owner@": b"%(owner)b",
    b"@node@": b"%(node)b",
    b"@tail@": b"%(tail)b",
    b"@version@": b"%(version)d",
    b"%d" % _NUMBER: b"%(number)03d",
}
Times = tuple[str, str, str]
Mix = tuple[int, int, int]


@dataclass(slots=True, kw_only=True)
class Thing:
    """One object: a template that it shares with others, and what is its own. It is rendered when it is sent.

    `state` is succeeded, running, pending or retrying; empty for what has one state only.
    """

    resource: str
    app: str
    search: str
    template: bytes
    times: Times
    uid: bytes
    number: int = 0
    owner: bytes = b""
    node: bytes = b""
    state: str = ""
    restarts: int = 0
    version: int = 1

    def encoded(self, *, whole: bool) -> bytes:
        """Its JSON; `whole` with kind and apiVersion, as in a watch: items of a list go without."""
        own = {
            b"uid": self.uid,
            b"owner": self.owner,
            b"node": self.node,
            b"tail": self.uid[:5],
            b"version": self.version,
            b"number": self.number,
        }
        kind = _KINDS[self.resource] if whole else b""
        return b"".join((b"{", kind, self.template % own, self.status(), b"}"))

    def selectable(self) -> Object:
        """What selectors see of it."""
        labels = {"app": self.app, **({"elb-job-id": self.search} if self.search else {})}
        succeeded = {"succeeded": 1} if self.state == "succeeded" else {}
        return {"metadata": {"labels": labels}, "status": {"phase": _PHASES.get(self.state, ""), **succeeded}}

    def status(self) -> bytes:
        """The JSON of its status, where that changes."""
        if self.resource == "jobs":
            return job_status(self.state, self.times)
        if self.resource == "pods":
            status = pod_status(self.state, self.times, restarted=self.restarts > 0)
            return status.replace(b'"@restarts@"', b"%d" % self.restarts)
        return b""


def cluster(jobs: int, searches: int, now: float, *, mix: Mix = MIX) -> dict[str, list[Thing]]:
    """By resource: `jobs` Jobs with one pod each in `searches` searches that all live; 20 nodes, one claim."""
    rng = random.Random(1)
    things: dict[str, list[Thing]] = {name: [] for name in RESOURCES}
    made, started, ended = (rfc3339(now - age) for age in _AGES)
    times = (made, started, ended)
    states = [state for state, count in zip(_STATES, mix, strict=True) for _ in range(count)]
    for _ in range(searches):
        count = jobs // searches - 3
        search = Search(id=new_search_id(rng), mode="ssd", batches=count, nodes=1, padding=_JOB_PADDING)
        for job, of in _jobs(search, states):
            _add(things, rng, _Model(job, made), of, times)
    for index in range(NODES):
        node = fixtures.node(fixtures.BLAST_POOL, index, now=now - _AGES[0], ordinal=index)
        things["nodes"].append(_single("nodes", node, rng, times))
    claim = {
        "metadata": {"name": "blast-dbs-pvc-rwm", "namespace": "default"},
        "spec": {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "3000Gi"}}},
        "status": {"phase": "Bound"},
    }
    things["persistentvolumeclaims"].append(_single("persistentvolumeclaims", claim, rng, times))
    return things


def _jobs(search: Search, states: Sequence[str]) -> Iterator[tuple[Object, list[tuple[int, str]]]]:
    """Each manifest of a search, with the number and the state of every Job that is made from it."""
    yield manifests.init_volume(search, 0), [(0, "succeeded")]
    yield manifests.submit_jobs(search), [(0, "succeeded")]
    yield manifests.finalizer(search), [(0, "running")]
    yield manifests.batch(search, _NUMBER), [(n, states[n % len(states)]) for n in range(search.batches)]


class _Model:
    """The templates of the Jobs of one manifest, and of their pods, bound to a node and not."""

    def __init__(self, job: Object, made: str) -> None:
        self.app: str = job["metadata"]["labels"]["app"]
        self.search: str = job["metadata"]["labels"]["elb-job-id"]
        job["metadata"] |= {"uid": "@uid@", "creationTimestamp": made}
        defaults.fill("jobs", job)
        self.job = _template(job, changing=True)
        self.pods = {bound: _template(_pod(job, bound=bound), changing=True) for bound in (True, False)}


def _add(
    things: dict[str, list[Thing]], rng: random.Random, model: _Model, of: list[tuple[int, str]], times: Times
) -> None:
    for number, state in of:
        uid, bound = _uid(rng), state != "pending"
        node = fixtures.node_name(fixtures.BLAST_POOL, rng.randrange(NODES)).encode() if bound else b""
        same: dict[str, Any] = {"app": model.app, "search": model.search, "times": times, "number": number}
        job = Thing(resource="jobs", template=model.job, uid=uid, state=state, **same)
        pod = Thing(
            resource="pods", template=model.pods[bound], uid=_uid(rng), owner=uid, node=node, state=state, **same
        )
        things["jobs"].append(job)
        things["pods"].append(pod)


def _pod(job: Object, *, bound: bool) -> Object:
    name = job["metadata"]["name"]
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": "@owner@", "controller": True}
    fields: Object = {f"f:generatedFieldNumber{n:05}": {} for n in range(_POD_PADDING // 32)}
    managed = {"manager": "kubelet", "operation": "Update", "fieldsType": "FieldsV1", "fieldsV1": fields}
    template = json.loads(json.dumps(job["spec"]["template"]).replace("@uid@", "@owner@"))
    return {
        "metadata": {
            "name": f"{name}-@tail@",
            "namespace": "default",
            "creationTimestamp": job["metadata"]["creationTimestamp"],
            "labels": template["metadata"]["labels"],
            "ownerReferences": [owner],
            "managedFields": [managed],
        },
        "spec": {**template["spec"], **({"nodeName": "@node@"} if bound else {})},
    }


def _single(resource: str, obj: Object, rng: random.Random, times: Times) -> Thing:
    obj["metadata"]["creationTimestamp"] = times[0]
    return Thing(
        resource=resource, app="", search="", template=_template(obj, changing=False), times=times, uid=_uid(rng)
    )


def _template(obj: Object, *, changing: bool) -> bytes:
    """The JSON of an object without its first brace and its last, and with slots; `changing`: its status follows."""
    parts = {part: obj[part] for part in ("spec", "status") if part in obj and not (changing and part == "status")}
    stamp = {"uid": "@uid@", "resourceVersion": "@version@"}
    body: Object = {"metadata": stamp | obj["metadata"]} | parts
    text = _compact(body)[1:-1].replace(b"%", b"%%")
    for mark, slot in _SLOTS.items():
        text = text.replace(mark, slot)
    return text + (b',"status":' if changing else b"")


def _uid(rng: random.Random) -> bytes:
    return str(uuid.UUID(int=rng.getrandbits(128))).encode()


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
