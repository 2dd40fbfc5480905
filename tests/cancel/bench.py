"""A cluster in which everything moves when a test says so: kubelet, finalizer script, submit script, people, time.

The API server is the simulated one, asked over real sockets; its controllers are stepped by hand and its clock is the
test's, so that a run can be repeated exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from exporter.adapters.endpoint import KubeSettings
from exporter.adapters.kube import connect
from exporter.adapters.transport import Transport
from exporter.simulator.clock import SimClock, epoch_of
from exporter.simulator.controllers import Controllers
from exporter.simulator.paging import Pager
from exporter.simulator.server import Simulator
from exporter.simulator.store import Store
from tests.support.clock import ManualClock
from tests.support.manifests import Manifest, batch_job, finalizer_job, setup_job, submit_job, warmup_job

A = "job-" + "a" * 24 + "0a0a0a0a"
B = "job-" + "b" * 24 + "0b0b0b0b"
LOOK_ALIKES = (A[:-1], A + "0", "x" + A, A.upper(), A + "-1", A.replace("0a", "0A", 1), "job-")
MAX_SUBMITTED = 12
NAMESPACE = "default"


@dataclass(slots=True)
class Finalizer:
    """What the script in one finalizer pod knows: the batches it waits for, in turn, and the one it has seen."""

    names: list[str]
    waiting: bool = False
    done: bool = False


@dataclass(frozen=True, slots=True)
class Marker:
    """What a finalizer pod left in storage for a search, when the store was at version `rv`."""

    search: str
    verdict: str
    pod: str
    rv: int


@dataclass(slots=True)
class Bench:
    """The cluster. `stuck` names Jobs whose pods never end; `busy` lets the scripts of A run whenever time passes."""

    simulator: Simulator
    clock: ManualClock
    store: Store
    controllers: Controllers
    markers: list[Marker] = field(default_factory=list)
    stuck: set[str] = field(default_factory=set)
    busy: bool = True
    scripts: dict[str, Finalizer] = field(default_factory=dict)
    submitted: int = 0

    # Objects

    def create(self, manifest: Manifest, **labels: str) -> str:
        manifest["metadata"]["labels"].update(labels)
        return str(self.store.create("jobs", manifest)["metadata"]["name"])

    def search(self, search: str = A, *, batches: int = 3, submit: bool = True, finalizer: bool = True) -> None:
        """A search in the middle of its life, its pods running."""
        self.create(setup_job(search))
        if submit:
            self.create(submit_job(search))
        for number in range(batches):
            self.create(batch_job(search, number))
        if finalizer:
            self.create(finalizer_job(search))
        self.settle()

    def surroundings(self) -> None:
        """What a cancel of A must leave alone: another search, shared Jobs, searches whose ids look alike."""
        self.search(B)
        self.create(setup_job(A, mode="pv"))
        self.create(warmup_job("core_nt", 0, "node-0"), **{"elb-job-id": A})
        for number, other in enumerate(LOOK_ALIKES):
            manifest = batch_job(other, number)
            manifest["metadata"]["name"] = f"look-alike-{number}"
            manifest["spec"]["template"]["metadata"]["labels"]["elb-job-id"] = other
            self.create(manifest)
        self.store.create("configmaps", {"metadata": {"name": "elb-scripts"}, "data": {"a": "b"}})
        self.settle()

    def jobs(self, search: str = A, app: str = "") -> list[Manifest]:
        selector = f"elb-job-id={search}" + (f",app={app}" if app else "")
        return self.store.list("jobs", NAMESPACE, selector)

    def pods(self, search: str = A, app: str = "") -> list[Manifest]:
        selector = f"elb-job-id={search}" + (f",app={app}" if app else "")
        return self.store.list("pods", NAMESPACE, selector)

    def deletable(self, search: str = A) -> list[str]:
        """The names of the search's own living Jobs, as a person would pick them."""
        return [
            str(job["metadata"]["name"])
            for job in self.jobs(search)
            if job["metadata"]["labels"]["app"] in ("finalizer", "submit", "setup", "blast")
            and job["metadata"]["name"] != "init-pv"
            and not has_ended(job)
        ]

    def dump(self, *, without: str = "") -> dict[tuple[str, str], Manifest]:
        """Every object, less those that carry the label of the search `without` and the Events about anything."""
        return {
            (resource, obj["metadata"]["uid"]): obj
            for resource in self.store.kinds
            if resource != "events"
            for obj in self.store.list(resource)
            if not without or (obj["metadata"].get("labels") or {}).get("elb-job-id") != without or is_shared(obj)
        }

    # Actors

    def tick(self, seconds: float = 0.0) -> None:
        """Time passes, and everyone who has something to do does it."""
        self.clock.advance(seconds)
        self.settle()
        if self.busy:
            self.finalizers_go_on()
            self.submits_go_on()
        self.settle()

    def settle(self) -> None:
        """Controllers and kubelet come to rest."""
        for _ in range(10):
            before = self.store.rv
            self.controllers.settle()
            self.kubelet()
            if self.store.rv == before:
                return

    def kubelet(self) -> None:
        """Pods start at once, and end when their grace is over."""
        for pod in self.store.list("pods", NAMESPACE):
            metadata = pod["metadata"]
            if "deletionTimestamp" in metadata:
                over = epoch_of(metadata["deletionTimestamp"]) <= self.clock.wall()
                if over and metadata["labels"].get("job-name") not in self.stuck:
                    self.store.delete("pods", NAMESPACE, metadata["name"], grace_seconds=0)
            elif not pod["spec"].get("nodeName"):
                self.store.update("pods", NAMESPACE, metadata["name"], _start)

    def finalizers_go_on(self) -> None:
        """Every running finalizer takes one step of its script; a pod that is being deleted still does."""
        for pod in self.running("finalizer"):
            self.finalizer_step(pod)

    def submits_go_on(self) -> None:
        """Every running submit Job applies one more batch."""
        for pod in self.running("submit"):
            self.submit_batch(pod["metadata"]["labels"]["elb-job-id"])

    def running(self, app: str) -> list[Manifest]:
        pods = self.pods(A, app)
        return [pod for pod in pods if pod.get("status", {}).get("phase") == "Running"]

    def submit_batch(self, search: str) -> None:
        if self.submitted < MAX_SUBMITTED:
            self.submitted += 1
            self.create(batch_job(search, 100 + self.submitted))

    def finalizer_step(self, pod: Manifest) -> None:
        """As the script does it: a batch that is not there when its turn comes ends the wait for it, one that is
        deleted while it is waited for never does; in the end no failed batch means success."""
        search = pod["metadata"]["labels"]["elb-job-id"]
        script = self.scripts.get(pod["metadata"]["uid"])
        if script is None:
            names = [str(job["metadata"]["name"]) for job in self.jobs(search, "blast")]
            if not names:
                return
            script = self.scripts[pod["metadata"]["uid"]] = Finalizer(names)
        while script.names and not script.done:
            job = self.store.find("jobs", NAMESPACE, script.names[0])
            if script.waiting and (job is None or not has_ended(job)):
                return
            if job is not None and not has_ended(job):
                script.waiting = True
                return
            script.names.pop(0)
            script.waiting = False
        if not script.done:
            script.done = True
            failed = any(job.get("status", {}).get("failed") for job in self.jobs(search, "blast"))
            self.markers.append(
                Marker(search, "FAILURE" if failed else "SUCCESS", pod["metadata"]["uid"], self.store.rv)
            )

    def end(self, name: str, condition: str = "Complete") -> None:
        """A Job and its pods come to their end."""
        phase = "Succeeded" if condition == "Complete" else "Failed"
        for pod in self.store.list("pods", NAMESPACE, f"job-name={name}"):
            self.store.update("pods", NAMESPACE, pod["metadata"]["name"], lambda one: one["status"].update(phase=phase))
        self.judge(name, condition)

    def judge(self, name: str, condition: str) -> None:
        """The Job gets its verdict, whatever its pods do."""

        def change(job: dict[str, Any]) -> None:
            job["status"] = {
                "succeeded": int(condition == "Complete"),
                "failed": int(condition == "Failed"),
                "conditions": [{"type": condition, "status": "True", "lastTransitionTime": self.store.clock.stamp()}],
            }

        self.store.update("jobs", NAMESPACE, name, change)

    # People

    def relabel(self, name: str, search: str) -> None:
        self.store.update("jobs", NAMESPACE, name, lambda job: job["metadata"]["labels"].update({"elb-job-id": search}))

    def touch(self, name: str) -> None:
        """Someone changes something about a Job that does not matter, and its version with it."""

        def change(job: dict[str, Any]) -> None:
            annotations = job["metadata"].setdefault("annotations", {})
            annotations["touched"] = str(int(annotations.get("touched", 0)) + 1)

        self.store.update("jobs", NAMESPACE, name, change)

    def remove(self, name: str, propagation: str = "Background") -> None:
        if self.store.find("jobs", NAMESPACE, name):
            self.store.delete("jobs", NAMESPACE, name, propagation=propagation)


def is_shared(obj: Manifest) -> bool:
    labels = obj["metadata"].get("labels") or {}
    return labels.get("app") not in ("finalizer", "submit", "setup", "blast") or _job_of(obj) == "init-pv"


def _job_of(obj: Manifest) -> str:
    return str((obj["metadata"].get("labels") or {}).get("job-name") or obj["metadata"]["name"])


def has_ended(job: Manifest) -> bool:
    conditions = job.get("status", {}).get("conditions", ())
    return any(one["type"] in ("Complete", "Failed") and one["status"] == "True" for one in conditions)


def _start(pod: dict[str, Any]) -> None:
    pod["spec"]["nodeName"] = "node-0"
    pod["status"]["phase"] = "Running"


def fresh(simulator: Simulator) -> Bench:
    """A new cluster behind an API server that listens already."""
    clock = ManualClock()
    store = simulator.store = simulator.api.store = Store(SimClock(wall=clock.wall))
    simulator.api.pager = Pager(store)
    simulator.api.seen.clear()
    return Bench(simulator, clock, store, Controllers(store, scheduler=False))


@contextmanager
def line_to(simulator: Simulator, count: int = 1) -> Iterator[list[Transport]]:
    """Transports to the simulated API server."""
    access = connect(KubeSettings(mode="direct", server=simulator.url, token=simulator.token, insecure_http=True))
    transports = [access.transport(f"cancel-{number}") for number in range(count)]
    try:
        yield transports
    finally:
        for transport in transports:
            transport.close()
        access.close()
