"""The test bench itself: the control plane's programs and the fake kubelet do together what a cluster does."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import urllib3

from tests.support import manifests
from tests.support.controlplane import ControlPlane
from tests.support.kubeapi import expect
from tests.support.kubelet import FakeKubelet

pytestmark = pytest.mark.controlplane
SEARCH = "job-" + "0123456789abcdef" * 2
Object = dict[str, Any]


@pytest.fixture
def kubelet(control_plane: ControlPlane, namespace: str) -> Iterator[FakeKubelet]:
    kubelet = FakeKubelet(control_plane.api, namespace)
    kubelet.add_node(f"blast-{secrets.token_hex(4)}", labels={"ordinal": "3"})
    yield kubelet
    for job in expect(kubelet.api.get(jobs_path(kubelet)))["items"]:
        kubelet.api.delete(f"{jobs_path(kubelet)}/{job['metadata']['name']}", propagationPolicy="Background")
    kubelet.wait(lambda: not kubelet.reap() and not kubelet.api.get(pods_path(kubelet))[1]["items"])
    kubelet.close()


def jobs_path(kubelet: FakeKubelet) -> str:
    return f"/apis/batch/v1/namespaces/{kubelet.namespace}/jobs"


def pods_path(kubelet: FakeKubelet) -> str:
    return f"/api/v1/namespaces/{kubelet.namespace}/pods"


def create(kubelet: FakeKubelet, make: Callable[..., Object], *args: Any, **options: Any) -> str:
    """Create the Job and return its name."""
    job = make(*args, **options, namespace=kubelet.namespace)
    name: str = expect(kubelet.api.post(jobs_path(kubelet), job))["metadata"]["name"]
    return name


def status_of(kubelet: FakeKubelet, name: str) -> Object:
    status: Object = expect(kubelet.api.get(f"{jobs_path(kubelet)}/{name}"))["status"]
    return status


def has_gone(kubelet: FakeKubelet, name: str) -> bool:
    return kubelet.api.get(f"{jobs_path(kubelet)}/{name}")[0] == 404


def conditions_of(kubelet: FakeKubelet, name: str) -> list[str]:
    return [condition["type"] for condition in status_of(kubelet, name).get("conditions", [])]


def test_the_api_says_which_kubernetes_it_is(control_plane: ControlPlane) -> None:
    version = expect(control_plane.api.get("/version"))

    assert version["gitVersion"].startswith(f"v{version['major']}.{version['minor']}.")


def test_a_batch_goes_from_scheduled_to_complete(kubelet: FakeKubelet) -> None:
    name = create(kubelet, manifests.batch_job, SEARCH, 0)
    pod = kubelet.scheduled(name)
    assert pod["spec"]["nodeName"].startswith("blast-")
    kubelet.wait(lambda: status_of(kubelet, name).get("active") == 1)

    kubelet.run(pod)
    kubelet.wait(lambda: status_of(kubelet, name).get("ready") == 1)
    kubelet.finish(pod, "blast", 0)
    kubelet.wait(lambda: status_of(kubelet, name).get("ready") == 0)
    assert status_of(kubelet, name)["active"] == 1

    assert kubelet.succeed(pod)["status"]["phase"] == "Succeeded"
    kubelet.wait(lambda: conditions_of(kubelet, name) == ["SuccessCriteriaMet", "Complete"])
    assert status_of(kubelet, name)["succeeded"] == 1


def test_every_shape_of_job_finds_a_node(kubelet: FakeKubelet) -> None:
    volume, claim = manifests.database_volume(kubelet.namespace)
    expect(kubelet.api.post("/api/v1/persistentvolumes", volume))
    expect(kubelet.api.post(f"/api/v1/namespaces/{kubelet.namespace}/persistentvolumeclaims", claim))
    node = expect(kubelet.api.get("/api/v1/nodes"))["items"][0]["metadata"]["name"]
    names = [
        create(kubelet, manifests.batch_job, SEARCH, 0, mode="pv"),
        create(kubelet, manifests.batch_job, SEARCH, 1, shard=3),
        create(kubelet, manifests.setup_job, SEARCH, mode="pv"),
        create(kubelet, manifests.setup_job, SEARCH, 3),
        create(kubelet, manifests.submit_job, SEARCH),
        create(kubelet, manifests.finalizer_job, SEARCH),
        create(kubelet, manifests.warmup_job, "core_nt", 0, node),
    ]

    assert {kubelet.scheduled(name)["spec"]["nodeName"] for name in names} == {node}
    expect(kubelet.api.delete(f"/api/v1/persistentvolumes/{volume['metadata']['name']}"))


def test_restarts_up_to_the_backoff_limit_fail_a_job_and_take_its_pod(kubelet: FakeKubelet) -> None:
    name = create(kubelet, manifests.batch_job, SEARCH, 0, backoff=2)
    pod = kubelet.run(kubelet.scheduled(name))
    pod = kubelet.restart(pod, "blast", 3)
    assert status_of(kubelet, name).get("failed") is None

    kubelet.restart(pod, "results-export", 3)
    kubelet.wait(kubelet.reap, what="the pod to be deleted")

    kubelet.wait(lambda: conditions_of(kubelet, name) == ["FailureTarget", "Failed"])
    assert {condition["reason"] for condition in status_of(kubelet, name)["conditions"]} == {"BackoffLimitExceeded"}
    assert status_of(kubelet, name)["failed"] == 1
    assert kubelet.pods_of(name) == []


def test_a_failed_pod_of_a_setup_job_stays_and_is_replaced(kubelet: FakeKubelet) -> None:
    name = create(kubelet, manifests.setup_job, SEARCH, 3)
    first = kubelet.run(kubelet.scheduled(name))
    kubelet.fail(first, {"get-blastdb": 1})

    second = kubelet.scheduled(name, timeout=30)

    assert kubelet.get(first)["status"]["phase"] == "Failed"
    assert second["metadata"]["uid"] != first["metadata"]["uid"]
    assert status_of(kubelet, name)["failed"] == 1


def test_an_evicted_pod_says_so_and_counts_as_failed(kubelet: FakeKubelet) -> None:
    name = create(kubelet, manifests.finalizer_job, SEARCH)
    pod = kubelet.evict(kubelet.run(kubelet.scheduled(name)))

    assert pod["status"]["reason"] == "Evicted"
    target = [condition for condition in pod["status"]["conditions"] if condition["type"] == "DisruptionTarget"]
    assert [condition["reason"] for condition in target] == ["TerminationByKubelet"]
    kubelet.wait(lambda: conditions_of(kubelet, name) == ["FailureTarget", "Failed"])


def test_a_container_waits_with_the_reason_it_was_given(kubelet: FakeKubelet) -> None:
    name = create(kubelet, manifests.batch_job, SEARCH, 0)
    pod = kubelet.waiting(kubelet.scheduled(name), "blast", "ImagePullBackOff")

    states = {status["name"]: status["state"] for status in pod["status"]["containerStatuses"]}
    assert states["blast"] == {"waiting": {"reason": "ImagePullBackOff"}}
    assert pod["status"]["phase"] == "Pending"


def test_the_ttl_removes_a_finished_job_and_its_pod(kubelet: FakeKubelet) -> None:
    name = create(kubelet, manifests.batch_job, SEARCH, 0, ttl=1)
    kubelet.succeed(kubelet.scheduled(name))

    def gone() -> bool:
        kubelet.reap()
        return has_gone(kubelet, name)

    kubelet.wait(gone)
    assert kubelet.pods_of(name) == []


def test_a_foreground_delete_keeps_the_job_until_its_pod_has_gone(kubelet: FakeKubelet) -> None:
    name = create(kubelet, manifests.batch_job, SEARCH, 0)
    kubelet.run(kubelet.scheduled(name))
    expect(kubelet.api.delete(f"{jobs_path(kubelet)}/{name}", {"propagationPolicy": "Foreground"}))
    kubelet.wait(lambda: kubelet.pods_of(name)[0]["metadata"].get("deletionTimestamp"))
    assert not has_gone(kubelet, name)

    kubelet.reap()

    kubelet.wait(lambda: has_gone(kubelet, name))


def test_the_living_are_listed_with_a_field_selector(kubelet: FakeKubelet) -> None:
    done = create(kubelet, manifests.batch_job, SEARCH, 0)
    live = create(kubelet, manifests.batch_job, SEARCH, 1)
    kubelet.succeed(kubelet.scheduled(done))
    kubelet.wait(lambda: "Complete" in conditions_of(kubelet, done))

    listed = expect(kubelet.api.get(jobs_path(kubelet), fieldSelector="status.successful=0"))

    assert [job["metadata"]["name"] for job in listed["items"]] == [live]


def test_a_watch_brings_events_and_then_a_bookmark(kubelet: FakeKubelet) -> None:
    since = expect(kubelet.api.get(jobs_path(kubelet)))["metadata"]["resourceVersion"]
    create(kubelet, manifests.batch_job, SEARCH, 0)

    options = {"resourceVersion": since, "allowWatchBookmarks": "true", "timeoutSeconds": 4}
    events = list(kubelet.api.watch(jobs_path(kubelet), **options))

    kinds = [event["type"] for event in events]
    assert kinds[0] == "ADDED"
    assert kinds[-1] == "BOOKMARK"
    assert events[-1]["object"]["metadata"]["resourceVersion"] != since


def test_a_user_without_a_role_is_refused(control_plane: ControlPlane, namespace: str) -> None:
    nobody = control_plane.client(control_plane.token_of("nobody"))
    stranger = control_plane.client("wrong")

    status, body = nobody.get(f"/apis/batch/v1/namespaces/{namespace}/jobs")
    assert (status, body["reason"]) == (403, "Forbidden")
    assert stranger.get("/api/v1/nodes")[0] == 401

    nobody.close()
    stranger.close()


def test_a_token_is_reviewed_for_its_audience(control_plane: ControlPlane, namespace: str) -> None:
    token = control_plane.account_token("caller", namespace=namespace, audiences=["exporter"])

    def review(audience: str) -> Object:
        spec = {"token": token, "audiences": [audience]}
        path = "/apis/authentication.k8s.io/v1/tokenreviews"
        status: Object = expect(control_plane.api.post(path, {"spec": spec}))["status"]
        return status

    assert review("exporter")["user"]["username"] == f"system:serviceaccount:{namespace}:caller"
    assert not review("somebody-else").get("authenticated")


def test_a_killed_api_server_comes_back_with_its_objects(control_plane: ControlPlane, kubelet: FakeKubelet) -> None:
    """Then the controllers go on where they were."""
    name = create(kubelet, manifests.batch_job, SEARCH, 0)
    pod = kubelet.scheduled(name)
    control_plane.apiserver.kill()
    with pytest.raises(urllib3.exceptions.HTTPError):
        control_plane.api.get("/readyz")

    control_plane.apiserver.start()
    control_plane.wait_ready()

    assert kubelet.get(pod)["metadata"]["uid"] == pod["metadata"]["uid"]
    kubelet.succeed(pod)
    kubelet.wait(lambda: "Complete" in conditions_of(kubelet, name), timeout=60)
