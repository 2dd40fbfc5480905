"""People and a kubelet that go on whatever breaks: searches are made, run, fail, are evicted, deleted, cleaned up.

Every decision is taken from what the API server says now and from a seed, so an answer that is lost costs nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from random import Random
from typing import Any

import urllib3

from tests.support import manifests
from tests.support.kubeapi import Api, expect
from tests.support.kubelet import FakeKubelet
from tests.support.pods import Pod

Object = dict[str, Any]
_SEARCHES = 12
_TTLS = (None, 2, 30, 1800, 1800, 1800)
_FATES = ("well",) * 12 + ("restart", "restart", "oom", "oom", "bad", "bad", "evict")
_CODES = (2, 3)


class SearchPlan:
    """What will be made of one search. `made` holds the names of Jobs that were created once."""

    def __init__(self, random: Random) -> None:
        self.id = f"job-{random.getrandbits(128):032x}"
        self.ttl = random.choice(_TTLS)
        self.shards = random.choice((0, 0, 2))
        self.numbers = range(random.randint(1, 4))
        self.submitted = random.random() < 0.4
        self.lives = random.uniform(1.0, 20.0) if random.random() < 0.15 else float("inf")
        self.strays = random.random() < 0.3
        self.policy = random.choice(("Background", "Foreground"))
        self.kept = random.uniform(10.0, 120.0)
        self.began = time.monotonic()
        self.made: set[str] = set()
        self.over_since: float | None = None
        self.cancelled = False

    def first(self, namespace: str) -> list[Object]:
        submit = [manifests.submit_job(self.id, namespace=namespace)] if self.submitted else []
        return [manifests.setup_job(self.id, namespace=namespace), *submit]

    def rest(self, namespace: str) -> list[Object]:
        shards = [None] if not self.shards else list(range(self.shards))
        batches = [
            manifests.batch_job(self.id, number, shard=shard, ttl=self.ttl, namespace=namespace)
            for number in self.numbers
            for shard in shards
        ]
        return [*batches, manifests.finalizer_job(self.id, partitions=self.shards, namespace=namespace)]


class Workload:
    """A thread that plays until `close()`. While paused it only ends pods that are being deleted, and calls `pulse`."""

    def __init__(self, api: Api, namespace: str, pulse: Callable[[], None], seed: int) -> None:
        self.searches = 0
        self.stumbles = 0
        self.last_stumble = ""
        self._api = api
        self._namespace = namespace
        self._kubelet = FakeKubelet(api, namespace)
        self._pulse = pulse
        self._seed = seed
        self._random = Random(seed)
        self._plans: dict[str, SearchPlan] = {}
        self._since: dict[str, float] = {}
        self._evicted: set[str] = set()
        self._pause = threading.Event()
        self._idle = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="workload", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def pause(self, timeout: float = 30.0) -> None:
        """Returns when it does nothing any more."""
        self._idle.clear()
        self._pause.set()
        if not self._idle.wait(timeout):
            raise TimeoutError(f"the workload does not pause: {self.last_stumble}")

    def go_on(self) -> None:
        self._pause.clear()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(30.0)

    def _run(self) -> None:
        while not self._stop.wait(0.1):
            paused = self._pause.is_set()
            self._try(self._pulse)
            self._try(self._kubelet.reap)
            if not paused:
                self._try(self._play)
            else:
                self._idle.set()

    def _try(self, action: Callable[[], object]) -> None:
        """Whatever the API server refuses or swallows is tried again in the next round, if it is still wanted."""
        try:
            action()
        except (urllib3.exceptions.HTTPError, AssertionError) as error:
            self.stumbles += 1
            self.last_stumble = f"{type(error).__name__}: {error}"[:300]

    def _play(self) -> None:
        jobs = expect(self._api.get(self._jobs()))["items"]
        pods = expect(self._api.get(f"/api/v1/namespaces/{self._namespace}/pods"))["items"]
        by_search: dict[str, list[Object]] = {}
        for job in jobs:
            by_search.setdefault(job["metadata"]["labels"].get("elb-job-id", ""), []).append(job)
        for pod in pods:
            self._try(partial(self._play_pod, pod, by_search))
        while len(self._plans) < _SEARCHES:
            plan = SearchPlan(self._random)
            self._plans[plan.id] = plan
            self.searches += 1
        for plan in list(self._plans.values()):
            self._try(partial(self._play_search, plan, by_search.get(plan.id, [])))

    def _play_search(self, plan: SearchPlan, jobs: list[Object]) -> None:
        live = [job for job in jobs if not _verdict(job)]
        for wanted in plan.first(self._namespace):
            self._create(plan, wanted)
        if any(_app(job) in ("setup", "submit") for job in live):
            return
        if not plan.cancelled:
            for wanted in plan.rest(self._namespace):
                self._create(plan, wanted)
        age = time.monotonic() - plan.began
        if age > plan.lives:
            plan.cancelled = True
            self._delete(plan, sorted(live, key=lambda job: _app(job) != "finalizer"))
        elif plan.strays and age > 2.0:
            self._delete(plan, [job for job in live if _app(job) == "blast"][:1])
            plan.strays = False
        if not live:
            self._clean_up(plan, jobs)

    def _clean_up(self, plan: SearchPlan, jobs: list[Object]) -> None:
        """Some time after its end a search is deleted, and another one takes its place at once when it ends."""
        plan.over_since = plan.over_since or time.monotonic()
        if time.monotonic() - plan.over_since > plan.kept:
            self._delete(plan, jobs)
            if not jobs:
                del self._plans[plan.id]

    def _play_pod(self, pod: Pod, by_search: dict[str, list[Object]]) -> None:
        meta, status = pod["metadata"], pod["status"]
        job = meta["labels"].get("batch.kubernetes.io/job-name")
        if not job or "deletionTimestamp" in meta or not pod["spec"].get("nodeName"):
            return
        if status["phase"] == "Pending":
            self._kubelet.run(pod)
        elif status["phase"] == "Running":
            since = self._since.setdefault(f"{meta['uid']}/{_restarts(pod)}", time.monotonic())
            random = Random(f"{self._seed}/{job}")
            if time.monotonic() - since > random.uniform(0.3, 2.5) ** 2 * (1 + 4 * _restarts(pod)):
                self._act(pod, job, random, by_search.get(meta["labels"].get("elb-job-id", ""), []))

    def _act(self, pod: Pod, job: str, random: Random, siblings: list[Object]) -> None:
        role = pod["metadata"]["labels"]["app"]
        if role == "finalizer":
            if not any(_app(other) == "blast" and not _verdict(other) for other in siblings):
                self._kubelet.fail(pod, {"finalizer": 1}) if random.random() < 0.15 else self._kubelet.succeed(pod)
            return
        fate = random.choice(_FATES) if role == "blast" else "well"
        code = random.choice(_CODES)
        if fate == "evict" and job not in self._evicted:
            self._kubelet.evict(pod)
            self._evicted.add(job)
        elif fate == "bad" or (fate in ("restart", "oom") and _restarts(pod) == 0):
            exit_code, reason = (137, "OOMKilled") if fate == "oom" else (code, "Error")
            self._kubelet.restart(pod, "blast", exit_code, reason)
            self._kubelet.restart(pod, "results-export", exit_code)
        else:
            self._kubelet.succeed(pod)

    def _create(self, plan: SearchPlan, job: Object) -> None:
        name = job["metadata"]["name"]
        if name not in plan.made:
            expect(self._api.post(self._jobs(), job), 201, 409)
            plan.made.add(name)

    def _delete(self, plan: SearchPlan, jobs: Iterable[Object]) -> None:
        for job in jobs:
            body = {"propagationPolicy": plan.policy, "preconditions": {"uid": job["metadata"]["uid"]}}
            if "deletionTimestamp" not in job["metadata"]:
                expect(self._api.delete(f"{self._jobs()}/{job['metadata']['name']}", body), 200, 202, 404, 409)

    def _jobs(self) -> str:
        return f"/apis/batch/v1/namespaces/{self._namespace}/jobs"


def _verdict(job: Object) -> str:
    found = [c["type"] for c in job["status"].get("conditions", []) if c["status"] == "True"]
    return next((word for word in found if word in ("Complete", "Failed")), "")


def _app(job: Object) -> str:
    label: str = job["metadata"]["labels"].get("app", "")
    return label


def _restarts(pod: Pod) -> int:
    return sum(c["restartCount"] for c in pod["status"].get("containerStatuses", []) if c["name"] == "blast")
