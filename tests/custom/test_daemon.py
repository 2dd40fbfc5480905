"""The real daemon on the real API server: kinds that come, change, get a new version and go; rights; an API that is
down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from exporter.domain.custom.kinds import MPIJOB, WORKLOAD
from exporter.domain.custom.objects import Kind
from tests.cli.command import run
from tests.custom import crds
from tests.custom.aggregated import aggregated, available
from tests.custom.metering import METRICS, metrics, node_metrics
from tests.custom.objects import conditions, item
from tests.support.controlplane import ControlPlane
from tests.support.daemon import Daemon, Page, family, value
from tests.support.kubeapi import expect
from tests.support.waiting import wait_for

pytestmark = pytest.mark.controlplane

FAST = {"intervals.api_groups": "10s"}
THINGS = Kind(group="example.org", plural="things", kind="Thing")
RBAC = "/apis/rbac.authorization.k8s.io/v1"


@pytest.fixture(autouse=True)
def nothing_defined(control_plane: ControlPlane) -> Iterator[None]:
    """Definitions go when the test ends."""
    yield
    crds.undefine_all(control_plane.api, (MPIJOB, WORKLOAD, THINGS))


def daemon(
    control_plane: ControlPlane, namespace: str, folder: Path, token: str | None = None, **settings: str
) -> Daemon:
    kubeconfig = control_plane.kubeconfig(folder / "kubeconfig", token)
    return Daemon(kubeconfig, namespaces=[namespace], log=folder / "log", settings={**FAST, **settings})


def states(page: Page, kind: Kind) -> dict[str, float]:
    found = family(page, "custom_resources", group=kind.group, kind=kind.kind)
    return {key[-1]: number for key, number in found.items() if number}


def told(page: Page, resource: str) -> str:
    words = family(page, "exporter_collector_state", collector="custom", resource=resource)
    return next((word for (word,), number in words.items() if number == 1), "")


def test_a_kind_is_followed_from_its_definition_to_its_end(
    control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    api = control_plane.api
    with daemon(control_plane, namespace, tmp_path) as exporter:
        page = exporter.wait(lambda page: told(page, "nodes.metrics.k8s.io") == "absent")
        assert told(page, WORKLOAD.qualified) == ""
        crds.define(api, WORKLOAD, ("v1beta1",))
        exporter.wait(lambda page: told(page, WORKLOAD.qualified) == "fresh", 40.0)
        work = item(WORKLOAD, "a", version="v1beta1", spec={}, status={"conditions": conditions(Admitted="True")})
        crds.put(api, WORKLOAD, namespace, work)
        exporter.wait(lambda page: states(page, WORKLOAD) == {"running": 1}, 20.0)
        work["status"] = {"conditions": conditions(Admitted="True", Finished=("True", "Succeeded"))}
        crds.set_status(api, WORKLOAD, namespace, work)
        page = exporter.wait(lambda page: states(page, WORKLOAD) == {"succeeded": 1}, 20.0)
        assert family(page, "custom_resource_conditions", condition="Finished", reason="Succeeded")
        crds.redefine(api, WORKLOAD, ("v1beta1", "v1beta2"))
        api.delete(f"{crds.place(WORKLOAD, namespace, 'v1beta1')}/a")
        crds.redefine(api, WORKLOAD, ("v1beta2",))
        crds.put(api, WORKLOAD, namespace, item(WORKLOAD, "b", version="v1beta2", spec={}))
        exporter.wait(lambda page: states(page, WORKLOAD) == {"pending": 1}, 30.0)
        crds.undefine(api, WORKLOAD)
        exporter.wait(lambda page: not family(page, "custom_resources"), 30.0)
        exporter.wait(lambda page: told(page, WORKLOAD.qualified) == "")
        assert told(exporter.page(), "jobs") == ""


def test_forbidden_is_said_and_the_printed_grants_end_it(
    control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    api = control_plane.api
    crds.define(api, MPIJOB, ("v2beta1",))
    token = control_plane.account_token("custom", namespace=namespace)
    flags = ("--kubeconfig", str(control_plane.kubeconfig(tmp_path / "own", token)), "--namespace", namespace)
    with daemon(control_plane, namespace, tmp_path, token) as exporter:
        page = exporter.wait(lambda page: told(page, MPIJOB.qualified) == "denied", 20.0)
        assert told(page, WORKLOAD.qualified) == ""
        assert not family(page, "custom_resources")
        objects = list(yaml.safe_load_all(run("check", *flags, "--grants").out))
        applied = []
        for one in objects:
            place = one["metadata"].get("namespace")
            path = f"{RBAC}{f'/namespaces/{place}' if place else ''}/{one['kind'].lower()}s"
            expect(api.post(path, one), 201)
            applied.append(f"{path}/{one['metadata']['name']}")
        try:
            wait_for(lambda: run("check", *flags).code == 0, 20.0)
            exporter.wait(lambda page: told(page, MPIJOB.qualified) == "fresh", 60.0)
        finally:
            for path in applied:
                api.delete(path)


def test_a_kind_of_the_configuration_needs_nothing_else(
    control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    crds.define(control_plane.api, THINGS, ("v1alpha1", "v1"))
    crds.put(
        control_plane.api,
        THINGS,
        namespace,
        item(THINGS, "a", spec={}, status={"where": "Busy", "parts": [{"size": 2}, {"size": "3"}]}),
    )
    things = {
        "group": "example.org",
        "plural": "things",
        "kind": "Thing",
        "version": "v1alpha1",
        "phase": "status.where",
        "states": [{"state": "running", "phase": "Busy"}],
        "amounts": [{"name": "size", "path": "status.parts.*.size"}],
    }
    with daemon(control_plane, namespace, tmp_path, custom=json.dumps([things])) as exporter:
        page = exporter.wait(lambda page: states(page, THINGS) == {"running": 1}, 20.0)
        labels = {"namespace": namespace, "group": "example.org", "kind": "Thing"}
        assert value(page, "custom_resource_amounts", **labels, amount="size") == 5


@pytest.mark.fault(35)
def test_usage_is_held_while_its_api_is_down_and_nothing_else_is_touched(
    control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    api = control_plane.api
    crds.define(api, MPIJOB, ("v2beta1",))
    api.post("/api/v1/nodes", {"metadata": {"name": "meter-node", "labels": {"agentpool": "metered"}}})
    root = "/apis/metrics.k8s.io/v1beta1"
    nodes = metrics("NodeMetrics", node_metrics("meter-node", "1500m", "1Gi", at="2126-01-01T00:00:00Z"))
    pods = {f"{root}/namespaces/{namespace}/pods": metrics("PodMetrics")}
    answers = METRICS | pods | {f"{root}/nodes": nodes}
    try:
        with (
            aggregated(api, "metrics.k8s.io", "v1beta1", answers, namespace=namespace),
            daemon(control_plane, namespace, tmp_path) as exporter,
        ):
            available(api, "metrics.k8s.io", "v1beta1", "True")
            exporter.wait(lambda page: value(page, "pool_cpu_usage_cores", pool="metered") == 1.5, 30.0)
            answers.update(dict.fromkeys(list(answers), (503, {"kind": "Status", "code": 503})))
            page = exporter.wait(lambda page: told(page, "nodes.metrics.k8s.io") == "stale", 30.0)
            assert value(page, "pool_cpu_usage_cores", pool="metered") == 1.5
            assert told(page, MPIJOB.qualified) == "fresh"
    finally:
        api.delete("/api/v1/nodes/meter-node")
