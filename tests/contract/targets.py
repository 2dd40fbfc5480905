"""One face for the simulator and the real control plane.

Jobs, namespaces, labels of nodes and custom objects are written through the boundaries of a rehearsal; what these
cannot or must not do goes through the raw client.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from exporter.adapters.endpoint import KubeSettings
from exporter.adapters.kube import connect
from exporter.domain.custom.kinds import MPIJOB
from exporter.rehearsal.batch import Batch, State
from exporter.rehearsal.core import Core
from exporter.rehearsal.rest import Stored
from exporter.simulator import custom
from exporter.simulator.access import User
from exporter.simulator.server import Simulator
from tests.custom import crds
from tests.support.controlplane import ControlPlane
from tests.support.kubeapi import Api, Body, expect
from tests.support.waiting import wait_for

MPI_VERSION = "v2beta1"


class Target:
    """A server, a namespace, and two ways to it with all rights: the raw `api`, and `core` and `batch`.

    `settings` lead the program there. `client(token)` is another caller.
    """

    def __init__(self, api: Api, settings: KubeSettings, namespace: str) -> None:
        self.api = api
        self.settings = settings
        self.namespace = namespace
        self._access = connect(settings, env={})
        self.transport = self._access.transport("contract")
        self.core = Core(self.transport)
        self.batch = Batch(self.transport, namespace)
        self.jobs = f"/apis/batch/v1/namespaces/{namespace}/jobs"
        self.pods = f"/api/v1/namespaces/{namespace}/pods"
        self.configmaps = f"/api/v1/namespaces/{namespace}/configmaps"
        self.events = f"/api/v1/namespaces/{namespace}/events"

    def token_of(self, user: str) -> str:
        raise NotImplementedError

    def account_token(self, name: str, audiences: Sequence[str]) -> str:
        """A token that is meant for the audiences only."""
        raise NotImplementedError

    def client(self, token: str | None) -> Api:
        raise NotImplementedError

    def forget(self, version: str) -> None:
        """Lose the history up to `version`, which can then not be read from any more."""
        raise NotImplementedError

    def serve_mpijobs(self) -> None:
        """In MPI_VERSION, until `withdraw_mpijobs`."""
        raise NotImplementedError

    def withdraw_mpijobs(self) -> None:
        raise NotImplementedError

    # What the tests do on both

    def close(self) -> None:
        self.transport.close()
        self._access.close()
        self.api.close()

    def make(self, path: str, name: str, *, labels: dict[str, str] | None = None, **fields: Any) -> Body:
        return expect(self.api.post(path, {"metadata": {"name": name, "labels": labels or {}}, **fields}), 201)

    def make_job(
        self, name: str, *, labels: dict[str, str] | None = None, policy: str = "Never", **spec: Any
    ) -> Stored:
        metadata = {"name": name, "labels": labels or {}}
        return self.batch.create({"metadata": metadata, "spec": job_spec(policy, **spec)})

    def make_pod(self, name: str, **spec: Any) -> Body:
        return self.make(self.pods, name, spec={"restartPolicy": "Never", "containers": [_container("main")], **spec})

    def names(self, path: str, **query: Any) -> list[str]:
        return [item["metadata"]["name"] for item in expect(self.api.get(path, **query))["items"]]

    def version(self, path: str) -> str:
        """The resourceVersion of the collection as it is now."""
        return str(expect(self.api.get(path))["metadata"]["resourceVersion"])

    def until(self, path: str, count: int, *, since: str, seconds: int = 15, **query: Any) -> list[Body]:
        """The first `count` events of a watch; TimeoutError if there are fewer."""
        stream = self.api.watch(path, resourceVersion=since, timeoutSeconds=seconds, **query)
        return taken(stream, count)

    def job(self, name: str) -> Body:
        return expect(self.api.get(f"{self.jobs}/{name}"))

    def state(self, job: str) -> State:
        return {one.stored.name: one.state for one in self.batch.jobs("")}[job]

    def gone(self, path: str) -> bool:
        return self.api.get(path)[0] == 404

    def set_status(self, path: str, status: dict[str, Any]) -> Body:
        return expect(self.api.patch(f"{path}/status", {"status": status}))

    def pod_of(self, job: str) -> str:
        """The path of the Job's one pod, once it is there."""
        selector = f"batch.kubernetes.io/job-name={job}"
        names = wait_for(lambda: self.names(self.pods, labelSelector=selector), 15.0, f"a pod of {job}")
        return f"{self.pods}/{names[-1]}"


class SimulatedTarget(Target):
    def __init__(self, simulator: Simulator, namespace: str) -> None:
        self._simulator = simulator
        settings = KubeSettings(mode="direct", server=simulator.url, token=simulator.token, insecure_http=True)
        super().__init__(Api(simulator.url, token=simulator.token), settings, namespace)

    def token_of(self, user: str) -> str:
        return next(token for token, known in self._simulator.access.tokens.items() if known.name == user)

    def account_token(self, name: str, audiences: Sequence[str]) -> str:
        token = f"{name}-{len(self._simulator.access.tokens)}"
        account = User(name=f"system:serviceaccount:default:{name}", audiences=tuple(audiences))
        self._simulator.access.tokens[token] = account
        return token

    def client(self, token: str | None) -> Api:
        return Api(self._simulator.url, token=token)

    def forget(self, _: str) -> None:
        self._simulator.store.compact()

    def serve_mpijobs(self) -> None:
        custom.serve(self._simulator.store, custom.MPIJOBS)

    def withdraw_mpijobs(self) -> None:
        custom.withdraw(self._simulator.store, custom.MPIJOBS)


class RealTarget(Target):
    def __init__(self, control_plane: ControlPlane, namespace: str) -> None:
        self._control_plane = control_plane
        settings = KubeSettings(
            mode="direct", server=control_plane.url, token=control_plane.token, ca_file=str(control_plane.ca_file)
        )
        super().__init__(control_plane.client(), settings, namespace)

    def token_of(self, user: str) -> str:
        return self._control_plane.token_of(user)

    def account_token(self, name: str, audiences: Sequence[str]) -> str:
        return self._control_plane.account_token(name, audiences=audiences)

    def client(self, token: str | None) -> Api:
        return Api(self._control_plane.url, token=token, ca_file=self._control_plane.ca_file)

    def forget(self, version: str) -> None:
        """Start the API server again, with an empty cache, and wait until it has compacted etcd."""
        self._control_plane.apiserver.kill()
        self._control_plane.apiserver.start()
        self._control_plane.wait_ready()
        exact = {"resourceVersion": version, "resourceVersionMatch": "Exact", "limit": "1"}
        wait_for(lambda: self.api.get(self.configmaps, **exact)[0] == 410, 30.0, f"compaction of {version}")

    def serve_mpijobs(self) -> None:
        crds.define(self.api, MPIJOB, (MPI_VERSION,))

    def withdraw_mpijobs(self) -> None:
        crds.undefine(self.api, MPIJOB)


def taken(stream: Iterator[Body], count: int) -> list[Body]:
    """The first `count` items; TimeoutError if the stream ends before."""
    found = []
    for item in stream:
        found.append(item)
        if len(found) == count:
            return found
    raise TimeoutError(f"{len(found)} of {count} events: {[event['type'] for event in found]}")


def job_spec(policy: str = "Never", **spec: Any) -> dict[str, Any]:
    pod = {"restartPolicy": policy, "containers": [_container("blast"), _container("results-export")]}
    return {"backoffLimit": 0, **spec, "template": {"spec": pod}}


def _container(name: str) -> dict[str, Any]:
    return {"name": name, "image": "example/image"}
