"""The scheduler: gives waiting pods a node, or says why it cannot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from exporter.simulator.fitting import Amounts, allocatable_of, obstacles, requests_of
from exporter.simulator.job_status import is_deleting, is_terminal
from exporter.simulator.kinds import Object
from exporter.simulator.objects import key_of
from exporter.simulator.recorder import Recorder
from exporter.simulator.store import Key, Store

_SHAPE = ("nodeSelector", "tolerations", "containers", "initContainers")


class Scheduler:
    """Places pods in the order they wait. A pod that fits nowhere stays waiting until something changes."""

    def __init__(self, store: Store, recorder: Recorder) -> None:
        self._store = store
        self._recorder = recorder

    def schedule(self, names: Iterable[Key], *, remind: bool = False) -> list[Key]:
        """Try the named pods; returns those that still wait. `remind` repeats the event of an unchanged refusal."""
        pods = [pod for name in names if (pod := self._store.find("pods", *name)) and is_waiting(pod)]
        if not pods:
            return []
        nodes = self._store.list("nodes")
        free = self._free(nodes)
        hopeless: dict[bytes, str] = {}
        waiting = []
        for pod in pods:
            shape = msgspec.json.encode([pod["spec"].get(field) for field in _SHAPE])
            if shape not in hopeless:
                reason = self._place(pod, nodes, free)
                if reason is None:
                    continue
                hopeless[shape] = reason
            self._refuse(pod, hopeless[shape], remind)
            waiting.append(key_of(pod))
        return waiting

    def _free(self, nodes: list[Object]) -> dict[str, Amounts]:
        free = {node["metadata"]["name"]: allocatable_of(node) for node in nodes}
        for pod in self._store.list("pods"):
            if (node := pod["spec"].get("nodeName")) in free and not is_terminal(pod):
                _take(free[node], requests_of(pod))
        return free

    def _place(self, pod: Object, nodes: list[Object], free: dict[str, Amounts]) -> str | None:
        needs = requests_of(pod)
        reasons: Counter[str] = Counter()
        fitting = []
        for node in nodes:
            name = node["metadata"]["name"]
            against = obstacles(pod, needs, node, free[name])
            reasons.update(against)
            if not against:
                fitting.append(name)
        if not fitting:
            return _sentence(reasons, len(nodes))
        chosen = max(fitting, key=lambda name: (free[name]["cpu"], free[name]["pods"]))
        _take(free[chosen], needs)
        self._bind(pod, chosen)
        return None

    def _bind(self, pod: Object, node: str) -> None:
        def change(new: Object) -> None:
            new["spec"]["nodeName"] = node
            self._set_scheduled(new, {"status": "True"})

        namespace, name = key_of(pod)
        pod = self._store.update("pods", namespace, name, change)
        self._recorder.normal(pod, "Scheduled", f"Successfully assigned {namespace}/{name} to {node}")

    def _refuse(self, pod: Object, message: str, remind: bool) -> None:
        condition = {"status": "False", "reason": "Unschedulable", "message": message}
        known = _scheduled(pod)
        if known is None or known.get("message") != message:
            self._store.update("pods", *key_of(pod), lambda new: self._set_scheduled(new, condition))
        elif not remind:
            return
        self._recorder.warning(pod, "FailedScheduling", message)

    def _set_scheduled(self, pod: Object, fields: dict[str, str]) -> None:
        known = _scheduled(pod)
        unchanged = known is not None and known["status"] == fields["status"]
        since = known["lastTransitionTime"] if known and unchanged else self._store.clock.stamp()
        others = [c for c in pod["status"].get("conditions", ()) if c["type"] != "PodScheduled"]
        condition = {"type": "PodScheduled", "lastProbeTime": None, "lastTransitionTime": since, **fields}
        pod["status"]["conditions"] = [*others, condition]


def is_waiting(pod: Object) -> bool:
    """Whether the scheduler still has to find a node for the pod."""
    return not (pod["spec"].get("nodeName") or is_deleting(pod) or is_terminal(pod))


def _scheduled(pod: Object) -> dict[str, str] | None:
    return next((c for c in pod["status"].get("conditions", ()) if c["type"] == "PodScheduled"), None)


def _take(free: Amounts, needs: Amounts) -> None:
    for name, amount in needs.items():
        free[name] -= amount


def _sentence(reasons: Counter[str], nodes: int) -> str:
    if nodes == 0:
        return "no nodes available to schedule pods"
    listed = ", ".join(sorted(f"{count} {reason}" for reason, count in reasons.items()))
    return f"0/{nodes} nodes are available: {listed}."
