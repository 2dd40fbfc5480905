"""A kubelet that plays pods over HTTP on any server that speaks the Kubernetes API: no container ever runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from tests.support import pods
from tests.support.kubeapi import Api, expect
from tests.support.nodes import node
from tests.support.pods import Pod, Status
from tests.support.waiting import wait_for

T = TypeVar("T")


class FakeKubelet:
    """Nodes, and the status of the pods of one namespace.

    Methods take a pod as the API gave it (only its name is used), change it as it is now, and return it as it is then.
    """

    def __init__(self, api: Api, namespace: str = "default") -> None:
        self.api = api
        self.namespace = namespace
        self._nodes: list[str] = []

    def add_node(
        self,
        name: str,
        pool: str = "blastpool",
        *,
        labels: Mapping[str, str] | None = None,
        taints: Sequence[Mapping[str, str]] | None = None,
        cpu: str = "16",
        memory: str = "128Gi",
        ready: bool = True,
    ) -> Status:
        """Make a Node. One of `blastpool` has the label and taint `workload=blast` if `taints` is not given."""
        wanted = node(name, pool, labels=labels, taints=taints, cpu=cpu, memory=memory, ready=ready)
        expect(self.api.post("/api/v1/nodes", wanted))
        self._nodes.append(name)
        # Admission adds a not-ready taint to a new node, which the node lifecycle controller would remove.
        return expect(self.api.patch(f"/api/v1/nodes/{name}", {"spec": {"taints": wanted["spec"]["taints"]}}))

    def remove_node(self, name: str) -> None:
        self._nodes.remove(name)
        expect(self.api.delete(f"/api/v1/nodes/{name}"), 200, 404)

    def close(self) -> None:
        """Remove the nodes it made."""
        for name in list(self._nodes):
            self.remove_node(name)

    def pods_of(self, job_name: str) -> list[Pod]:
        """The pods of a Job, oldest first."""
        selector = f"batch.kubernetes.io/job-name={job_name}"
        found: list[Pod] = expect(self.api.get(self._path(), labelSelector=selector))["items"]
        return sorted(found, key=lambda pod: pod["metadata"]["creationTimestamp"])

    def scheduled(self, job_name: str, timeout: float = 15.0) -> Pod:
        """The Job's one live pod, once it has a node. Raises `TimeoutError`."""

        def live() -> list[Pod]:
            return [pod for pod in self.pods_of(job_name) if _is_live(pod)]

        return self.wait(live, timeout, f"a scheduled pod of {job_name}")[0]

    def wait(self, predicate: Callable[[], T], timeout: float = 15.0, what: str = "") -> T:
        return wait_for(predicate, timeout, what)

    def bind(self, pod: Pod, node_name: str) -> Pod:
        """Put a pod on a node, as a scheduler does."""
        target = {"apiVersion": "v1", "kind": "Node", "name": node_name}
        binding = {"metadata": {"name": pod["metadata"]["name"]}, "target": target}
        expect(self.api.post(f"{self._path(pod)}/binding", binding))
        return self.get(pod)

    def run(self, pod: Pod) -> Pod:
        """Init containers have ended well; every container runs and is ready."""
        pod = self.get(pod)
        return self._report(pod, _all(pods.containers(pod), pods.running()), _initialized(pod))

    def waiting(self, pod: Pod, container: str, reason: str) -> Pod:
        """The (init) container waits with `reason`, such as `ImagePullBackOff`."""
        return self._change(pod, container, lambda _: {"state": pods.waiting(reason)})

    def finish(self, pod: Pod, container: str, exit_code: int, reason: str | None = None) -> Pod:
        """The (init) container ends; the pod too if it was the last and will not be started again."""
        return self._change(pod, container, lambda status: {"state": pods.end(status, exit_code, reason)})

    def restart(self, pod: Pod, container: str, exit_code: int, reason: str = "Error") -> Pod:
        """The (init) container has ended with `exit_code` and runs again."""

        def changed(status: Status) -> Status:
            last = status["state"] if "terminated" in status["state"] else pods.end(status, exit_code, reason)
            return {"state": pods.running(), "lastState": last, "restartCount": status["restartCount"] + 1}

        return self._change(pod, container, changed)

    def succeed(self, pod: Pod) -> Pod:
        """Every container that has not ended exits 0; the phase is Succeeded if none failed before."""
        pod = self.get(pod)
        return self._report(pod, [_ended(status, 0) for status in pods.containers(pod)], _initialized(pod))

    def fail(self, pod: Pod, exit_codes: Mapping[str, int], reason: str | None = None) -> Pod:
        """Every running container ends, with 0 if not in `exit_codes`; phase Failed, `status.reason` as given."""
        return self._fail(self.get(pod), exit_codes, {"reason": reason} if reason else {})

    def evict(self, pod: Pod) -> Pod:
        """Evicted by the kubelet for want of memory on the node."""
        pod = self.disrupt(pod, "TerminationByKubelet")
        message = "The node was low on resource: memory."
        return self._fail(pod, _killed(pod), {"reason": "Evicted", "message": message})

    def disrupt(self, pod: Pod, reason: str) -> Pod:
        """Set the condition `DisruptionTarget`, as whoever is about to delete the pod does."""
        pod = self.get(pod)
        return self._patch(pod, {"conditions": pods.with_conditions(pod, {"DisruptionTarget": True}, reason)})

    def reap(self, may_go: Callable[[Pod], bool] = lambda pod: True) -> list[str]:
        """End the pods that are being deleted and let them go; returns their names. Unbound ones are none of ours."""
        listed = expect(self.api.get(self._path()))["items"]
        bound = [pod for pod in listed if "deletionTimestamp" in pod["metadata"] and pod["spec"].get("nodeName")]
        leaving = [pod for pod in bound if may_go(pod)]
        for pod in leaving:
            self._end(pod)
        return [pod["metadata"]["name"] for pod in leaving]

    def get(self, pod: Pod) -> Pod:
        return expect(self.api.get(self._path(pod)))

    def _end(self, pod: Pod) -> None:
        if pod["status"]["phase"] not in ("Succeeded", "Failed"):
            self._fail(pod, _killed(pod), {})
        options = {"gracePeriodSeconds": 0, "preconditions": {"uid": pod["metadata"]["uid"]}}
        expect(self.api.delete(self._path(pod), options), 200, 404, 409)

    def _fail(self, pod: Pod, exit_codes: Mapping[str, int], extra: Status) -> Pod:
        ended = [_ended(status, exit_codes.get(status["name"], 0)) for status in pods.containers(pod)]
        return self._patch(pod, pods.report(pod, ended) | {"phase": "Failed"} | extra)

    def _change(self, pod: Pod, container: str, change: Callable[[Status], Status]) -> Pod:
        pod = self.get(pod)
        statuses = {kind: pods.containers(pod, kind) for kind in ("containers", "initContainers")}
        for kind, known in statuses.items():
            for status in known:
                if status["name"] == container:
                    new = change(status)
                    statuses[kind] = pods.with_states(known, {container: new.pop("state")}, **new)
                    return self._report(pod, statuses["containers"], statuses["initContainers"])
        raise KeyError(f"{pod['metadata']['name']} has no container {container}")

    def _report(self, pod: Pod, statuses: list[Status], init: list[Status] | None = None) -> Pod:
        return self._patch(pod, pods.report(pod, statuses, init))

    def _patch(self, pod: Pod, status: Status) -> Pod:
        return expect(self.api.patch(f"{self._path(pod)}/status", {"status": status}))

    def _path(self, pod: Pod | None = None) -> str:
        base = f"/api/v1/namespaces/{self.namespace}/pods"
        return f"{base}/{pod['metadata']['name']}" if pod else base


def _is_live(pod: Pod) -> bool:
    over = pod["status"]["phase"] in ("Succeeded", "Failed") or "deletionTimestamp" in pod["metadata"]
    return bool(pod["spec"].get("nodeName")) and not over


def _all(statuses: list[Status], state: Status) -> list[Status]:
    return pods.with_states(statuses, {status["name"]: state for status in statuses})


def _initialized(pod: Pod) -> list[Status]:
    return [_ended(status, 0) for status in pods.containers(pod, "initContainers")]


def _ended(status: Status, exit_code: int) -> Status:
    if "terminated" in status["state"]:
        return status
    return pods.with_states([status], {status["name"]: pods.end(status, exit_code)})[0]


def _killed(pod: Pod) -> dict[str, Any]:
    return {spec["name"]: pods.KILLED for spec in pod["spec"]["containers"]}
