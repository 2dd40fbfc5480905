"""Something of every watched resource that changes all the time, so that no live watch is ever silent."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from tests.support import manifests
from tests.support.kubeapi import Api, expect

_NAME = "pulse"


class Pulse:
    """A suspended Job, a pod that no scheduler takes, a claim without a class, two Warnings, and a given node."""

    def __init__(self, api: Api, namespace: str, node: str) -> None:
        self._api = api
        self._beats = 0
        self._at = 0.0
        things = _things(namespace)
        for path, thing in things.items():
            expect(api.post(path, {"metadata": {"name": _NAME}} | thing))
        self._paths = [*(f"{path}/{_NAME}" for path in things), f"/api/v1/nodes/{node}"]

    def beat(self) -> None:
        """Change each of them, at most once a second."""
        if time.monotonic() - self._at >= 1.0:
            self.change()

    def change(self) -> None:
        """Change each of them now. The API server may refuse what it likes."""
        self._at = time.monotonic()
        self._beats += 1
        for path in self._paths:
            count = {"count": self._beats} if "/events/" in path else {}
            with suppress(AssertionError):
                expect(self._api.patch(path, {"metadata": {"annotations": {"beat": str(self._beats)}}} | count))


def _things(namespace: str) -> dict[str, dict[str, Any]]:
    """By the path they are made at."""
    base = f"/api/v1/namespaces/{namespace}"
    job = manifests.setup_job("", namespace=namespace)
    job |= {"metadata": {"name": _NAME, "labels": {"app": "setup"}}, "spec": job["spec"] | {"suspend": True}}
    pod = {
        "metadata": {"name": _NAME, "labels": {"app": "elb-openapi"}},
        "spec": {"containers": [{"name": _NAME, "image": _NAME}], "schedulerName": "nobody"},
    }
    storage = {"resources": {"requests": {"storage": "1Gi"}}, "accessModes": ["ReadWriteMany"], "storageClassName": ""}
    warning = {"type": "Warning", "reason": "Unhealthy", "count": 1}
    about = {"kind": "Pod", "name": _NAME, "namespace": namespace}
    return {
        f"/apis/batch/v1/namespaces/{namespace}/jobs": job,
        f"{base}/pods": pod,
        f"{base}/persistentvolumeclaims": {"spec": storage},
        f"{base}/events": warning | {"involvedObject": about},
        "/api/v1/namespaces/default/events": warning | {"involvedObject": {"kind": "Node", "name": "node"}},
    }
