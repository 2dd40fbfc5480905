"""Bytes to records: what a real API server said."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest

from exporter.adapters.decode import decode_event, decode_page
from exporter.domain.records import BlastFacts, EventRecord, JobRecord, NodeRecord
from tests.adapters.decoding import changed, records
from tests.support import recorded

A, B = "job-" + "0123456789abcdef" * 2, "job-" + "fedcba9876543210" * 2
CREATED = 1795334367.0


def test_a_job_that_succeeded() -> None:
    found = records("jobs")["blastn-batch-s00-job-000-89abcdef"]
    uid = UUID(recorded.item("jobs", found.name)["metadata"]["uid"]).bytes
    assert found == JobRecord(
        uid=uid,
        namespace="default",
        name=found.name,
        role="blast",
        search=A,
        evidence="label",
        created=CREATED,
        started=CREATED,
        ended=CREATED + 1,
        conditions=frozenset({"Complete", "SuccessCriteriaMet"}),
        ttl=1800,
        batch=0,
        shard=0,
        facts=BlastFacts(program="blastn", db="core_nt", mode="sharded", client_version="1.4.0"),
    )


def test_a_job_that_failed_ends_with_its_condition_and_says_why() -> None:
    found = records("jobs")["blastn-batch-core-nt-job-004-76543210"]
    assert (found.fail_reason, found.failed, found.batch) == ("BackoffLimitExceeded", 1, 4)
    assert found.conditions == {"Failed", "FailureTarget"}
    assert found.ended == CREATED + 5


def test_each_mode_is_told_from_the_spec() -> None:
    modes = {name: found.facts.mode for name, found in records("jobs").items() if found.facts}
    assert modes["blastn-batch-s07-job-000-76543210"] == "sharded"
    assert modes["blastp-batch-nr-job-001-76543210"] == "pv"
    assert modes["blastn-batch-core-nt-job-002-76543210"] == "ssd"
    partition = changed("jobs", "blastp-batch", lambda item: item["metadata"]["labels"].update(db="part03"))
    assert partition[0].facts.mode == "partitioned"


def test_a_job_without_its_label_is_known_by_its_environment() -> None:
    found = records("jobs")["blastn-batch-core-nt-job-003-76543210"]
    assert (found.search, found.evidence) == (B, "env")


def test_the_environment_of_an_init_container_counts_too() -> None:
    """Only where no other container has the variable."""

    def move(item: dict[str, Any]) -> None:
        spec = item["spec"]["template"]["spec"]
        own = next(c for c in spec["containers"] if c["name"] == "blast")
        spec["initContainers"] = [{**own, "env": [{"name": "BLAST_ELB_JOB_ID", "value": A}, *own["env"]]}]

    def strip(item: dict[str, Any]) -> None:
        move(item)
        for container in item["spec"]["template"]["spec"]["containers"]:
            container["env"] = []

    assert changed("jobs", "core-nt-job-003", move)[0].search == B
    (found,) = changed("jobs", "core-nt-job-003", strip)
    assert (found.search, found.evidence, found.facts.program) == (A, "env", "blastn")


def test_setup_submit_finalizer_and_warmup_jobs() -> None:
    found = records("jobs")
    roles = {
        name.rpartition("-")[0]: (record.role, record.search) for name, record in found.items() if not record.facts
    }
    assert roles == {"elb-finalizer": ("finalizer", A), "submit-jobs": ("submit", B), "warm-core-nt": ("warmup", "")}
    warm = found["warm-core-nt-01"]
    assert (warm.warm_db, warm.shard, warm.warm_node) == ("core_nt", 1, "aks-blastpool-1")


def test_objects_of_others_are_left_out_and_not_counted() -> None:
    assert "stranger" not in str(records("jobs").keys() | records("pods").keys())


def test_a_running_pod_and_its_restarts() -> None:
    pods = records("pods")
    found = next(pod for name, pod in pods.items() if name.startswith("blastn-batch-s01-job-000"))
    assert (found.phase, found.ready, found.node, found.role) == ("Running", True, "aks-blastpool-1", "blast")
    assert found.owner == records("jobs")["blastn-batch-s01-job-000-89abcdef"].uid
    assert found.cpu == 5.0
    init, blast, export = found.containers
    assert (init.name, init.init, init.ended.exit_code) == ("import-query-batches", True, 0)
    assert (blast.name, blast.restarts, blast.last.exit_code, blast.last.reason) == ("blast", 1, 137, "OOMKilled")
    assert blast.running_since is not None
    assert (export.name, export.restarts, export.last) == ("results-export", 0, None)


def test_a_pod_that_cannot_be_placed_says_why() -> None:
    found = next(pod for name, pod in records("pods").items() if "s07" in name)
    assert found.unschedulable.startswith("0/4 nodes are available")
    assert (found.node, found.phase) == ("", "Pending")


def test_a_waiting_a_failed_and_a_disrupted_pod() -> None:
    pods = {name.rpartition("-")[0]: pod for name, pod in records("pods").items()}
    assert [item.waiting for item in pods["blastn-batch-s01-job-001-89abcdef"].containers][1] == "ImagePullBackOff"
    failed = pods["blastn-batch-core-nt-job-004-76543210"]
    assert (failed.phase, [item.ended.exit_code for item in failed.containers]) == ("Failed", [0, 2, 2])
    disrupted = pods["blastn-batch-core-nt-job-002-76543210"]
    assert disrupted.disruption == "EvictionByEvictionAPI"


def requests(**spec: Any) -> float:
    cpu: float = changed("pods", "finalizer", lambda item: item["spec"].update(spec))[0].cpu
    return cpu


def wants(cpu: str, **more: str) -> dict[str, Any]:
    return {"name": "c", "resources": {"requests": {"cpu": cpu, "memory": "1Gi"}}, **more}


def test_requests_are_what_the_scheduler_reserves() -> None:
    assert requests(containers=[wants("1"), wants("500m")]) == 1.5
    assert requests(containers=[wants("1")], initContainers=[wants("3"), wants("2")]) == 3.0
    sidecar = wants("1", restartPolicy="Always")
    assert requests(containers=[wants("1")], initContainers=[sidecar, wants("2")]) == 3.0
    assert requests(containers=[wants("1")], initContainers=[wants("2"), sidecar]) == 2.0
    assert requests(containers=[wants("1")], overhead={"cpu": "250m"}) == 1.25
    assert requests(containers=[wants("1")], resources={"requests": {"cpu": "4"}}) == 4.0
    assert requests(containers=[wants("1")], resources={"requests": {"memory": "4Gi"}}) == 1.0
    assert requests(containers=[{"name": "c"}]) == 0.0


def test_the_openapi_pod_says_how_many_searches_it_submits_at_once() -> None:
    def change(item: dict[str, Any]) -> None:
        item["metadata"]["labels"]["app"] = "elb-openapi"
        item["spec"]["containers"][0]["env"] = [{"name": "MAX_ACTIVE_SUBMISSIONS", "value": "4"}]

    assert changed("pods", "finalizer", change)[0].max_active == 4


def test_nodes() -> None:
    nodes = records("nodes")
    assert nodes["aks-blastpool-2"] == NodeRecord(
        uid=nodes["aks-blastpool-2"].uid,
        name="aks-blastpool-2",
        pool="blastpool",
        created=CREATED,
        ready=True,
        cordoned=True,
        cpu=16.0,
        memory=2.0**37,
        ordinal=2,
        reserved=False,
    )
    assert nodes["aks-systempool-0"].pool == "systempool"


@pytest.mark.parametrize(
    ("taint", "reserved"),
    [
        ({"key": "CriticalAddonsOnly", "value": "true", "effect": "NoSchedule"}, True),
        ({"key": "workload", "value": "blast", "effect": "NoSchedule"}, False),
        ({"key": "soft", "effect": "PreferNoSchedule"}, False),
    ],
)
def test_a_node_is_reserved_by_a_taint_that_blast_pods_do_not_tolerate(taint: dict[str, str], reserved: bool) -> None:
    found = changed("nodes", "aks-systempool-0", lambda item: item["spec"].update(taints=[taint]))
    assert found[0].reserved is reserved


@pytest.mark.parametrize(
    ("condition", "ready", "pressures"),
    [
        ({"type": "Ready", "status": "Unknown"}, None, set()),
        ({"type": "Ready", "status": "False"}, False, set()),
        ({"type": "DiskPressure", "status": "True"}, None, {"disk"}),
        ({"type": "NetworkUnavailable", "status": "True"}, None, {"network"}),
        ({"type": "NewThing", "status": "True"}, None, set()),
    ],
)
def test_conditions_of_a_node(condition: dict[str, str], ready: bool | None, pressures: set[str]) -> None:
    found = changed("nodes", "blastpool-0", lambda item: item["status"].update(conditions=[condition]))[0]
    assert (found.ready, found.pressures) == (ready, pressures)


def test_claims_and_warnings() -> None:
    assert records("persistentvolumeclaims")["blast-dbs-pvc-rwm"].phase == "Pending"
    page = decode_page("events", recorded.page("events"))
    told = {(record.kind, record.reason) for record in page.records if isinstance(record, EventRecord)}
    assert told == {("Job", "BackoffLimitExceeded"), ("Pod", "FailedScheduling")}


EARLY, LATE = "2026-11-22T07:59:27Z", "2026-11-22T07:59:37.500000Z"


@pytest.mark.parametrize(
    ("times", "at"),
    [
        ({"firstTimestamp": EARLY, "lastTimestamp": EARLY, "eventTime": None}, CREATED),
        ({"firstTimestamp": None, "lastTimestamp": None, "eventTime": LATE}, CREATED + 10.5),
        ({"eventTime": EARLY, "series": {"count": 2, "lastObservedTime": LATE}}, CREATED + 10.5),
        ({"eventTime": None, "lastTimestamp": "soon"}, None),
    ],
)
def test_an_event_tells_when_it_last_happened(times: dict[str, Any], at: float | None) -> None:
    item = recorded.body("events")["items"][0]
    for name in ("firstTimestamp", "lastTimestamp", "eventTime", "series"):
        item.pop(name, None)
    item |= {**times, "type": "Warning"}
    (found,) = decode_page("events", recorded.with_items("events", [item])).records
    assert isinstance(found, EventRecord)
    assert found.at == at


@pytest.mark.parametrize("resource", ["jobs", "pods"])
def test_a_recorded_watch(resource: str) -> None:
    lines = recorded.watch_lines(resource)
    events = [decode_event(resource, line) for line in lines]
    assert [event.type for event in events] == [json.loads(line)["type"] for line in lines]
    assert {event.type for event in events} == {"ADDED", "MODIFIED", "DELETED", "BOOKMARK"}
    assert not any(event.rejected for event in events)
    versions = [int(event.resource_version) for event in events]
    assert versions == sorted(versions)
    assert all(event.record is None for event in events if event.type == "BOOKMARK")


def test_the_memory_limit_of_a_blast_pod_is_that_of_the_container_that_searches():
    name = "blastp-batch-nr-job-001"

    def limit(change):
        (pod,) = changed("pods", name, change)
        return pod and pod.memory_limit

    def resources(pod):
        return pod["spec"]["containers"][0]["resources"]

    assert limit(lambda pod: None) == 126e9
    assert limit(lambda pod: resources(pod)["limits"].update(memory="64Gi")) == 64 * 2**30
    assert limit(lambda pod: resources(pod).pop("limits")) == 0.0
    assert limit(lambda pod: pod["spec"]["containers"][0].update(name="other")) == 0.0
    assert limit(lambda pod: resources(pod)["limits"].update(memory="much")) is None
