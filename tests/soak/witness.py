"""An independent record of every Job and pod of a namespace, from a list and a watch of its own.

Nothing changes while the API server is down, so that a watch resumed at once misses next to nothing; what it cannot
vouch for is marked. It shares no code with the daemon.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import urllib3

from tests.support.kubeapi import Api, expect
from tests.support.waiting import wait_for

Object = dict[str, Any]
_EXITS = {2: "database", 3: "engine"}


@dataclass(slots=True, kw_only=True)
class JobLife:
    """Moments are monotonic seconds. `leaving`: its deletion was asked for; `sure`: its last state was seen."""

    uid: str
    name: str
    role: str
    search: str
    ttl: float | None
    born: float
    result: str = ""
    ended: float = float("inf")
    gone: float = float("inf")
    leaving: bool = False
    sure: bool = True


@dataclass(slots=True, kw_only=True)
class PodLife:
    """`attempts`: when each failed attempt was seen, and why; "" if only its number is known. `over`: ended or gone."""

    uid: str
    role: str
    attempts: list[tuple[float, str]] = field(default_factory=list)
    restarts: int = 0
    failed: bool = False
    over: float = float("inf")


class Witness:
    """`jobs` and `pods` by uid. `close()` ends its threads."""

    def __init__(self, api: Api, namespace: str) -> None:
        self.jobs: dict[str, JobLife] = {}
        self.pods: dict[str, PodLife] = {}
        self._api = api
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._versions = {"jobs": 0, "pods": 0}
        self._paths = {
            "jobs": f"/apis/batch/v1/namespaces/{namespace}/jobs",
            "pods": f"/api/v1/namespaces/{namespace}/pods",
        }
        self._threads = [threading.Thread(target=self._follow, args=(kind,), daemon=True) for kind in self._paths]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(20.0)

    def known_jobs(self) -> list[JobLife]:
        """The Jobs of searches, as they are known at one moment."""
        with self.still():
            return [replace(job) for job in self.jobs.values() if job.search]

    @contextmanager
    def still(self) -> Iterator[None]:
        """Nothing is recorded meanwhile."""
        with self._lock:
            yield

    def catch_up(self, timeout: float = 30.0) -> None:
        """Wait until it has seen all that the API server now knows. Something must go on changing."""
        now = {
            kind: int(expect(self._api.get(path, limit=1))["metadata"]["resourceVersion"])
            for kind, path in self._paths.items()
        }
        wait_for(lambda: all(self._versions[kind] >= now[kind] for kind in now), timeout, "the witness to catch up")

    def _follow(self, kind: str) -> None:
        fold = self._job if kind == "jobs" else self._pod
        version = ""
        while not self._stop.is_set():
            try:
                version = version or self._list(kind, fold)
                version = self._watch(kind, fold, version)
            except (urllib3.exceptions.HTTPError, AssertionError, ValueError):
                self._stop.wait(0.1)

    def _list(self, kind: str, fold: Callable[[Object, float], None]) -> str:
        answer = expect(self._api.get(self._paths[kind]))
        now = time.monotonic()
        with self._lock:
            for thing in answer["items"]:
                fold(thing, now)
            self._missed(kind, {thing["metadata"]["uid"] for thing in answer["items"]}, now)
        self._versions[kind] = int(answer["metadata"]["resourceVersion"])
        return str(answer["metadata"]["resourceVersion"])

    def _watch(self, kind: str, fold: Callable[[Object, float], None], version: str) -> str:
        """Follow until the connection ends; returns where to go on, "" for a list."""
        try:
            for event in self._api.watch(self._paths[kind], resourceVersion=version, timeoutSeconds=300):
                if event.get("type") not in ("ADDED", "MODIFIED", "DELETED"):
                    return ""
                now = time.monotonic()
                with self._lock:
                    fold(event["object"], now)
                    if event["type"] == "DELETED":
                        self._gone(kind, event["object"]["metadata"]["uid"], now)
                version = event["object"]["metadata"]["resourceVersion"]
                self._versions[kind] = int(version)
                if self._stop.is_set():
                    break
        except urllib3.exceptions.HTTPError:
            self._stop.wait(0.05)
        return version

    def _job(self, job: Object, now: float) -> None:
        meta = job["metadata"]
        life = self.jobs.get(meta["uid"])
        if life is None:
            labels = meta.get("labels", {})
            life = self.jobs[meta["uid"]] = JobLife(
                uid=meta["uid"], name=meta["name"], role=labels.get("app", ""), search=labels.get("elb-job-id", ""),
                ttl=job["spec"].get("ttlSecondsAfterFinished"), born=now,
            )  # fmt: skip
        life.leaving |= "deletionTimestamp" in meta
        verdicts = {"Complete": "succeeded", "Failed": "failed"}
        results = [
            verdicts[c["type"]]
            for c in job["status"].get("conditions", [])
            if c["type"] in verdicts and c["status"] == "True"
        ]
        if results and not life.result:
            life.result, life.ended = results[0], now

    def _pod(self, pod: Object, now: float) -> None:
        meta, status = pod["metadata"], pod["status"]
        life = self.pods.setdefault(meta["uid"], PodLife(uid=meta["uid"], role=meta.get("labels", {}).get("app", "")))
        containers = {c["name"]: c for c in status.get("containerStatuses", [])}
        blast = containers.get("blast", {"restartCount": 0})
        new = blast["restartCount"] - life.restarts
        if new > 0:
            life.attempts += [(now, "")] * (new - 1) + [(now, _why(blast["lastState"]["terminated"]))]
            life.restarts = blast["restartCount"]
        if status.get("phase") in ("Succeeded", "Failed"):
            if not life.failed and status.get("reason") == "Evicted":
                life.attempts.append((now, "evicted"))
                life.failed = True
            if (
                not life.failed
                and life.role == "finalizer"
                and "deletionTimestamp" not in meta
                and status["phase"] == "Failed"
            ):
                life.attempts.append((now, "other"))
                life.failed = True
            life.over = min(life.over, now)

    def _gone(self, kind: str, uid: str, now: float) -> None:
        if kind == "jobs":
            self.jobs[uid].gone = now
        else:
            self.pods[uid].over = min(self.pods[uid].over, now)

    def _missed(self, kind: str, there: set[str], now: float) -> None:
        """Objects that a list lacks went while it could not see them."""
        if kind == "pods":
            for pod in self.pods.values():
                pod.over = pod.over if pod.uid in there else min(pod.over, now)
            return
        for job in self.jobs.values():
            if job.uid not in there and job.gone == float("inf"):
                job.gone, job.sure = now, bool(job.result)


def _why(end: Object) -> str:
    return "memory" if end["reason"] == "OOMKilled" else _EXITS.get(end["exitCode"], "other")
