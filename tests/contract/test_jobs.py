"""How a Job moves: its pods, its numbers, its conditions, its end."""

from __future__ import annotations

from typing import Any

from tests.contract.targets import Target, job_spec
from tests.support.kubeapi import Body, expect
from tests.support.kubelet import FakeKubelet
from tests.support.waiting import wait_for

READY = {"type": "Ready", "status": "True"}
Step = tuple[int | None, int | None, int | None, int | None, tuple[str, ...]]


def conditions(job: Body) -> list[str]:
    return [c["type"] for c in job["status"].get("conditions", []) if c["status"] == "True"]


def steps(target: Target, name: str, since: str, last: str) -> list[Step]:
    """What the Job has said until it was `last`, repetitions left out: its numbers and its conditions."""
    found: list[Step] = []
    for event in target.api.watch(
        target.jobs, resourceVersion=since, timeoutSeconds=20, fieldSelector=f"metadata.name={name}"
    ):
        status = event["object"]["status"]
        numbers = (status.get("active"), status.get("ready"), status.get("succeeded"), status.get("failed"))
        step = (*numbers, tuple(conditions(event["object"])))
        if step not in found[-1:]:
            found.append(step)
        if last in step[-1]:
            return found
    raise TimeoutError(f"{name} has not become {last}: {found}")


def becomes(target: Target, name: str, condition: str) -> Body:
    wait_for(lambda: condition in conditions(target.job(name)), 20.0, lambda: str(target.job(name)["status"]))
    return target.job(name)


def restarted(count: int) -> dict[str, Any]:
    status = {"image": "x", "imageID": "x", "ready": False}
    names = ("blast", "results-export")
    return {
        "phase": "Running",
        "containerStatuses": [{**status, "name": name, "restartCount": count} for name in names],
    }


def test_the_server_fills_in_a_job(target: Target) -> None:
    job = target.make(target.jobs, "one", labels={"app": "blast"}, spec=job_spec(suspend=True))
    spec, uid = job["spec"], job["metadata"]["uid"]
    assert job["status"] == {}
    assert (spec["parallelism"], spec["completions"], spec["completionMode"]) == (1, 1, "NonIndexed")
    assert spec["podReplacementPolicy"] == "TerminatingOrFailed"
    assert spec["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    assert spec["template"]["metadata"]["labels"] == {
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": "one",
        "controller-uid": uid,
        "job-name": "one",
    }
    assert job["metadata"]["labels"] == {"app": "blast"}
    assert job["metadata"]["generation"] == 1


def test_a_job_makes_a_pod_that_it_owns_and_tracks(target: Target) -> None:
    job = target.make_job("one")
    pod = expect(target.api.get(target.pod_of("one")))
    metadata = pod["metadata"]
    assert metadata["name"].startswith("one-")
    assert len(metadata["name"]) == len("one-") + 5
    assert metadata["finalizers"] == ["batch.kubernetes.io/job-tracking"]
    assert metadata["ownerReferences"] == [
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "name": "one",
            "uid": job.uid,
            "controller": True,
            "blockOwnerDeletion": True,
        }
    ]
    assert metadata["labels"] == target.job("one")["spec"]["template"]["metadata"]["labels"]
    assert pod["status"]["phase"] == "Pending"


def test_success_moves_through_every_step(target: Target) -> None:
    since = target.version(target.jobs)
    target.make_job("one")
    pod = target.pod_of("one")
    wait_for(lambda: target.job("one")["status"].get("active") == 1, 15.0)
    target.set_status(pod, {"phase": "Running", "conditions": [READY]})
    wait_for(lambda: target.job("one")["status"].get("ready") == 1, 15.0)
    target.set_status(pod, {"phase": "Succeeded", "conditions": [{**READY, "status": "False"}]})
    assert steps(target, "one", since, "Complete") == [
        (None, None, None, None, ()),
        (1, 0, None, None, ()),
        (1, 1, None, None, ()),
        (None, 0, None, None, ("SuccessCriteriaMet",)),
        (None, 0, 1, None, ("SuccessCriteriaMet", "Complete")),
    ]
    assert target.state("one") == "succeeded"
    job = target.job("one")
    assert {c["reason"] for c in job["status"]["conditions"]} == {"CompletionsReached"}
    assert job["status"]["uncountedTerminatedPods"] == {}
    assert job["status"]["completionTime"] >= job["status"]["startTime"]
    assert "finalizers" not in expect(target.api.get(pod))["metadata"]


def test_container_restarts_use_up_the_retries_and_the_pod_goes(target: Target) -> None:
    """Both containers count, so two restarts of each are four."""
    since = target.version(target.jobs)
    target.make_job("one", policy="OnFailure", backoffLimit=3)
    pod = target.pod_of("one")
    wait_for(lambda: target.job("one")["status"].get("active") == 1, 15.0)
    target.set_status(pod, restarted(1))
    target.set_status(pod, restarted(2))
    assert steps(target, "one", since, "Failed") == [
        (None, None, None, None, ()),
        (1, 0, None, None, ()),
        (None, 0, None, None, ("FailureTarget",)),
        (None, 0, None, 1, ("FailureTarget",)),
        (None, 0, None, 1, ("FailureTarget", "Failed")),
    ]
    assert target.state("one") == "failed"
    status = target.job("one")["status"]
    assert {c["reason"] for c in status["conditions"]} == {"BackoffLimitExceeded"}
    assert "completionTime" not in status
    assert target.gone(pod)


def test_restarts_below_the_limit_are_no_failure(target: Target) -> None:
    target.make_job("one", policy="OnFailure", backoffLimit=3)
    pod = target.pod_of("one")
    target.set_status(pod, {**restarted(1), "conditions": [READY]})
    wait_for(lambda: target.job("one")["status"].get("ready") == 1, 15.0)
    assert "failed" not in target.job("one")["status"]
    assert (conditions(target.job("one")), target.state("one")) == ([], "live")


def test_a_failed_pod_is_counted_and_kept(target: Target) -> None:
    since = target.version(target.jobs)
    target.make_job("one")
    pod = target.pod_of("one")
    wait_for(lambda: target.job("one")["status"].get("active") == 1, 15.0)
    target.set_status(pod, {"phase": "Failed"})
    assert steps(target, "one", since, "Failed")[2:] == [
        (None, 0, None, None, ("FailureTarget",)),
        (None, 0, None, 1, ("FailureTarget", "Failed")),
    ]
    assert expect(target.api.get(pod))["status"]["phase"] == "Failed"


def test_a_failed_pod_within_the_limit_is_replaced_after_a_pause(target: Target) -> None:
    target.make_job("one", backoffLimit=1)
    pod = target.pod_of("one")
    target.set_status(pod, {"phase": "Failed"})
    wait_for(lambda: target.job("one")["status"].get("failed") == 1, 15.0)
    assert "active" not in target.job("one")["status"]
    wait_for(lambda: len(target.names(target.pods)) == 2, 20.0, "a second pod")
    wait_for(lambda: target.job("one")["status"].get("active") == 1, 15.0)
    assert conditions(target.job("one")) == []


def test_a_job_past_its_deadline_fails_and_its_pods_go(target: Target) -> None:
    target.make_job("one", activeDeadlineSeconds=2)
    pod = target.pod_of("one")
    job = becomes(target, "one", "Failed")
    assert conditions(job) == ["FailureTarget", "Failed"]
    assert {c["reason"] for c in job["status"]["conditions"]} == {"DeadlineExceeded"}
    assert job["status"]["failed"] == 1
    assert target.gone(pod)


def test_a_finished_job_goes_with_its_pods_when_its_time_is_over(target: Target) -> None:
    target.make_job("one", ttlSecondsAfterFinished=1)
    pod = target.pod_of("one")
    target.set_status(pod, {"phase": "Succeeded"})
    wait_for(lambda: target.gone(f"{target.jobs}/one") and target.gone(pod), 20.0, "both gone")


def test_a_suspended_job_has_no_pods_until_it_is_resumed(target: Target) -> None:
    target.make_job("one", suspend=True)
    assert conditions(becomes(target, "one", "Suspended")) == ["Suspended"]
    assert target.state("one") == "live"
    assert "startTime" not in target.job("one")["status"]
    expect(target.api.patch(f"{target.jobs}/one", {"spec": {"suspend": False}}))
    pod = target.pod_of("one")
    wait_for(lambda: target.job("one")["status"].get("active") == 1, 15.0)
    assert conditions(target.job("one")) == []
    assert target.job("one")["status"]["startTime"]
    expect(target.api.patch(f"{target.jobs}/one", {"spec": {"suspend": True}}))
    job = becomes(target, "one", "Suspended")
    wait_for(lambda: target.gone(pod), 15.0)
    assert "failed" not in job["status"]
    assert "startTime" not in job["status"]


def test_what_happens_is_told_in_events(target: Target) -> None:
    target.make_job("good")
    target.set_status(target.pod_of("good"), {"phase": "Succeeded"})
    target.make_job("bad")
    target.set_status(target.pod_of("bad"), {"phase": "Failed"})
    wait_for(lambda: (target.state("good"), target.state("bad")) == ("succeeded", "failed"), 20.0)

    def told() -> set[tuple[str, str, str]]:
        events = expect(target.api.get(target.events, fieldSelector="involvedObject.kind=Job"))["items"]
        return {(event["involvedObject"]["name"], event["type"], event["reason"]) for event in events}

    expected = {
        ("good", "Normal", "SuccessfulCreate"),
        ("good", "Normal", "Completed"),
        ("bad", "Normal", "SuccessfulCreate"),
        ("bad", "Warning", "BackoffLimitExceeded"),
    }
    wait_for(lambda: told() == expected, 15.0, lambda: str(told()))


def test_a_pod_goes_to_a_node_that_fits(target: Target, kubelet: FakeKubelet) -> None:
    name = f"node-{target.namespace}"
    kubelet.add_node(name)
    target.core.label_node(name, "ordinal", target.namespace)
    toleration = {"key": "workload", "operator": "Equal", "value": "blast", "effect": "NoSchedule"}
    target.make_pod("one", nodeSelector={"ordinal": target.namespace}, tolerations=[toleration])
    wait_for(lambda: expect(target.api.get(f"{target.pods}/one"))["spec"].get("nodeName") == name, 15.0)
    scheduled = expect(target.api.get(f"{target.pods}/one"))["status"]["conditions"]
    assert [c["status"] for c in scheduled if c["type"] == "PodScheduled"] == ["True"]


def refusal(target: Target, name: str) -> str:
    def found() -> str:
        pod = expect(target.api.get(f"{target.pods}/{name}"))
        known = [c for c in pod["status"].get("conditions", []) if c["type"] == "PodScheduled"]
        return str(known[0]["message"]) if known and known[0].get("reason") == "Unschedulable" else ""

    return wait_for(found, 15.0, "refused")


def test_a_pod_that_fits_nowhere_is_told_why(target: Target, kubelet: FakeKubelet) -> None:
    kubelet.add_node(f"blast-{target.namespace}", cpu="2", taints=[])
    kubelet.add_node(f"other-{target.namespace}", "systempool", cpu="2")
    kubelet.add_node(f"taint-{target.namespace}")
    big = {"name": "main", "image": "x", "resources": {"requests": {"cpu": "5"}}}
    target.make_pod("big", containers=[big], nodeSelector={"workload": "blast"})
    assert refusal(target, "big").startswith(
        "0/3 nodes are available: 1 Insufficient cpu, 1 node(s) didn't match Pod's node affinity/selector,"
        " 1 node(s) had untolerated taint"
    )

    def warned() -> list[Body]:
        query = {"fieldSelector": "reason=FailedScheduling,involvedObject.name=big"}
        return expect(target.api.get(target.events, **query))["items"]

    event = wait_for(warned, 15.0, "an event")[0]
    assert (event["type"], event["reportingComponent"]) == ("Warning", "default-scheduler")
    assert event["message"].startswith("0/3 nodes are available: 1 Insufficient cpu")
    assert event["eventTime"]
    assert event["firstTimestamp"] is None
    assert "count" not in event
