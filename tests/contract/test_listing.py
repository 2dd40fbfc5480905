"""Lists: shape, pages, selectors, refusals."""

from __future__ import annotations

import pytest

from tests.contract.targets import Target
from tests.support.kubeapi import expect
from tests.support.waiting import wait_for

LABELS = {
    "a": {"app": "blast", "db": "nt", "elb-job-id": "job-1"},
    "b": {"app": "blast", "db": "nr", "elb-job-id": "job-2"},
    "c": {"app": "setup", "elb-job-id": "job-1"},
    "d": {"other": "x"},
}


def test_a_list_names_its_kind_and_its_items_do_not(target: Target) -> None:
    target.make_job("one", suspend=True)
    body = expect(target.api.get(target.jobs))
    assert (body["kind"], body["apiVersion"]) == ("JobList", "batch/v1")
    assert set(body["metadata"]) == {"resourceVersion"}
    assert [sorted(item) for item in body["items"]] == [["metadata", "spec", "status"]]


def test_an_object_alone_names_its_kind(target: Target) -> None:
    target.make_job("one", suspend=True)
    assert (target.job("one")["kind"], target.job("one")["apiVersion"]) == ("Job", "batch/v1")


def test_pages_cover_everything_once_and_say_how_much_is_left(target: Target) -> None:
    for number in range(5):
        target.make(target.configmaps, f"page-{number}", labels={"paged": "yes"})
    first = expect(target.api.get(target.configmaps, limit=2))
    second = expect(target.api.get(target.configmaps, limit=2, **{"continue": first["metadata"]["continue"]}))
    everything = target.names(target.configmaps)
    assert first["metadata"]["remainingItemCount"] == len(everything) - 2
    assert second["metadata"]["remainingItemCount"] == len(everything) - 4
    rest = expect(target.api.get(target.configmaps, **{"continue": second["metadata"]["continue"]}))
    assert "continue" not in rest["metadata"]
    assert "remainingItemCount" not in rest["metadata"]
    pages = [item["metadata"]["name"] for page in (first, second, rest) for item in page["items"]]
    assert pages == everything


def test_later_pages_belong_to_the_moment_of_the_first(target: Target) -> None:
    for name in ("a", "b", "c"):
        target.make(target.configmaps, name, labels={"paged": "yes"})
    query = {"labelSelector": "paged=yes", "limit": 1}
    first = expect(target.api.get(target.configmaps, **query))
    target.make(target.configmaps, "bb", labels={"paged": "yes"})
    expect(target.api.delete(f"{target.configmaps}/c"))
    rest = expect(
        target.api.get(target.configmaps, labelSelector="paged=yes", **{"continue": first["metadata"]["continue"]})
    )
    assert [item["metadata"]["name"] for item in rest["items"]] == ["b", "c"]
    assert rest["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


def test_a_selected_list_does_not_say_how_much_is_left(target: Target) -> None:
    for name in ("a", "b", "c"):
        target.make(target.configmaps, name, labels={"paged": "yes"})
    metadata = expect(target.api.get(target.configmaps, limit=1, labelSelector="paged=yes"))["metadata"]
    assert metadata["continue"]
    assert "remainingItemCount" not in metadata


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("app=blast", "ab"),
        ("app==blast,db=nt", "a"),
        ("app!=blast", "cd"),
        ("app in (blast, setup)", "abc"),
        ("app in (setup),elb-job-id=job-1", "c"),
        ("app notin (blast)", "cd"),
        ("elb-job-id in (job-1,job-3)", "ac"),
        ("db", "ab"),
        ("!app", "d"),
        ("app,!db", "c"),
        ("app=", ""),
    ],
)
def test_label_selectors_choose(target: Target, selector: str, names: str) -> None:
    for name, labels in LABELS.items():
        target.make_job(name, labels=labels, suspend=True)
    assert target.names(target.jobs, labelSelector=selector) == list(names)


def test_job_fields_choose(target: Target) -> None:
    target.make_job("open", suspend=True)
    target.make_job("done")
    target.set_status(target.pod_of("done"), {"phase": "Succeeded"})
    wait_for(lambda: target.state("done") == "succeeded", 15.0)
    assert target.names(target.jobs, fieldSelector="status.successful=0") == ["open"]
    assert target.names(target.jobs, fieldSelector="status.successful!=0") == ["done"]
    assert target.names(target.jobs, fieldSelector="status.successful=1,metadata.name=done") == ["done"]
    assert target.names(target.jobs, fieldSelector=f"metadata.namespace!={target.namespace}") == []


def test_pod_fields_choose(target: Target) -> None:
    for name in ("waiting", "finished"):
        target.make_pod(name)
    target.set_status(f"{target.pods}/finished", {"phase": "Succeeded"})
    unfinished = "status.phase!=Succeeded,status.phase!=Failed"
    assert target.names(target.pods, fieldSelector=unfinished) == ["waiting"]
    assert target.names(target.pods, fieldSelector="status.phase=Succeeded") == ["finished"]
    assert target.names(target.pods, fieldSelector="spec.nodeName=") == ["finished", "waiting"]


def test_event_fields_choose(target: Target) -> None:
    for name, kind, severity in (("w", "Job", "Warning"), ("n", "Pod", "Normal")):
        about = {"kind": kind, "name": "x", "namespace": target.namespace}
        target.make(target.events, name, involvedObject=about, type=severity, reason="Because", message="so")
    assert target.names(target.events, fieldSelector="type=Warning") == ["w"]
    assert target.names(target.events, fieldSelector="involvedObject.kind=Pod") == ["n"]
    assert target.names(target.events, fieldSelector="reason=Because,type!=Warning") == ["n"]


@pytest.mark.parametrize(
    "query",
    [
        {"fieldSelector": "spec.parallelism=1"},
        {"fieldSelector": "metadata.name"},
        {"labelSelector": "app in blast"},
        {"labelSelector": "a=b=c"},
        {"labelSelector": "app=not valid"},
        {"limit": "many"},
        {"continue": "zzz"},
        {"resourceVersion": "abc"},
    ],
    ids=str,
)
def test_a_query_that_makes_no_sense_is_a_bad_request(target: Target, query: dict[str, str]) -> None:
    status, body = target.api.get(target.jobs, **query)
    assert (status, body["kind"], body["status"], body["code"]) == (400, "Status", "Failure", 400)
    assert body["reason"] == "BadRequest"


def test_an_unknown_namespace_is_an_empty_list(target: Target) -> None:
    assert target.names("/apis/batch/v1/namespaces/nowhere/jobs") == []


def test_what_is_not_there_is_not_found(target: Target) -> None:
    status, body = target.api.get(f"{target.jobs}/none")
    assert (status, body["reason"]) == (404, "NotFound")
    assert body["message"] == 'jobs.batch "none" not found'
    assert body["details"] == {"name": "none", "group": "batch", "kind": "jobs"}


@pytest.mark.parametrize(
    "path", ["/apis/nope.example/v1/things", "/api/v1/namespaces/default/things", "/apis/batch/v9/jobs"]
)
def test_what_is_not_served_is_not_found(target: Target, path: str) -> None:
    assert target.api.get(path)[0] == 404


def test_creating_in_an_unknown_namespace_is_not_found(target: Target) -> None:
    status, body = target.api.post("/api/v1/namespaces/nowhere/configmaps", {"metadata": {"name": "x"}})
    assert (status, body["message"]) == (404, 'namespaces "nowhere" not found')
