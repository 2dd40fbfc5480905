"""The kinds of the table under the definitions of their projects: the API server keeps every field that we read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.domain.custom.kinds import JOBSET, MPIJOB, NODE_CLAIM, NODE_POOL, SCALED_JOB, SCALED_OBJECT
from exporter.domain.custom.objects import Kind
from tests.custom import crds
from tests.custom.objects import conditions, item
from tests.custom.test_real import Polls, polls
from tests.support.controlplane import BIN, ControlPlane
from tests.support.kubeapi import expect

__all__ = ["polls"]
pytestmark = pytest.mark.controlplane

POD = {"spec": {"containers": [{"name": "main", "image": "example/image"}], "restartPolicy": "Never"}}
NODE = {
    "nodeClassRef": {"group": "karpenter.azure.com", "kind": "AKSNodeClass", "name": "default"},
    "requirements": [{"key": "kubernetes.io/os", "operator": "In", "values": ["linux"]}],
}
TRIGGERS = [{"type": "cron", "metadata": {"timezone": "UTC"}}]
SPECS: dict[str, dict[str, Any]] = {
    "mpijobs": {"mpiReplicaSpecs": {"Launcher": {"replicas": 1, "template": POD}}},
    "jobsets": {"replicatedJobs": [{"name": "workers", "template": {"spec": {"template": POD}}}]},
    "nodepools": {"template": {"spec": NODE}},
    "nodeclaims": NODE,
    "scaledjobs": {"jobTargetRef": {"template": POD}, "triggers": TRIGGERS},
    "scaledobjects": {"scaleTargetRef": {"name": "target"}, "triggers": TRIGGERS},
}
GROUP = {"name": "workers", "active": 2, "ready": 1, "succeeded": 3, "failed": 1, "suspended": 0}
CASES: list[tuple[Kind, dict[str, Any], str, dict[str, float]]] = [
    (
        MPIJOB,
        {
            "conditions": conditions(Created="True", Running="True"),
            "replicaStatuses": {"Launcher": {"active": 1}, "Worker": {"active": 4, "failed": 1, "succeeded": 2}},
        },
        "running",
        {"active": 5, "failed": 1, "succeeded": 2},
    ),
    (
        JOBSET,
        {"restarts": 1, "replicatedJobsStatus": [GROUP], "conditions": conditions(Suspended="False")},
        "running",
        {"active": 2, "ready": 1, "succeeded": 3, "failed": 1, "suspended": 0, "restarts": 1},
    ),
    (JOBSET, {"restarts": 0, "terminalState": "Completed"}, "succeeded", {"restarts": 0}),
    (
        NODE_POOL,
        {"conditions": conditions(Ready="True"), "resources": {"nodes": "2", "cpu": "32", "memory": "64Gi"}},
        "running",
        {"nodes": 2, "cpu_cores": 32, "memory_bytes": 64 * 2**30},
    ),
    (
        NODE_CLAIM,
        {"conditions": conditions(Launched="True", Ready="False"), "allocatable": {"cpu": "15740m", "memory": "1Gi"}},
        "pending",
        {"cpu_cores": 15.74, "memory_bytes": 2**30},
    ),
    (SCALED_JOB, {"conditions": [{"type": "Ready", "status": "True", "reason": "r", "message": "m"}]}, "running", {}),
    (SCALED_OBJECT, {"conditions": [{"type": "Paused", "status": "True"}]}, "suspended", {}),
]  # fmt: skip


def published(kind: Kind) -> dict[str, Any]:
    path: Path = BIN / "crds" / f"{kind.group}_{kind.plural}.yaml"
    if not path.exists():
        raise FileNotFoundError(f"{path.name} is not installed: run tests/tools/install")
    body: dict[str, Any] = yaml.safe_load(path.read_text())
    body.pop("status", None)
    return body


@pytest.mark.parametrize(("kind", "status", "state", "amounts"), CASES, ids=lambda case: getattr(case, "kind", ""))
def test_the_fields_that_we_read_are_those_of_the_project(
    control_plane: ControlPlane,
    namespace: str,
    polls: Polls,
    kind: Kind,
    status: dict[str, Any],
    state: str,
    amounts: dict[str, float],
) -> None:
    """Its schema drops what it does not know: what comes back was spelled right."""
    api, definition = control_plane.api, published(kind)
    versions = [one["name"] for one in definition["spec"]["versions"] if one["served"]]
    expect(api.post(crds.CRDS, definition), 201)
    try:
        crds.serve(api, kind, versions)
        crds.put(api, kind, namespace, item(kind, version=versions[-1], spec=SPECS[kind.plural], status=status))
        counts = polls().counts(kind, namespace if kind.namespaced else "", 10.0)
        assert {word: number for word, number in counts.states.items() if number} == {state: 1}
        told = {(name, value) for name, value, _ in counts.conditions}
        assert told == {(one["type"], one["status"]) for one in status.get("conditions", ())}
        assert {name: number for name, number in counts.amounts.items() if number or name in amounts} == amounts
    finally:
        crds.undefine(api, kind)
