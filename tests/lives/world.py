"""One search's surroundings on the control plane: a namespace, nodes of a pool of their own, Jobs that are played."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.support import manifests
from tests.support.controlplane import ControlPlane
from tests.support.daemon import Daemon
from tests.support.kubeapi import expect
from tests.support.kubelet import FakeKubelet
from tests.support.pods import Pod

Object = dict[str, Any]


def new_id() -> str:
    return f"job-{secrets.token_hex(16)}"


class World:
    """Jobs are created from `manifests` and called by their names; the fake kubelet plays their pods."""

    def __init__(self, control_plane: ControlPlane, namespace: str, folder: Path) -> None:
        self.plane = control_plane
        self.api = control_plane.api
        self.namespace = namespace
        self.kubelet = FakeKubelet(self.api, namespace)
        self.pool = f"pool{secrets.token_hex(3)}"
        self._folder = folder

    def daemon(self, settings: Mapping[str, object] | None = None, kubeconfig: Path | None = None) -> Daemon:
        """A daemon on this namespace as admin, or as `kubeconfig` says; not started."""
        kubeconfig = kubeconfig or self.plane.kubeconfig(self._folder / "kubeconfig")
        log = self._folder / "daemon.log"
        return Daemon(kubeconfig, namespaces=[self.namespace], settings=settings, log=log)

    def node(self, ordinal: int = 0, **options: Any) -> str:
        """A node of the pool that batches can be put on; returns its name."""
        name = f"{self.pool}-{ordinal}"
        labels = {"workload": "blast", "ordinal": str(ordinal)}
        self.kubelet.add_node(name, self.pool, labels=labels, **{"cpu": "32", **options})
        return name

    def create(self, *jobs: Object) -> list[str]:
        return [expect(self.api.post(self.path("jobs"), job))["metadata"]["name"] for job in jobs]

    def batches(self, search: str, numbers: Iterable[int], **options: Any) -> list[str]:
        made = (manifests.batch_job(search, n, namespace=self.namespace, **options) for n in numbers)
        return self.create(*made)

    def setup(self, search: str, ordinal: int = 0, **options: Any) -> str:
        return self.create(manifests.setup_job(search, ordinal, namespace=self.namespace, **options))[0]

    def submit(self, search: str) -> str:
        return self.create(manifests.submit_job(search, namespace=self.namespace))[0]

    def finalizer(self, search: str, **options: Any) -> str:
        return self.create(manifests.finalizer_job(search, namespace=self.namespace, **options))[0]

    def run(self, *names: str) -> list[Pod]:
        """The Jobs' pods get a node and run."""
        return [self.kubelet.run(self.kubelet.scheduled(name)) for name in names]

    def succeed(self, *names: str) -> None:
        """The Jobs run to their end; returns when each has its verdict."""
        for name in names:
            self.kubelet.succeed(self.kubelet.scheduled(name))
        for name in names:
            self.await_condition(name, "Complete")

    def fail_batch(self, name: str, exit_code: int, *, reason: str = "Error", rounds: int = 2) -> None:
        """Both containers of a batch end with the exit code until the Job runs out of retries (backoff limit 3)."""
        pod = self.run(name)[0]
        for _ in range(rounds):
            self.kubelet.restart(pod, "blast", exit_code, reason)
            self.kubelet.restart(pod, "results-export", exit_code)
        self.await_condition(name, "Failed")

    def await_condition(self, name: str, condition: str) -> None:
        def there() -> bool:
            self.kubelet.reap()
            conditions = self.status(name).get("conditions", [])
            return any(c["type"] == condition and c["status"] == "True" for c in conditions)

        self.kubelet.wait(there, 30.0, f"{condition} of {name}")

    def status(self, name: str) -> Object:
        found: Object = expect(self.api.get(self.path("jobs", name)))["status"]
        return found

    def delete(self, *names: str, propagation: str = "Background") -> None:
        for name in names:
            expect(self.api.delete(self.path("jobs", name), {"propagationPolicy": propagation}))

    def has_gone(self, name: str) -> bool:
        self.kubelet.reap()
        return self.api.get(self.path("jobs", name))[0] == 404

    def await_gone(self, *names: str, timeout: float = 30.0) -> None:
        self.kubelet.wait(lambda: {self.has_gone(name) for name in names} == {True}, timeout, f"{names} to go")

    def path(self, resource: str, name: str = "") -> str:
        base = (
            f"/apis/batch/v1/namespaces/{self.namespace}"
            if resource == "jobs"
            else f"/api/v1/namespaces/{self.namespace}"
        )
        return f"{base}/{resource}" + (f"/{name}" if name else "")

    def close(self) -> None:
        """Let everything of the namespace go, then the nodes."""
        self.plane.wait_ready()
        for job in expect(self.api.get(self.path("jobs")))["items"]:
            self.api.delete(self.path("jobs", job["metadata"]["name"]), propagationPolicy="Background")
        self.kubelet.wait(lambda: not self.kubelet.reap() and not self.api.get(self.path("pods"))[1]["items"], 30.0)
        self.kubelet.close()
