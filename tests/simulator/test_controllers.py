"""The controllers step by step, on a clock that the test moves."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.simulator.clock import SimClock
from exporter.simulator.controllers import Controllers
from exporter.simulator.fitting import quantity
from exporter.simulator.kinds import Object
from exporter.simulator.store import Store


class World:
    """A store, controllers, and a time that only `after` moves."""

    def __init__(self, speed: float = 1.0) -> None:
        self.time = 1_000_000.0
        self.store = Store(SimClock(speed, wall=lambda: self.time))
        self.controllers = Controllers(self.store)

    def after(self, seconds: float) -> None:
        self.time += seconds
        self.controllers.settle()

    def job(self, *, policy: str = "Never", **spec: Any) -> Object:
        template = {"spec": {"restartPolicy": policy, "containers": [{"name": "blast"}]}}
        made = self.store.create("jobs", {"metadata": {"name": "j"}, "spec": {**spec, "template": template}})
        self.controllers.settle()
        return made

    def pods(self) -> list[Object]:
        return self.store.list("pods")

    def end(self, phase: str) -> None:
        """The newest pod ends."""
        live = [pod for pod in self.pods() if pod["status"]["phase"] not in ("Succeeded", "Failed")]
        name = live[-1]["metadata"]["name"]
        self.store.update("pods", "default", name, lambda pod: pod["status"].update(phase=phase))
        self.controllers.settle()

    def status(self) -> dict[str, Any]:
        return dict(self.store.get("jobs", "default", "j")["status"])

    def node(self, name: str, cpu: str = "4", **spec: Any) -> None:
        status = {"allocatable": {"cpu": cpu, "memory": "16Gi", "pods": "110"}}
        self.store.create(
            "nodes", {"metadata": {"name": name, "labels": {"ordinal": name}}, "spec": spec, "status": status}
        )

    def pod(self, name: str, cpu: str = "3", **spec: Any) -> None:
        container = {"name": "c", "resources": {"requests": {"cpu": cpu}}}
        self.store.create("pods", {"metadata": {"name": name}, "spec": {"containers": [container], **spec}})
        self.controllers.settle()

    def place(self, name: str) -> str:
        pod = self.store.get("pods", "default", name)
        refused = [c["message"] for c in pod["status"].get("conditions", []) if c["status"] == "False"]
        return str(pod["spec"].get("nodeName") or refused[0])


@pytest.mark.parametrize("speed", [1.0, 10.0])
def test_failed_pods_are_replaced_after_ten_twenty_forty_seconds(speed: float) -> None:
    world = World(speed)
    world.job(backoffLimit=3)
    for pause, pods in ((10, 2), (20, 3), (40, 4)):
        world.end("Failed")
        world.after(pause / speed - 0.01)
        assert len(world.pods()) == pods - 1
        world.after(0.02)
        assert len(world.pods()) == pods
    world.end("Failed")
    assert world.status()["failed"] == 4
    assert world.status()["conditions"][-1]["reason"] == "BackoffLimitExceeded"


def test_a_deadline_is_shortened_by_the_speed() -> None:
    world = World(speed=60.0)
    world.job(activeDeadlineSeconds=30, backoffLimit=0)
    world.after(0.49)
    assert "conditions" not in world.status()
    world.after(0.02)
    assert [c["type"] for c in world.status()["conditions"]] == ["FailureTarget", "Failed"]
    assert world.pods() == []


def test_a_finished_job_lives_as_long_as_its_ttl() -> None:
    world = World(speed=60.0)
    world.job(ttlSecondsAfterFinished=1800)
    world.end("Succeeded")
    world.after(29.9)
    assert world.store.find("jobs", "default", "j")
    world.after(0.2)
    assert world.store.find("jobs", "default", "j") is None
    assert world.pods() == []


def test_parallel_pods_are_kept_at_their_number() -> None:
    world = World()
    world.job(parallelism=2, completions=3)
    assert world.status()["active"] == 2
    for succeeded, active in ((1, 2), (2, 1)):
        world.end("Succeeded")
        assert (world.status()["succeeded"], world.status()["active"]) == (succeeded, active)
    world.end("Succeeded")
    assert world.status()["succeeded"] == 3
    assert "active" not in world.status()


def test_a_pod_that_is_deleted_counts_as_failed_and_is_replaced() -> None:
    world = World()
    world.job(backoffLimit=3)
    world.store.delete("pods", "default", world.pods()[0]["metadata"]["name"])
    world.after(0.0)
    assert world.status()["failed"] == 1
    world.after(10.0)
    assert world.status()["active"] == 1


def test_a_new_controller_goes_on_where_the_old_one_stopped() -> None:
    world = World()
    world.job(activeDeadlineSeconds=60, backoffLimit=0)
    world.controllers = Controllers(world.store)
    world.after(61.0)
    assert world.status()["conditions"][-1]["reason"] == "DeadlineExceeded"


def test_forgotten_history_does_not_stop_the_controllers() -> None:
    world = World()
    world.job()
    world.store.update(
        "pods", "default", world.pods()[0]["metadata"]["name"], lambda p: p["status"].update(phase="Succeeded")
    )
    world.store.compact()
    world.after(0.0)
    assert world.status()["succeeded"] == 1


def test_dependants_of_what_is_gone_go_too() -> None:
    world = World()
    owner = world.store.create("configmaps", {"metadata": {"name": "owner"}})
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}
    for name in ("a", "b"):
        world.store.create("configmaps", {"metadata": {"name": name, "ownerReferences": [reference]}})
    world.after(0.0)
    world.store.delete("configmaps", "default", "owner")
    world.after(0.0)
    assert world.store.list("configmaps") == []


def test_pods_fill_the_nodes_and_the_rest_waits() -> None:
    world = World()
    world.node("n0")
    world.node("n1")
    for name in ("a", "b", "c"):
        world.pod(name)
    assert sorted([world.place("a"), world.place("b")]) == ["n0", "n1"]
    assert world.place("c") == "0/2 nodes are available: 2 Insufficient cpu."
    world.store.update("pods", "default", "a", lambda pod: pod["status"].update(phase="Succeeded"))
    world.after(0.0)
    assert world.place("c") == world.place("a")


@pytest.mark.parametrize(
    ("node", "pod", "why"),
    [
        ({"unschedulable": True}, {}, "1 node(s) were unschedulable"),
        (
            {"taints": [{"key": "k", "value": "v", "effect": "NoSchedule"}]},
            {},
            "1 node(s) had untolerated taint {k: v}",
        ),
        ({}, {"nodeSelector": {"ordinal": "7"}}, "1 node(s) didn't match Pod's node affinity/selector"),
    ],
)
def test_a_refusal_names_the_obstacle(node: dict[str, Any], pod: dict[str, Any], why: str) -> None:
    world = World()
    world.node("n0", **node)
    world.pod("p", **pod)
    assert world.place("p") == f"0/1 nodes are available: {why}."


def test_a_node_that_is_not_ready_takes_no_pods_until_it_is() -> None:
    world = World()
    world.node("n0")

    def set_ready(status: str) -> None:
        condition = {"type": "Ready", "status": status}
        world.store.update("nodes", None, "n0", lambda node: node["status"].update(conditions=[condition]))

    set_ready("Unknown")
    world.pod("p")
    assert "untolerated taint {node.kubernetes.io/not-ready: }" in world.place("p")
    set_ready("True")
    world.after(0.0)
    assert world.place("p") == "n0"


def test_a_repeated_refusal_is_one_event_with_a_count() -> None:
    world = World()
    world.node("n0", cpu="1")
    world.pod("p")
    for _ in range(3):
        world.after(301.0)
    events = world.store.list("events", field_selector="reason=FailedScheduling")
    assert [event["series"]["count"] for event in events] == [4]


def test_a_toleration_lets_a_pod_onto_a_tainted_node() -> None:
    world = World()
    world.node("n0", taints=[{"key": "workload", "value": "blast", "effect": "NoSchedule"}])
    world.pod("p", tolerations=[{"key": "workload", "operator": "Equal", "value": "blast", "effect": "NoSchedule"}])
    assert world.place("p") == "n0"


def test_a_namespace_takes_its_objects_with_it() -> None:
    world = World()
    world.store.create("namespaces", {"metadata": {"name": "mine"}})
    world.store.create("configmaps", {"metadata": {"name": "c", "namespace": "mine"}})
    world.after(0.0)
    world.store.delete("namespaces", None, "mine")
    world.after(0.0)
    assert world.store.list("configmaps", "mine") == []


@pytest.mark.parametrize(
    ("text", "value"), [("500m", 0.5), ("7", 7.0), ("4G", 4e9), ("126Gi", 126 * 1024**3), ("1e3", 1e3)]
)
def test_quantities_are_read(text: str, value: float) -> None:
    assert quantity(text) == pytest.approx(value)


def test_what_is_no_quantity_is_refused() -> None:
    with pytest.raises(ValueError, match="not a quantity"):
        quantity("many")
