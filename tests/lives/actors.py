"""Those who act while a search is cancelled, each in a thread of its own: kubelet, submit script, finalizer script."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from urllib3.exceptions import HTTPError

from tests.lives.world import World
from tests.support.kubeapi import expect
from tests.support.pods import Pod

Object = dict[str, Any]
GRACE = 0.3
"""Seconds between the request to end and the end of a container: the 30 s of a real kubelet, scaled."""
_PATIENCE = 20


class Actor:
    """Calls `step` again and again until it is stopped or `step` says that it is over.

    A step that fails is tried again, as the programs that it plays would: what it spoke of may be gone meanwhile.
    """

    def __init__(self, step: Callable[[], bool | None], *, every: float = 0.05) -> None:
        self._step = step
        self._every = every
        self._end = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> BaseException | None:
        """End it; returns what it gave up for, if it did."""
        self._end.set()
        self._thread.join(20.0)
        return self._error

    def _run(self) -> None:
        failures = 0
        while failures < _PATIENCE and not self._end.wait(self._every):
            try:
                if self._step():
                    return
                failures = 0
            except (AssertionError, HTTPError) as error:
                failures += 1
                self._error = error if failures == _PATIENCE else None


class Kubelet:
    """Runs what is scheduled; ends what is being deleted after its grace, but for the pods of `immortal` Jobs."""

    def __init__(self, world: World) -> None:
        self.immortal: set[str] = set()
        self._world = world
        self._asked: dict[str, float] = {}

    def step(self) -> None:
        for pod in pods_of(self._world):
            new = pod["spec"].get("nodeName") and pod["status"]["phase"] == "Pending"
            if new and "deletionTimestamp" not in pod["metadata"]:
                self._world.kubelet.run(pod)
        self._world.kubelet.reap(self._may_go)

    def _may_go(self, pod: Pod) -> bool:
        since = self._asked.setdefault(pod["metadata"]["uid"], time.monotonic())
        return time.monotonic() - since >= GRACE and job_of(pod) not in self.immortal


class SubmitScript:
    """Makes one batch Job after another while its pod lives: like bash as PID 1 it does not hear SIGTERM."""

    def __init__(self, world: World, search: str, first: int) -> None:
        self.made = 0
        self._world, self._search, self._next = world, search, first

    def step(self) -> bool:
        if not lives(self._world, self._search, "submit"):
            return True
        self._world.batches(self._search, [self._next + self.made])
        self.made += 1
        return False


class Straggler:
    """A client outside the cluster: when nothing of the search is left at two looks it makes one more batch, `count`
    in all."""

    def __init__(self, world: World, search: str, *, first: int, count: int) -> None:
        self.left = count
        self._world, self._search, self._number = world, search, first
        self._quiet = 0

    def step(self) -> bool:
        names = {job["metadata"]["name"] for job in jobs_of(self._world, self._search)}
        self._quiet = 0 if names - {"init-pv"} else self._quiet + 1
        if self._quiet == 2:
            self._world.batches(self._search, [self._number])
            self._number += 1
            self.left -= 1
        return not self.left


class FinalizerScript:
    """Waits for the batches that it found and then writes a marker, while its pod lives.

    A batch that is gone ends its waiting like one that is complete, and no failed pod left means success: that is how
    the real script makes a false SUCCESS out of batches that are deleted under it.
    """

    def __init__(self, world: World, search: str) -> None:
        self.markers: list[str] = []
        self._world, self._search = world, search
        self.waits_for: set[str] = set()

    def step(self) -> bool:
        if not lives(self._world, self._search, "finalizer"):
            return True
        jobs = {job["metadata"]["name"]: job for job in jobs_of(self._world, self._search, "blast")}
        self.waits_for = self.waits_for or set(jobs)
        if not self.waits_for or any(not _complete(jobs[name]) for name in self.waits_for & set(jobs)):
            return False
        failed = any(job["status"].get("failed") for job in jobs.values())
        if not lives(self._world, self._search, "finalizer"):
            return True
        self.markers.append("FAILURE" if failed else "SUCCESS")
        return True


def pods_of(world: World, **labels: str) -> list[Pod]:
    selector = ",".join(f"{key.replace('_', '-')}={text}" for key, text in labels.items())
    found: list[Pod] = expect(world.api.get(world.path("pods"), labelSelector=selector))["items"]
    return found


def jobs_of(world: World, search: str, app: str = "") -> list[Object]:
    selector = f"elb-job-id={search}" + (f",app={app}" if app else "")
    found: list[Object] = expect(world.api.get(world.path("jobs"), labelSelector=selector))["items"]
    return found


def job_of(pod: Pod) -> str:
    name: str = pod["metadata"]["labels"].get("batch.kubernetes.io/job-name", "")
    return name


def lives(world: World, search: str, app: str) -> bool:
    """Whether a container of such a pod still runs, asked to end or not."""
    found = pods_of(world, elb_job_id=search, app=app)
    return any(pod["status"]["phase"] == "Running" for pod in found)


def _complete(job: Object) -> bool:
    return any(one["type"] == "Complete" and one["status"] == "True" for one in job["status"].get("conditions", []))
