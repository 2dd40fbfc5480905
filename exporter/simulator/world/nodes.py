"""Machines that come, go silent, are drained or taken away."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from exporter.simulator.errors import ApiError
from exporter.simulator.kinds import Object
from exporter.simulator.recorder import Recorder
from exporter.simulator.store import Store
from exporter.simulator.world.agenda import Actor
from exporter.simulator.world.fixtures import BLAST_POOL, OK, node, node_conditions
from exporter.simulator.world.kubelet import Kubelet
from exporter.simulator.world.podstatus import set_condition

SPOT_NOTICE = 30.0
SPOT_TAINT: Object = {"key": "remediator.kubernetes.azure.com/unschedulable", "effect": "NoSchedule"}
PRESSURE_TAINT: Object = {"key": "node.kubernetes.io/memory-pressure", "effect": "NoSchedule"}


class Nodes:
    """The virtual machine scale sets: they make nodes with names never used before, and take nodes away."""

    def __init__(self, store: Store, kubelet: Kubelet) -> None:
        self._store, self._kubelet = store, kubelet
        self._recorder = Recorder(store, "node-controller")
        self._next: dict[str, int] = {}

    def add(self, pool: str, count: int = 1) -> list[str]:
        names = []
        for _ in range(count):
            index = self._next.get(pool, 0)
            self._next[pool] = index + 1
            made = self._store.create("nodes", node(pool, index, now=self._store.clock.now()))
            names.append(str(made["metadata"]["name"]))
        return names

    def names(self, pool: str = BLAST_POOL) -> list[str]:
        nodes = self._store.list("nodes", label_selector=f"agentpool={pool}")
        return [str(each["metadata"]["name"]) for each in nodes]

    def number(self) -> None:
        """Label all nodes with their place in the list, as every cold or sharded submit does."""
        for ordinal, each in enumerate(self._store.list("nodes")):
            self.change(each["metadata"]["name"], partial(_label, str(ordinal)))

    def change(self, name: str, change: Callable[[Object], None]) -> None:
        """Update a node that may be gone by now."""
        try:
            self._store.update("nodes", None, name, change)
        except ApiError as error:
            if error.status != 404:
                raise

    def pods(self, name: str) -> list[Object]:
        pods = self._store.list("pods", field_selector=f"spec.nodeName={name}")
        return [pod for pod in pods if pod["status"].get("phase") in ("Pending", "Running")]

    def drain(self, name: str) -> None:
        """Cordon a node and evict its pods through the eviction API."""
        self.change(name, _cordon)
        for pod in self.pods(name):
            self._disrupt(pod, "EvictionByEvictionAPI", "Eviction API: evicting")
            self._delete(pod, grace=None)

    def uncordon(self, name: str) -> None:
        self.change(name, _uncordon)

    def take_away(self, name: str) -> Actor:
        """A spot eviction: notice, taint, silence, and the node is gone."""
        self._tell(name, "PreemptScheduled", "Preempt scheduled")
        self.change(name, lambda obj: obj["spec"].setdefault("taints", []).append(SPOT_TAINT))
        yield SPOT_NOTICE
        self.silence(name)
        yield 10.0
        self.remove(name)

    def silence(self, name: str) -> None:
        """The kubelet stops reporting: every condition becomes Unknown."""
        self._kubelet.unplug(name)
        now = self._store.clock.now()
        unknown = node_conditions(dict.fromkeys(OK, "Unknown"), now=now)
        self.change(name, lambda obj: obj["status"].update(conditions=unknown))
        self._tell(name, "NodeNotReady", f"Node {name} status is now: NodeNotReady")

    def remove(self, name: str) -> None:
        """Delete a node and collect the pods it leaves."""
        self._kubelet.unplug(name)
        self._store.delete("nodes", None, name)
        for pod in self.pods(name):
            self._fail(pod)
            self._delete(pod, grace=0)

    def press(self, name: str) -> None:
        """Memory runs out: the kubelet taints its node and evicts the BLAST pods there."""
        now = self._store.clock.now()
        pressed = node_conditions({**OK, "MemoryPressure": "True"}, now=now)
        self.change(name, lambda obj: _press(obj, pressed))
        for pod in self.pods(name):
            if pod["metadata"].get("labels", {}).get("app") == "blast":
                self._kubelet.evict(pod, "The node was low on resource: memory.")

    def relieve(self, name: str) -> None:
        calm = node_conditions(OK, now=self._store.clock.now())
        self.change(name, lambda obj: _relieve(obj, calm))

    def _tell(self, name: str, reason: str, message: str) -> None:
        about = self._store.find("nodes", None, name)
        if about is not None:
            self._recorder.normal(about, reason, message)

    def _disrupt(self, pod: Object, reason: str, message: str) -> None:
        now = self._store.clock.stamp()
        self._change_pod(pod, lambda obj: set_condition(obj["status"], "DisruptionTarget", True, reason, now, message))

    def _fail(self, pod: Object) -> None:
        self._disrupt(pod, "DeletionByPodGC", "PodGC: node no longer exists")
        self._change_pod(pod, lambda obj: obj["status"].update(phase="Failed"))

    def _change_pod(self, pod: Object, change: Callable[[Object], None]) -> None:
        try:
            self._store.update("pods", pod["metadata"]["namespace"], pod["metadata"]["name"], change)
        except ApiError as error:
            if error.status != 404:
                raise

    def _delete(self, pod: Object, *, grace: int | None) -> None:
        uid = {"uid": pod["metadata"]["uid"]}
        try:
            self._store.delete(
                "pods", pod["metadata"]["namespace"], pod["metadata"]["name"], grace_seconds=grace, preconditions=uid
            )
        except ApiError as error:
            if error.status not in (404, 409):
                raise


def _label(ordinal: str, obj: Object) -> None:
    obj["metadata"]["labels"]["ordinal"] = ordinal


def _cordon(obj: Object) -> None:
    obj["spec"]["unschedulable"] = True
    obj["spec"].setdefault("taints", []).append({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"})


def _uncordon(obj: Object) -> None:
    obj["spec"].pop("unschedulable", None)
    obj["spec"]["taints"] = [t for t in obj["spec"]["taints"] if t["key"] != "node.kubernetes.io/unschedulable"]


def _press(obj: Object, conditions: list[Object]) -> None:
    obj["status"]["conditions"] = conditions
    obj["spec"].setdefault("taints", []).append(PRESSURE_TAINT)


def _relieve(obj: Object, conditions: list[Object]) -> None:
    obj["status"]["conditions"] = conditions
    obj["spec"]["taints"] = [t for t in obj["spec"]["taints"] if t != PRESSURE_TAINT]
