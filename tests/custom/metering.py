"""metrics.k8s.io as a server gives it."""

from __future__ import annotations

from typing import Any

from tests.custom.serving import Answers, groups

METRICS: Answers = {
    "/apis": groups(metrics_k8s_io=("v1beta1",)),
    "/apis/metrics.k8s.io/v1beta1": (
        200,
        {
            "kind": "APIResourceList",
            "resources": [
                {"name": "nodes", "namespaced": False, "kind": "NodeMetrics"},
                {"name": "pods", "namespaced": True, "kind": "PodMetrics"},
            ],
        },
    ),
}


def metrics(kind: str, *items: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    return 200, {"kind": f"{kind}List", "apiVersion": "metrics.k8s.io/v1beta1", "metadata": {}, "items": list(items)}


def node_metrics(name: str, cpu: object, memory: object, at: str = "1970-01-12T13:46:30Z") -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "timestamp": at,
        "window": "20s",
        "usage": {"cpu": cpu, "memory": memory},
    }


def pod_metrics(app: str, search: str, memory: dict[str, str]) -> dict[str, Any]:
    return {
        "metadata": {"name": "p", "namespace": "default", "labels": {"app": app, "elb-job-id": search}},
        "timestamp": "1970-01-12T13:46:30Z",
        "containers": [{"name": name, "usage": {"cpu": "500m", "memory": size}} for name, size in memory.items()],
    }
