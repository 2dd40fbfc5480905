"""How the simulated kubelets move pods."""

from __future__ import annotations

from exporter.simulator.kinds import Object
from exporter.simulator.world import manifests
from exporter.simulator.world.script import OUT_OF_MEMORY, Exit, batch_script
from exporter.simulator.world.search import Search
from tests.simulator.worldplay import exit_codes, playing, pods, seen, state, wait_for

SEARCH = Search(id="job-" + "0" * 24 + "1a2b3c4d", mode="ssd", db="nt", batches=2)


def container_states(pod: Object) -> list[str]:
    return [next(iter(each["state"])) for each in pod["status"].get("containerStatuses", ())]


def condition(pod: Object, kind: str) -> str:
    return next((each["status"] for each in pod["status"].get("conditions", ()) if each["type"] == kind), "")


def test_while_the_result_is_uploaded_the_pod_runs_and_is_not_ready() -> None:
    """The Job then says active 1, ready 0."""
    with playing(speed=50) as world:
        world.kubelet.write(SEARCH.batch_name(0), batch_script(20.0))
        world.store.create("jobs", manifests.batch(SEARCH, 0))
        wait_for(lambda: state(world.store.get("jobs", "default", SEARCH.batch_name(0))) == "complete", "the end")
        assert seen(world, "pods", is_uploading)
        shown = [(job.get("active", 0), job.get("ready", 0)) for job in job_statuses(world)]
        assert [pair for n, pair in enumerate(shown) if n == 0 or pair != shown[n - 1]][-4:] == [
            (1, 0),
            (1, 1),
            (1, 0),
            (0, 0),
        ]


def is_uploading(pod: Object) -> bool:
    return (
        container_states(pod) == ["terminated", "running"]
        and pod["status"]["phase"] == "Running"
        and condition(pod, "Ready") == "False"
    )


def job_statuses(world) -> list[Object]:
    return [change.entry.obj["status"] for change in world.store.changes("jobs", 1002)]


def test_a_blast_killed_without_a_word_leaves_the_export_waiting() -> None:
    """It goes on when the restarted BLAST has left its exit code."""
    with playing() as world:
        world.kubelet.write(SEARCH.batch_name(0), batch_script(10.0, OUT_OF_MEMORY, Exit()))
        world.store.create("jobs", manifests.batch(SEARCH, 0))
        wait_for(lambda: state(world.store.get("jobs", "default", SEARCH.batch_name(0))) == "complete", "the end")
        assert seen(
            world, "pods", lambda pod: waiting(pod) == "CrashLoopBackOff" and container_states(pod)[1] == "running"
        )


def waiting(pod: Object) -> str:
    statuses = pod["status"].get("containerStatuses", [{"state": {}}])
    return statuses[0]["state"].get("waiting", {}).get("reason", "")


def test_a_job_nobody_wrote_a_script_for_runs_ten_seconds_and_completes() -> None:
    with playing() as world:
        pod = {"restartPolicy": "Never", "containers": [{"name": "hello", "image": "busybox"}]}
        pod["tolerations"] = [{"operator": "Exists"}]
        world.store.create("jobs", manifests.job("hello", {"app": "other"}, pod))
        wait_for(lambda: state(world.store.get("jobs", "default", "hello")) == "complete", "the end")
        assert [exit_codes(pod) for pod in pods(world, "hello")] == [{"hello": 0}]


def test_a_silent_node_reports_nothing_more() -> None:
    with playing() as world:
        world.kubelet.write(SEARCH.batch_name(0), batch_script(100.0))
        world.store.create("jobs", manifests.batch(SEARCH, 0))
        wait_for(
            lambda: [pod for pod in pods(world, SEARCH.batch_name(0)) if condition(pod, "Ready") == "True"], "a pod"
        )
        [pod] = pods(world, SEARCH.batch_name(0))
        world.nodes.silence(pod["spec"]["nodeName"])
        world.store.create("jobs", manifests.batch(SEARCH, 1))
        wait_for(lambda: state(world.store.get("jobs", "default", SEARCH.batch_name(1))) == "complete", "another batch")
        [now] = pods(world, SEARCH.batch_name(0))
        assert container_states(now) == ["running", "running"]


def test_a_deleted_pod_is_killed_after_its_grace_and_then_gone() -> None:
    with playing(speed=100) as world:
        world.kubelet.write(SEARCH.batch_name(0), batch_script(3600.0))
        world.store.create("jobs", manifests.batch(SEARCH, 0))
        wait_for(
            lambda: [pod for pod in pods(world, SEARCH.batch_name(0)) if condition(pod, "Ready") == "True"], "a pod"
        )
        world.store.delete("jobs", "default", SEARCH.batch_name(0), propagation="Background")
        wait_for(lambda: not pods(world, SEARCH.batch_name(0)), "the pod to go")
        assert seen(world, "pods", lambda pod: exit_codes(pod) == {"blast": 137, "results-export": 137})


def test_a_pod_that_ends_in_the_instant_of_its_deletion_goes_without_its_grace() -> None:
    """The DELETE comes before its end is known, and gives it a grace that nobody waits for."""
    with playing(speed=100) as world:
        world.kubelet.write(SEARCH.batch_name(0), batch_script(10.0))
        world.store.create("jobs", manifests.batch(SEARCH, 0))
        wait_for(lambda: state(world.store.get("jobs", "default", SEARCH.batch_name(0))) == "complete", "the end")
        [pod] = pods(world, SEARCH.batch_name(0))
        name = pod["metadata"]["name"]
        world.store.update("pods", "default", name, lambda pod: pod["status"].update(phase="Running"))
        world.store.delete("pods", "default", name)
        wait_for(lambda: not pods(world, SEARCH.batch_name(0)), "the pod to go")


def test_the_openapi_pod_runs_and_tells_its_limit() -> None:
    with playing() as world:
        [pod] = wait_for(
            lambda: [p for p in world.store.list("pods") if condition(p, "Ready") == "True"], "the service"
        )
        assert pod["metadata"]["labels"]["app"] == "elb-openapi"
        assert {"name": "MAX_ACTIVE_SUBMISSIONS", "value": "4"} in pod["spec"]["containers"][0]["env"]
