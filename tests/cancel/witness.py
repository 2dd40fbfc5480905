"""What the API server sees of a cancel, judged against what is true at that moment."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tests.cancel.bench import NAMESPACE, A, Bench, has_ended

_JOB = re.compile(rf"/apis/batch/v1/namespaces/{NAMESPACE}/jobs/([^/]+)")
_JOBS = f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs"
_EVENTS = f"/api/v1/namespaces/{NAMESPACE}/events"
_FIRST = "app in (finalizer,submit)"
OWN = ("finalizer", "submit", "setup", "blast")
Faults = Callable[[Request], Awaitable[Response | None]]


@dataclass(frozen=True, slots=True)
class Look:
    """A list of all of the search's Jobs, as it was answered: when, and whether nothing deletable lived."""

    at: float
    empty: bool


@dataclass(slots=True)
class Witness:
    """Stands in front of the API server. `faults` may answer in its place, after the request was judged.

    `wrongs` is what was seen of what a cancel must never do; tests assert that it is empty.
    """

    bench: Bench
    search: str = A
    faults: Faults | None = None
    wrongs: list[str] = field(default_factory=list)
    deletes: list[str] = field(default_factory=list)
    dry: list[str] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    audited: set[str] = field(default_factory=set)
    records: list[Mapping[str, object]] = field(default_factory=list)
    checks: list[int] = field(default_factory=lambda: [0])
    first_blast_rv: int = 0

    def audit(self, record: Mapping[str, object]) -> None:
        self.records.append(record)
        if record["event"] == "cancel_intent":
            uids = record["uids"]
            assert isinstance(uids, list | tuple)
            self.audited.update(uids)

    async def intercept(self, request: Request) -> Response | None:
        body = await request.body()
        self._judge(request, json.loads(body) if body else {})
        if self.faults is not None and (answer := await self.faults(request)) is not None:
            return answer
        if request.method == "GET":
            self._looked(request)
        return None

    def _wrong(self, rule: str, what: str) -> None:
        self.wrongs.append(f"{rule}: {what}")

    def _judge(self, request: Request, body: Mapping[str, Any]) -> None:
        if request.method == "GET":
            return
        path = request.url.path
        if request.method == "POST" and path == _EVENTS and body["involvedObject"]["kind"] == "Job":
            return
        named = _JOB.fullmatch(path)
        if request.method != "DELETE" or named is None:
            self._wrong("Q11", f"{request.method} {path}")
            return
        self._judge_form(request, body)
        self._judge_target(named[1], body)

    def _judge_form(self, request: Request, body: Mapping[str, Any]) -> None:
        conditions = body.get("preconditions") or {}
        if not conditions.get("uid") or not conditions.get("resourceVersion") or request.url.query:
            self._wrong("Q11", f"a DELETE without uid or version, or with a query: {body}")
        if body.get("propagationPolicy") != "Foreground":
            self._wrong("Q11", "a DELETE without Foreground")

    def _judge_target(self, name: str, body: Mapping[str, Any]) -> None:
        if body.get("dryRun") == ["All"]:
            self.dry.append(name)
            return
        wanted = (body.get("preconditions") or {}).get("uid")
        if wanted not in self.audited:
            self._wrong("Q10", f"{name} is deleted before its intent was recorded")
        self.deletes.append(name)
        job = self.bench.store.find("jobs", NAMESPACE, name)
        if job is None or not self._takes(job, body):
            return
        labels = job["metadata"].get("labels") or {}
        app = labels.get("app")
        if labels.get("elb-job-id") != self.search or app not in OWN or name == "init-pv" or has_ended(job):
            self._wrong("Q1", f"{name} is deleted, which is none of the search's own living Jobs: {labels}")
        if app == "blast" and (pods := self._early_pods()):
            self._wrong("Q3", f"{name} is deleted while {pods} live")
        if app == "blast":
            self.first_blast_rv = self.first_blast_rv or self.bench.store.rv

    def _takes(self, job: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
        conditions = body.get("preconditions") or {}
        return all(
            job["metadata"][key] == conditions.get(key, job["metadata"][key]) for key in ("uid", "resourceVersion")
        )

    def _early_pods(self) -> list[str]:
        """Living finalizer and submit pods that were there when the cancel last looked for such."""
        pods = [*self.bench.pods(self.search, "finalizer"), *self.bench.pods(self.search, "submit")]
        living = [pod["metadata"] for pod in pods if pod["status"].get("phase") not in ("Succeeded", "Failed")]
        births = self._births() if living else {}
        return [pod["name"] for pod in living if births.get(pod["uid"], 0) <= self.checks[-1]]

    def _looked(self, request: Request) -> None:
        selector = request.query_params.get("labelSelector", "")
        if request.url.path != _JOBS or f"elb-job-id={self.search}" not in selector:
            return
        if not request.query_params.get("continue"):
            self.checks.append(self.bench.store.rv)
            if _FIRST not in selector:
                self.looks.append(Look(self.bench.clock.mono(), not self.bench.deletable(self.search)))

    def unseen(self, checks: int, looks: int) -> None:
        """The answers after the first so many never arrived."""
        del self.checks[checks:]
        self.looks[looks:] = [Look(look.at, False) for look in self.looks[looks:]]

    # After the run

    def false_markers(self) -> list[str]:
        """SUCCESS written after a batch was deleted, by a finalizer that was there before the first of them."""
        first = self.first_blast_rv
        late = [
            marker for marker in self.bench.markers if first and marker.rv >= first and marker.search == self.search
        ]
        births = self._births() if late else {}
        return [f"Q4: {one.pod}" for one in late if one.verdict == "SUCCESS" and births.get(one.pod, first) < first]

    def _births(self) -> dict[str, int]:
        changes = self.bench.store.changes("pods", self.bench.store.compacted)
        return {change.entry.obj["metadata"]["uid"]: change.rv for change in changes if change.type == "ADDED"}

    def looked_twice(self, settle: float) -> bool:
        """Whether the last looks found nothing, over at least `settle` seconds."""
        empty: list[Look] = []
        for look in reversed(self.looks):
            if not look.empty:
                break
            empty.append(look)
        return len(empty) >= 2 and empty[0].at - empty[-1].at >= settle
