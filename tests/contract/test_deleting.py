"""Deletes: propagation, preconditions, dry run, grace; and the writes that conflict."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.rehearsal.rest import Stored
from tests.contract.targets import Target
from tests.support.kubeapi import expect
from tests.support.kubelet import FakeKubelet
from tests.support.waiting import wait_for


def bound_job(target: Target, kubelet: FakeKubelet, name: str) -> tuple[Stored, str]:
    """A Job, and the path of its pod, on a node."""
    node = f"node-{target.namespace}"
    kubelet.add_node(node, taints=[])
    job = target.make_job(name, policy="OnFailure", backoffLimit=3)
    path = target.pod_of(name)
    wait_for(lambda: expect(target.api.get(path))["spec"].get("nodeName") == node, 15.0, "scheduled")
    return job, path


def test_without_a_policy_a_job_leaves_its_pods_behind(target: Target) -> None:
    target.make_job("one")
    pod = target.pod_of("one")
    body = expect(target.api.delete(f"{target.jobs}/one"), 200)
    assert (body["kind"], body["metadata"]["finalizers"]) == ("Job", ["orphan"])
    wait_for(lambda: target.gone(f"{target.jobs}/one"), 15.0)
    left = expect(target.api.get(pod))["metadata"]
    assert "ownerReferences" not in left
    wait_for(lambda: "finalizers" not in expect(target.api.get(pod))["metadata"], 15.0, "no longer tracked")


def test_background_removes_the_job_at_once_and_the_pods_after(target: Target) -> None:
    target.make_job("one")
    pod = target.pod_of("one")
    body = expect(target.api.delete(f"{target.jobs}/one", {"propagationPolicy": "Background"}), 200)
    assert (body["kind"], body["status"], body["details"]["name"]) == ("Status", "Success", "one")
    assert target.gone(f"{target.jobs}/one")
    wait_for(lambda: target.gone(pod), 15.0, "the pod follows")


def test_foreground_keeps_the_job_until_its_pods_are_gone(target: Target, kubelet: FakeKubelet) -> None:
    job, pod = bound_job(target, kubelet, "one")
    target.batch.delete("one", job.uid)
    assert target.job("one")["metadata"]["finalizers"] == ["foregroundDeletion"]

    def dying() -> bool:
        return "deletionTimestamp" in expect(target.api.get(pod))["metadata"]

    wait_for(dying, 15.0, "the pod is asked to end")
    assert target.job("one")["metadata"]["deletionTimestamp"]
    kubelet.reap()
    wait_for(lambda: target.gone(pod) and target.gone(f"{target.jobs}/one"), 15.0, "both gone")


def test_deleting_again_changes_nothing(target: Target, kubelet: FakeKubelet) -> None:
    job, pod = bound_job(target, kubelet, "one")
    first = expect(target.api.delete(f"{target.jobs}/one", {"propagationPolicy": "Foreground"}), 200)
    assert (first["kind"], first["metadata"]["finalizers"]) == ("Job", ["foregroundDeletion"])
    target.batch.delete("one", job.uid)
    assert target.job("one")["metadata"]["deletionTimestamp"] == first["metadata"]["deletionTimestamp"]
    wait_for(lambda: "deletionTimestamp" in expect(target.api.get(pod))["metadata"], 15.0)
    kubelet.reap()
    wait_for(lambda: target.gone(f"{target.jobs}/one"), 15.0)


def test_a_pod_on_a_node_has_time_to_end(target: Target, kubelet: FakeKubelet) -> None:
    _, pod = bound_job(target, kubelet, "one")
    body = expect(target.api.delete(pod))
    assert (body["kind"], body["metadata"]["deletionGracePeriodSeconds"]) == ("Pod", 30)
    assert not target.gone(pod)
    wait_for(lambda: kubelet.reap() or target.gone(pod), 15.0)
    wait_for(lambda: target.gone(pod), 15.0, "confirmed by the kubelet")


def test_a_pod_without_a_node_goes_at_once(target: Target) -> None:
    target.make_pod("one", nodeSelector={"no": "where"})
    body = expect(target.api.delete(f"{target.pods}/one"))
    assert body["kind"] == "Pod"
    assert target.gone(f"{target.pods}/one")


@pytest.mark.parametrize(
    ("field", "value"), [("uid", "00000000-0000-0000-0000-000000000000"), ("resourceVersion", "1")]
)
def test_a_precondition_that_does_not_hold_deletes_nothing(target: Target, field: str, value: str) -> None:
    target.make_job("one", suspend=True)
    options = {"preconditions": {field: value}, "propagationPolicy": "Background"}
    status, body = target.api.delete(f"{target.jobs}/one", options)
    assert (status, body["reason"], body["code"]) == (409, "Conflict", 409)
    assert f"in the precondition ({value})" in body["message"]
    assert not target.gone(f"{target.jobs}/one")


def test_preconditions_that_hold_let_it_pass(target: Target) -> None:
    target.make(target.configmaps, "one")
    metadata = expect(target.api.get(f"{target.configmaps}/one"))["metadata"]
    options = {"preconditions": {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}}
    expect(target.api.delete(f"{target.configmaps}/one", options), 200)
    assert target.gone(f"{target.configmaps}/one")


FOREGROUND = {"propagationPolicy": "Foreground"}


@pytest.mark.parametrize(
    ("options", "query"),
    [({**FOREGROUND, "dryRun": ["All"]}, {}), (None, {**FOREGROUND, "dryRun": "All"})],
    ids=["body", "query"],
)
def test_a_dry_run_deletes_nothing(target: Target, options: dict[str, Any] | None, query: dict[str, str]) -> None:
    made = target.make_job("one", suspend=True)
    body = expect(target.api.delete(f"{target.jobs}/one", options, **query))
    assert (body["kind"], body["metadata"]["uid"]) == ("Job", made.uid)
    assert body["metadata"]["deletionTimestamp"]
    assert "deletionTimestamp" not in target.job("one")["metadata"]


def test_a_dry_run_in_the_query_is_not_heeded_beside_a_body(target: Target) -> None:
    """So a caller that sends options in the body must ask for the dry run there."""
    target.make(target.configmaps, "one")
    expect(target.api.delete(f"{target.configmaps}/one", {"propagationPolicy": "Background"}, dryRun="All"))
    assert target.gone(f"{target.configmaps}/one")


def test_a_dry_run_checks_the_preconditions(target: Target) -> None:
    target.make_job("one", suspend=True)
    assert target.api.delete(f"{target.jobs}/one", {"dryRun": ["All"], "preconditions": {"uid": "x"}})[0] == 409


def test_deleting_what_is_not_there_is_not_found(target: Target) -> None:
    status, body = target.api.delete(f"{target.jobs}/none", {"propagationPolicy": "Foreground"})
    assert (status, body["reason"]) == (404, "NotFound")


def test_an_unknown_policy_is_refused(target: Target) -> None:
    target.make_job("one", suspend=True)
    status, _ = target.api.delete(f"{target.jobs}/one", {"propagationPolicy": "Sideways"})
    assert status in (400, 422)
    assert not target.gone(f"{target.jobs}/one")


def test_a_name_is_taken_once(target: Target) -> None:
    target.make(target.configmaps, "one")
    status, body = target.api.post(target.configmaps, {"metadata": {"name": "one"}})
    assert (status, body["reason"]) == (409, "AlreadyExists")


def test_creating_as_a_dry_run_leaves_nothing(target: Target) -> None:
    body = expect(target.api.post(target.configmaps, {"metadata": {"name": "one"}}, dryRun="All"), 201)
    assert body["metadata"]["uid"]
    assert target.gone(f"{target.configmaps}/one")


def test_writing_an_old_version_conflicts(target: Target) -> None:
    made = target.make(target.configmaps, "one")
    expect(target.api.patch(f"{target.configmaps}/one", {"data": {"a": "1"}}))
    status, body = target.api.put(f"{target.configmaps}/one", {**made, "data": {"a": "2"}})
    assert (status, body["reason"]) == (409, "Conflict")
    assert "the object has been modified" in body["message"]
    assert expect(target.api.get(f"{target.configmaps}/one"))["data"] == {"a": "1"}
