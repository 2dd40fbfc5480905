"""Whether a pod fits a node, and if not, why: in the scheduler's words."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

from exporter.simulator.kinds import Object

Amounts = dict[str, float]

_SUFFIXES = {"": 1.0, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12} | {
    f"{letter}i": 1024.0 ** (power + 1) for power, letter in enumerate("KMGT")
}


def quantity(value: str | float) -> float:
    """The number a Kubernetes quantity stands for; ValueError if it is not one."""
    found = re.fullmatch(r"([0-9.]+(?:[eE][-+]?\d+)?)([A-Za-z]*)", str(value))
    if not found or found[2] not in _SUFFIXES:
        raise ValueError(f"not a quantity: {value!r}")
    return float(found[1]) * _SUFFIXES[found[2]]


def requests_of(pod: Object) -> Amounts:
    """Cpu cores and memory bytes a pod asks for; init containers count by their largest."""
    spec = pod["spec"]
    amounts = {"cpu": 0.0, "memory": 0.0, "pods": 1.0}
    for name in ("cpu", "memory"):
        running = sum(_request(container, name) for container in spec.get("containers", ()))
        before = max((_request(container, name) for container in spec.get("initContainers", ())), default=0.0)
        amounts[name] = max(running, before)
    return amounts


def _request(container: dict[str, Any], name: str) -> float:
    resources = container.get("resources", {})
    value = resources.get("requests", {}).get(name, resources.get("limits", {}).get(name, 0))
    return quantity(value)


def allocatable_of(node: Object) -> Amounts:
    """What a node has to give; what it does not say is unlimited."""
    stated = node.get("status", {}).get("allocatable", {})
    return {name: quantity(stated[name]) if name in stated else math.inf for name in _NAMES}


_NAMES = ("pods", "cpu", "memory")
_SHORT = {"pods": "Too many pods", "cpu": "Insufficient cpu", "memory": "Insufficient memory"}


def obstacles(pod: Object, needs: Amounts, node: Object, free: Amounts) -> list[str]:
    """Why the pod cannot go to the node: the reasons of the first test it fails; empty if it can."""
    if node.get("spec", {}).get("unschedulable"):
        return ["node(s) were unschedulable"]
    if (taint := _untolerated(pod, node)) is not None:
        return [f"node(s) had untolerated taint {{{taint['key']}: {taint.get('value', '')}}}"]
    labels = node["metadata"].get("labels", {})
    if any(labels.get(key) != value for key, value in (pod["spec"].get("nodeSelector") or {}).items()):
        return ["node(s) didn't match Pod's node affinity/selector"]
    return [_SHORT[name] for name in _NAMES if needs[name] > free[name] + 1e-9]


def _untolerated(pod: Object, node: Object) -> dict[str, Any] | None:
    tolerations = pod["spec"].get("tolerations", ())
    for taint in _taints(node):
        if taint["effect"] != "PreferNoSchedule" and not any(_tolerates(t, taint) for t in tolerations):
            return taint
    return None


def _taints(node: Object) -> Iterable[dict[str, Any]]:
    yield from node.get("spec", {}).get("taints", ())
    conditions = node.get("status", {}).get("conditions", ())
    if any(c["type"] == "Ready" and c["status"] != "True" for c in conditions):
        yield {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}


def _tolerates(toleration: dict[str, Any], taint: dict[str, Any]) -> bool:
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in (None, "", taint["key"])
    same_value: bool = toleration.get("value", "") == taint.get("value", "")
    return same_value and toleration.get("key") == taint["key"]
