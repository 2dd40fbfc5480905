"""What metrics.k8s.io says of the simulated cluster: samples made when they are asked for, of what runs then."""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

from exporter.simulator.fitting import quantity
from exporter.simulator.kinds import Kind, Object
from exporter.simulator.selectors import Matches
from exporter.simulator.store import Store

GROUP, VERSION = "metrics.k8s.io", "v1beta1"
NODE_METRICS = Kind(group=GROUP, version=VERSION, plural="nodes", kind="NodeMetrics", namespaced=False)
POD_METRICS = Kind(group=GROUP, version=VERSION, plural="pods", kind="PodMetrics")
KINDS = {kind.qualified: kind for kind in (NODE_METRICS, POD_METRICS)}
_NODE_ITSELF = 0.15, 900.0 * 2**20
_LEAST = 0.005, 20.0 * 2**20
_MOST_OF_LIMIT = 0.97


def samples(store: Store, kind: Kind, namespace: str, matches: Matches) -> list[Object]:
    """The items of a list of NodeMetrics or PodMetrics."""
    pods = [pod for pod in store.list("pods") if _containers(pod)]
    if kind.kind == "PodMetrics":
        found = (_of_pod(store, pod) for pod in pods if not namespace or pod["metadata"]["namespace"] == namespace)
    else:
        found = (_of_node(store, node, pods) for node in store.list("nodes") if _ready(node))
    return [sample for sample in found if matches(sample)]


def _of_pod(store: Store, pod: Object) -> Object:
    metadata = pod["metadata"]
    containers = [{"name": name, "usage": _usage(*used)} for name, used in _containers(pod).items()]
    head = _head(store, metadata["name"], labels=metadata.get("labels") or {}, namespace=metadata["namespace"])
    return {**head, "containers": containers}


def _of_node(store: Store, node: Object, pods: list[Object]) -> Object:
    name = node["metadata"]["name"]
    cpu, memory = _NODE_ITSELF
    for pod in pods:
        if pod["spec"].get("nodeName") == name:
            for cores, size in _containers(pod).values():
                cpu, memory = cpu + cores, memory + size
    return {**_head(store, name, labels=node["metadata"].get("labels") or {}), "usage": _usage(cpu, memory)}


def _head(store: Store, name: str, **metadata: object) -> Object:
    stamp = store.clock.stamp()
    return {"metadata": {"name": name, "creationTimestamp": stamp, **metadata}, "timestamp": stamp, "window": "15s"}


def _usage(cpu: float, memory: float) -> Object:
    return {"cpu": f"{round(cpu * 1e9)}n", "memory": f"{round(memory / 1024)}Ki"}


def _containers(pod: Object) -> dict[str, tuple[float, float]]:
    """Cores and bytes of the containers that run, always the same for the same container."""
    running = {
        status["name"]
        for status in pod.get("status", {}).get("containerStatuses", ())
        if "running" in (status.get("state") or {})
    }
    return {
        container["name"]: _used(pod["metadata"]["uid"], container)
        for container in pod["spec"].get("containers", ())
        if container["name"] in running
    }


def _used(uid: str, container: Object) -> tuple[float, float]:
    share = crc32(f"{uid}/{container['name']}".encode()) / 2**32
    amounts = dict(_stated(container))
    cpu = max(_LEAST[0], amounts.get("cpu", 0.0) * (0.5 + 0.5 * share))
    memory = max(_LEAST[1], amounts.get("memory", 0.0) * (0.6 + share))
    return cpu, min(memory, amounts.get("limit", memory) * _MOST_OF_LIMIT)


def _stated(container: Object) -> Iterator[tuple[str, float]]:
    resources = container.get("resources") or {}
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    for name in ("cpu", "memory"):
        if name in requests:
            yield name, quantity(requests[name])
    if "memory" in limits:
        yield "limit", quantity(limits["memory"])


def _ready(node: Object) -> bool:
    conditions = node.get("status", {}).get("conditions", ())
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
