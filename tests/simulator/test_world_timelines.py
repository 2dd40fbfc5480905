"""Timelines A to D, G and I to N: what becomes of the Jobs."""

from __future__ import annotations

from exporter.simulator.world import World
from exporter.simulator.world.clients import FAILURE, SUCCESS
from tests.simulator.worldplay import (
    exit_codes,
    jobs,
    playing,
    pods,
    seen,
    state,
    wait_for,
    wait_states,
)


def test_a_sharded_search_ends_with_every_shard_complete_and_its_setup_cleared_away() -> None:
    """A: ten shards, the finalizer merges, the command line has deleted its setup Jobs."""
    with playing() as world:
        search = world.launch("A")
        wait_states(world, search, blast={"complete": 10}, finalizer={"complete": 1}, setup={})
        assert world.markers[search] == SUCCESS
        created = {
            change.entry.obj["metadata"]["name"]
            for change in world.store.changes("jobs", 1002)
            if change.type == "ADDED"
        }
        short = search[-8:]
        assert {f"init-ssd-{short}-{n}" for n in range(10)} < created
        assert {f"blastn-batch-s{n:02}-job-000-{short}" for n in range(10)} < created
        wait_states(world, search, blast={}, finalizer={"complete": 1})


def test_a_cold_volume_is_bound_and_filled_before_the_batches_run() -> None:
    """B: the claim is Pending, then Bound; `init-pv` and the submit Job stay."""
    with playing(nodes=3, volume=False) as world:
        search = world.launch("B")
        wait_states(
            world,
            search,
            setup={"complete": 1},
            submit={"complete": 1},
            blast={"complete": 34},
            finalizer={"complete": 1},
        )
        assert seen(world, "persistentvolumeclaims", lambda claim: claim["status"]["phase"] == "Pending")
        assert world.store.get("persistentvolumeclaims", "default", "blast-dbs-pvc-rwm")["status"]["phase"] == "Bound"
        assert [job["metadata"]["name"] for job in jobs(world, search, "setup")] == ["init-pv"]
        assert seen(world, "pods", waits_for_a_processor)


def waits_for_a_processor(pod: dict) -> bool:
    return any("Insufficient cpu" in each.get("message", "") for each in pod["status"].get("conditions", ()))


def test_a_shard_without_its_database_fails_and_the_finalizer_hangs() -> None:
    """C: shard 3 exits 2 until the Job is out of retries, and its pod is gone."""
    with playing() as world:
        search = world.launch("C")
        wait_states(world, search, blast={"complete": 9, "failed": 1}, finalizer={"live": 1})
        [failed] = [job for job in jobs(world, search, "blast") if state(job) == "failed"]
        name = failed["metadata"]["name"]
        assert name == f"blastn-batch-s03-job-000-{search[-8:]}"
        assert [each["reason"] for each in failed["status"]["conditions"]] == ["BackoffLimitExceeded"] * 2
        assert pods(world, name) == []
        assert seen(
            world,
            "pods",
            lambda pod: name in pod["metadata"]["name"] and exit_codes(pod) == {"blast": 2, "results-export": 2},
        )
        assert search not in world.markers


def test_a_batch_killed_twice_for_its_memory_gets_through() -> None:
    """D: two restarts after OOMKilled, and Complete without a failed attempt on the Job."""
    with playing() as world:
        search = world.launch("D")
        wait_states(world, search, blast={"complete": 6}, finalizer={"complete": 1})
        [pod] = pods(world, f"blastn-batch-nt-prok-job-002-{search[-8:]}")
        blast, export = pod["status"]["containerStatuses"]
        assert (blast["restartCount"], export["restartCount"]) == (2, 0)
        assert blast["lastState"]["terminated"]["reason"] == "OOMKilled"
        assert blast["lastState"]["terminated"]["exitCode"] == 137
        assert not any(job["status"].get("failed") for job in jobs(world, search, "blast"))
        assert seen(world, "events", lambda event: event["reason"] == "OOMKilling")


def test_a_batch_whose_child_is_always_killed_fails_without_the_word_oomkilled() -> None:
    """D, the variant without retries left."""
    with playing() as world:
        search = world.launch("D", child=True, fatal=True)
        wait_states(world, search, blast={"complete": 5, "failed": 1}, finalizer={"live": 1})
        assert seen(world, "pods", lambda pod: exit_codes(pod).get("blast") == 137)
        assert not seen(world, "pods", lambda pod: "OOMKilled" in str(pod["status"]))


def test_a_failed_setup_takes_submit_job_and_finalizer_with_it() -> None:
    """G: four pods of one setup Job exit 1; the rest of the setup is Complete."""
    with playing() as world:
        search = world.launch("G")
        wait_states(
            world, search, setup={"complete": 9, "failed": 1}, submit={"failed": 1}, finalizer={"failed": 1}, blast={}
        )
        failed = pods(world, f"init-ssd-{search[-8:]}-0")
        assert [exit_codes(pod)["get-blastdb"] for pod in failed] == [1] * 4
        assert world.markers[search] == FAILURE


def test_a_legacy_client_leaves_its_id_in_the_environment_only() -> None:
    """I: no label, no suffix, no TTL, no finalizer; `import-queries` names no search at all."""
    with playing() as world:
        search = world.launch("I")
        wait_for(
            lambda: [state(job) for job in world.store.list("jobs", "default", "app=blast")] == ["complete"] * 8,
            "batches",
        )
        (early,) = world.store.list("jobs", "default", "app=setup")
        assert (early["metadata"]["name"], early["metadata"]["labels"]) == ("import-queries", {"app": "setup"})
        assert search not in str(early)
        for job in world.store.list("jobs", "default", "app=blast"):
            assert job["metadata"]["name"].startswith("blastn-batch-16s-ribosomal-rna-job-00")
            assert "elb-job-id" not in job["metadata"]["labels"]
            assert "ttlSecondsAfterFinished" not in job["spec"]
            [env] = [c["env"] for c in job["spec"]["template"]["spec"]["containers"] if c["name"] == "blast"]
            assert {"name": "BLAST_ELB_JOB_ID", "value": search} in env


def test_an_idempotency_key_is_the_id_and_names_stay_lawful() -> None:
    """J: the key has characters that a Job name may not have."""
    with playing() as world:
        search = world.launch("J")
        assert search == "nightly.2026-06-02_a"
        wait_states(world, search, blast={"complete": 4}, finalizer={"complete": 1})
        assert {job["metadata"]["name"] for job in jobs(world, search, "finalizer")} == {"elb-finalizer--06-02-a"}


def test_litter_is_finished_has_no_ttl_and_never_had_pods() -> None:
    """K, smaller."""
    with playing() as world:
        world.launch("K", count=300)
        wait_for(lambda: [state(job) for job in world.store.list("jobs")] == ["complete"] * 300, "litter")
        assert all("ttlSecondsAfterFinished" not in job["spec"] for job in world.store.list("jobs"))
        assert not seen(world, "pods", lambda pod: pod["metadata"]["labels"]["app"] != "elb-openapi")


def test_a_big_search_runs_through_in_waves() -> None:
    """L, smaller: three pods a node at once."""
    with playing() as world:
        search = world.launch("L", count=120)
        wait_states(world, search, blast={"complete": 120}, finalizer={"complete": 1})
        assert seen(world, "pods", waits_for_a_processor)
        assert 20 < most_at_once(world) <= 30


def most_at_once(world: World) -> int:
    """The largest number of batch pods that were on nodes and had not ended, at any version."""
    busy: set[str] = set()
    most = 0
    for change in world.store.changes("pods", 1002):
        pod = change.entry.obj
        on_node = "blast" in pod["metadata"]["labels"]["app"] and "nodeName" in pod["spec"]
        over = change.type == "DELETED" or pod["status"]["phase"] in ("Succeeded", "Failed")
        (busy.add if on_node and not over else busy.discard)(pod["metadata"]["uid"])
        most = max(most, len(busy))
    return most


def test_a_failing_search_does_not_touch_its_neighbour() -> None:
    """M."""
    with playing() as world:
        failing = world.launch("M")
        wait_states(world, failing, blast={"complete": 9, "failed": 1}, finalizer={"live": 1})
        ids = {job["metadata"]["labels"]["elb-job-id"] for job in world.store.list("jobs", "default", "app=blast")}
        [sound] = ids - {failing}
        wait_states(world, sound, blast={"complete": 10}, finalizer={"complete": 1})


def test_a_foreign_import_holds_the_submit_job_back() -> None:
    """N: no batch before `import-queries` is Complete."""
    with playing() as world:
        search = world.launch("N")
        wait_states(world, search, blast={"complete": 6}, submit={"complete": 1}, finalizer={"complete": 1})
        order = [change.entry.obj for change in world.store.changes("jobs", 1002)]
        imported = next(
            n for n, job in enumerate(order) if job["metadata"]["name"] == "import-queries" and state(job) == "complete"
        )
        first_batch = next(n for n, job in enumerate(order) if job["metadata"]["labels"]["app"] == "blast")
        assert imported < first_batch


def test_a_failed_foreign_import_fails_the_submit_job() -> None:
    """N, the other way."""
    with playing() as world:
        search = world.launch("N", fails=True, seconds=10.0)
        wait_states(world, search, submit={"failed": 1}, finalizer={"failed": 1}, blast={})


def test_an_import_without_toleration_finds_no_node() -> None:
    """N on a cluster whose pools are all tainted: the Job runs into its deadline."""
    with playing() as world:
        search = world.launch("N", tolerates=False)
        wait_states(world, search, submit={"failed": 1}, finalizer={"failed": 1}, blast={})
        job = world.store.get("jobs", "default", "import-queries")
        assert {each["reason"] for each in job["status"]["conditions"]} == {"DeadlineExceeded"}
