"""The real helm and kubectl on the real API server: every object is taken strictly, the pods are admitted, and a
release comes, changes and goes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from deploy import manifests
from tests.chart.cases import CASES
from tests.chart.helm import Manifest, pod_specs, rendered, the
from tests.chart.release import Places, Release, as_account, grant, kubectl
from tests.chart.rights import granted
from tests.support.controlplane import ControlPlane
from tests.support.kubeapi import Api, expect
from tests.support.manifests import batch_job
from tests.support.waiting import wait_for

pytestmark = pytest.mark.controlplane
SECOND, OTHERS, NAME = "second", "others", "elasticblast-exporter"
# Without boards and rules, which are the same in all.
SMALL: dict[str, Any] = {"dashboards": {"enabled": False}, "rules": {"enabled": False}}
ADMIN = {**SMALL, "admin": {"enabled": True}}
ANYTHING = {"apiGroups": ["batch", ""], "resources": ["jobs", "pods", "configmaps"], "verbs": ["*"]}
JOBS = f"/apis/batch/v1/namespaces/{OTHERS}/jobs"
STRICT = ("apply", "--server-side", "--validate=strict", "--filename=-")


@pytest.fixture(scope="module")
def release(plane: ControlPlane) -> Iterator[Release]:
    """A release with the admin port on. Its account may delete anything in the namespace `others`, by another Role."""
    release = Release(plane, NAME, SECOND)
    release.install(ADMIN)
    grant(plane, OTHERS, "anything", [ANYTHING], release.account())
    yield release
    assert "uninstalled" in release.uninstall()


def dumped(objects: list[Manifest]) -> str:
    return yaml.safe_dump_all(objects)


def job(plane: ControlPlane, name: str, **labels: str) -> str:
    """The path of a Job with these labels that makes no pods."""
    made = batch_job("job-" + "0" * 32, 0, namespace=OTHERS)
    made["metadata"] = {"name": name, "labels": {"of": "somebody", **labels}}
    expect(plane.api.post(JOBS, {**made, "spec": {**made["spec"], "suspend": True}}))
    return f"{JOBS}/{name}"


def refusal(api: Api, path: str) -> str:
    """Why the path may not be deleted."""
    return str(expect(api.delete(path), 403)["message"])


def test_every_object_of_every_case_is_taken_strictly(plane: ControlPlane) -> None:
    """Nothing is stored: the API server says what it would do. Of Azure's and Grafana's kinds it has no definition."""
    objects: dict[str, Manifest] = {}
    for name, case in CASES.items():
        values = {**case.values, **({} if name == "plain" else {"dashboards": {"enabled": False}})}
        objects |= {json.dumps(one, sort_keys=True): one for one in rendered(values, case.served)}
    for name in {one["metadata"].get("namespace", "default") for one in objects.values()}:
        plane.api.post("/api/v1/namespaces", {"metadata": {"name": name}})
    known = [one for one in objects.values() if not one["apiVersion"].startswith(("azmonitoring", "grafana"))]
    assert len(known) > 100
    places = Places(plane.api)
    for one in known:
        how = {"fieldManager": "test", "fieldValidation": "Strict", "dryRun": "All", "force": "true"}
        expect(plane.api.patch(places.of(one), one, "application/apply-patch+yaml", **how))


def test_the_plain_manifests_are_taken_strictly(plane: ControlPlane) -> None:
    objects = list(yaml.safe_load_all(manifests.PLACE.read_text("utf-8")))
    told = kubectl(plane, *STRICT, given=dumped(objects))
    assert told.count("serverside-applied") == len(objects)


@pytest.mark.parametrize("values", [{}, CASES["rehearsal with cancel"].values], ids=["plain", "everything"])
def test_pod_security_admits_every_pod_under_restricted(plane: ControlPlane, values: dict[str, Any]) -> None:
    path = f"/api/v1/namespaces/{SECOND}/pods"
    for spec in pod_specs(rendered(values)).values():
        expect(plane.api.post(path, {"metadata": {"name": "one"}, "spec": spec}, dryRun="All"), 201)
        spec = {**spec, "securityContext": {**spec["securityContext"], "runAsNonRoot": False}}
        status, body = plane.api.post(path, {"metadata": {"name": "one"}, "spec": spec}, dryRun="All")
        assert (status, 'violates PodSecurity "restricted' in body["message"]) == (403, True), body


def test_the_api_server_itself_lets_the_exporter_delete_jobs_of_searches_alone(
    plane: ControlPlane, release: Release
) -> None:
    """Even where a Role allows more; and it stands in nobody else's way."""
    bare, foreign = job(plane, "bare"), job(plane, "foreign", **{"elb-job-id": "job-1", "app": "openapi"})
    batch = job(plane, "batch", **{"elb-job-id": "job-1", "app": "blast"})
    config = {"metadata": {"name": "one"}}
    expect(plane.api.post(f"/api/v1/namespaces/{OTHERS}/configmaps", config))
    with as_account(plane, release.account()) as api:
        wait_for(lambda: api.delete(bare, dryRun="All")[0] == 403, 20.0, "the policy")
        assert "without the label elb-job-id" in refusal(api, bare)
        assert "without the label elb-job-id" in refusal(api, f"{JOBS}?fieldSelector=metadata.name%3Dbare")
        assert "not a finalizer, submit, setup or blast Job" in refusal(api, foreign)
        assert "Jobs and nothing else" in refusal(api, f"/api/v1/namespaces/{OTHERS}/configmaps/one")
        expect(api.delete(batch, propagationPolicy="Foreground"), 200)
    for path in (bare, foreign, f"/api/v1/namespaces/{OTHERS}/configmaps/one"):
        expect(plane.api.delete(path), 200)


def test_all_jobs_at_once_may_never_be_deleted(plane: ControlPlane, release: Release) -> None:
    with as_account(plane, release.account()) as api:
        told = refusal(api, "/apis/batch/v1/namespaces/default/jobs?dryRun=All")
    assert 'cannot deletecollection resource "jobs"' in told


def test_what_is_installed_is_what_is_rendered(plane: ControlPlane, release: Release) -> None:
    deployment = the("Deployment", release.objects())
    path = f"/apis/apps/v1/namespaces/{SECOND}/deployments/{deployment['metadata']['name']}"
    found = expect(plane.api.get(path))
    assert (
        found["spec"]["template"]["spec"]["containers"][0]["args"]
        == pod_specs([deployment])[f"Deployment/{NAME}"]["containers"][0]["args"]
    )
    assert "PodMonitor" in {one["kind"] for one in release.objects()}, "the cluster serves them"


def test_without_the_admin_port_nothing_may_be_deleted_and_nothing_is_left_of_what_went(plane: ControlPlane) -> None:
    release, path = Release(plane, "gone", SECOND), "/apis/batch/v1/namespaces/default/jobs/none"
    account = f"{SECOND}/gone-{NAME}"
    release.install(ADMIN)
    with as_account(plane, account) as api:
        wait_for(lambda: api.delete(path)[0] == 404, 20.0, "the right to come")
        release.upgrade(SMALL)
        wait_for(lambda: api.delete(path)[0] == 403, 20.0, "the right to go")
        assert 'cannot delete resource "jobs"' in refusal(api, path)
    objects = release.objects()
    assert {one.verb for one in granted(objects, account)} == {"get", "list", "watch"}
    kinds = ",".join(sorted({one["kind"] for one in objects}))
    wanted = ("get", kinds, "--all-namespaces", "--selector=app.kubernetes.io/instance=gone", "--output=name")
    assert len(kubectl(plane, *wanted).split()) >= len(objects)
    release.uninstall()
    assert kubectl(plane, *wanted) == ""
