"""Bytes to records: what a real API server said, and what it should never say."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from exporter.adapters.decode import RESOURCES, decode_event, decode_page
from exporter.domain.failures import Failed, Word
from exporter.domain.records import BlastFacts, EventRecord, JobRecord, NodeRecord, PodRecord
from tests.support import recorded

A, B = "job-" + "0123456789abcdef" * 2, "job-" + "fedcba9876543210" * 2
CREATED = 1795334367.0


def records(resource: str) -> dict[str, Any]:
    """The records of the recorded page by a part of the name that is theirs alone."""
    page = decode_page(resource, recorded.page(resource))
    assert page.rejects == 0
    assert page.resource_version == recorded.body(resource)["metadata"]["resourceVersion"]
    assert (page.continue_token, page.remaining) == ("", None)
    return {record.name: record for record in page.records}


def changed(resource: str, name: str, change: Callable[[dict[str, Any]], object]) -> list[Any]:
    """The records of one item after a change to it; a reject is `None`."""
    item = recorded.item(resource, name)
    change(item)
    page = decode_page(resource, recorded.with_items(resource, [item]))
    return [*page.records, *[None] * page.rejects]


def test_a_job_that_succeeded() -> None:
    found = records("jobs")["blastn-batch-s00-job-000-89abcdef"]
    uid = recorded.item("jobs", found.name)["metadata"]["uid"]
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
    assert (found.cpu, found.memory) == (5.0, 4e9)
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
    assert (disrupted.disruption, disrupted.disrupted_at) == ("EvictionByEvictionAPI", CREATED + 1)


def requests(**spec: Any) -> tuple[float, float]:
    found = changed("pods", "finalizer", lambda item: item["spec"].update(spec))[0]
    return found.cpu, found.memory


def wants(cpu: str, memory: str = "1Gi", **more: str) -> dict[str, Any]:
    return {"name": "c", "resources": {"requests": {"cpu": cpu, "memory": memory}}, **more}


def test_requests_are_what_the_scheduler_reserves() -> None:
    gib = 2.0**30
    assert requests(containers=[wants("1"), wants("500m", "2Gi")]) == (1.5, 3 * gib)
    assert requests(containers=[wants("1")], initContainers=[wants("3"), wants("2", "4Gi")]) == (3.0, 4 * gib)
    sidecar = wants("1", restartPolicy="Always")
    assert requests(containers=[wants("1")], initContainers=[sidecar, wants("2")]) == (3.0, 2 * gib)
    assert requests(containers=[wants("1")], initContainers=[wants("2"), sidecar]) == (2.0, 2 * gib)
    assert requests(containers=[wants("1")], overhead={"cpu": "250m"}) == (1.25, gib)
    assert requests(containers=[wants("1")], resources={"requests": {"cpu": "4"}}) == (4.0, gib)
    assert requests(containers=[{"name": "c"}]) == (0.0, 0.0)


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
        blast=True,
    )
    assert (nodes["aks-systempool-0"].pool, nodes["aks-systempool-0"].blast) == ("systempool", False)


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


def test_an_error_of_a_watch_has_a_code() -> None:
    status = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "reason": "Expired",
        "code": 410,
    }
    event = decode_event("jobs", json.dumps({"type": "ERROR", "object": status}).encode())
    assert (event.type, event.code, event.record) == ("ERROR", 410, None)


def test_a_broken_object_in_a_watch_is_rejected_with_its_version() -> None:
    item = {**recorded.item("jobs", "job-004"), "kind": "Job", "apiVersion": "batch/v1"}
    item["status"]["failed"] = -1
    event = decode_event("jobs", json.dumps({"type": "MODIFIED", "object": item}).encode())
    assert event.rejected
    assert event.resource_version == item["metadata"]["resourceVersion"]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"null",
        b'{"type":"NEW","object":{}}',
        b'{"type":"ADDED"}',
        b'{"type":"BOOKMARK","object":{"kind":"Job","metadata":{}}}',
        b'{"type":"ADDED","object":{"kind":"Pod","metadata":{"resourceVersion":"1","uid":"u"}}}',
        b'{"type":"ADDED","object":{"kind":"Status","metadata":{},"status":"Failure","code":500}}',
    ],
)
def test_a_line_that_is_no_event_is_garbled(line: bytes) -> None:
    with pytest.raises(Failed) as caught:
        decode_event("jobs", line)
    assert caught.value.word is Word.GARBLED


@pytest.mark.fault(37)
@pytest.mark.fault(38)
@pytest.mark.fault(39)
@pytest.mark.fault(51)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Please log in</html>",
        b"[]",
        b'{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","code":500}',
        b'{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[]}',
        b'{"kind":"JobList","apiVersion":"batch/v2","metadata":{"resourceVersion":"1"},"items":[]}',
        b'{"kind":"JobList","apiVersion":"batch/v1","metadata":{"resourceVersion":"1"}}',
        b'{"kind":"JobList","apiVersion":"batch/v1","items":[]}',
        b'{"kind":"JobList","apiVersion":"batch/v1","metadata":{},"items":[]}',
        b'{"kind":"JobList","apiVersion":"batch/v1","metadata":{"resourceVersion":"1"},"items":{}}',
        b'{"kind":"JobList","apiVersion":"batch/v1","metadata":{"resourceVersion":"1"},"items":[NaN]}',
        b'{"kind":"JobList","apiVersion":"batch/v1","metadata":{"resourceVersion":"1"},"items":[]}x',
        b'{"kind":"JobList","apiVersion":"batch/v1","metadata":{"resourceVersion":"1","x":"\xff"},"items":[]}',
        b'{"kind":"JobList","apiVersion":"batch/v1","metadata":{"resourceVersion":"1"},"items":[' + b"[" * 100_000,
    ],
)
def test_a_body_that_is_no_list_of_jobs_is_garbled(body: bytes) -> None:
    with pytest.raises(Failed) as caught:
        decode_page("jobs", body)
    assert caught.value.word is Word.GARBLED
    assert len(caught.value.detail) < 80


@pytest.mark.fault(40)
@pytest.mark.parametrize("resource", RESOURCES)
def test_items_null_is_an_empty_list(resource: str) -> None:
    frame = {**recorded.body(resource), "items": None}
    assert decode_page(resource, json.dumps(frame).encode()).records == []


def test_paging_is_reported() -> None:
    frame = recorded.body("jobs")
    frame["metadata"] |= {"continue": "t0ken", "remainingItemCount": 70}
    page = decode_page("jobs", json.dumps(frame).encode())
    assert (page.continue_token, page.remaining) == ("t0ken", 70)


@pytest.mark.fault(41)
@pytest.mark.fault(48)
@pytest.mark.parametrize("value", [-1, 2**31, 10**500, 1.5, "1", True, [], {}])
def test_a_bad_number_spoils_its_item_only(value: object) -> None:
    items = recorded.body("jobs")["items"]
    items[0]["status"]["active"] = value
    page = decode_page("jobs", recorded.with_items("jobs", items))
    assert page.rejects == 1
    assert page.records == decode_page("jobs", recorded.page("jobs")).records[1:]


@pytest.mark.fault(42)
def test_too_many_broken_items_spoil_the_page() -> None:
    good, bad = recorded.item("jobs", "job-004"), recorded.item("jobs", "job-004")
    bad["status"]["failed"] = "many"
    assert decode_page("jobs", recorded.with_items("jobs", [good, bad, bad, bad])).rejects == 3
    assert decode_page("jobs", recorded.with_items("jobs", [good] * 396 + [bad] * 4)).rejects == 4
    with pytest.raises(Failed) as caught:
        decode_page("jobs", recorded.with_items("jobs", [good] * 395 + [bad] * 4))
    assert caught.value.word is Word.GARBLED


@pytest.mark.fault(47)
@pytest.mark.parametrize("text", ["a\nb", "a\x00b", "\x1b[31m", "\u202e", "\ud800", "\udfff\ud800", "x" * 1_000_000])
def test_hostile_text_is_cleaned_and_cut(text: str) -> None:
    found = changed("nodes", "blastpool-0", lambda item: item["metadata"]["labels"].update(agentpool=text))[0]
    assert found.pool.isprintable()
    assert 1 <= len(found.pool) <= 128


def test_a_surrogate_pair_and_a_written_backslash_survive_beside_a_lone_surrogate() -> None:
    labels = {"agentpool": "\ud800", "kubernetes.azure.com/agentpool": "x"}
    item = recorded.item("nodes", "blastpool-0")
    item["metadata"]["labels"] |= labels
    item["metadata"]["name"] = "\U0001f9ec \\ud800"
    found = decode_page("nodes", recorded.with_items("nodes", [item])).records[0]
    assert (found.pool, found.name) == ("\ufffd", "\U0001f9ec \\ud800")


@pytest.mark.parametrize(
    "change",
    [
        lambda item: item["metadata"].update(uid=""),
        lambda item: item["metadata"].update(uid="u" * 64),
        lambda item: item["metadata"].update(uid="a\nb"),
        lambda item: item["metadata"].update(uid=7),
        lambda item: item["metadata"].pop("uid"),
        lambda item: item.pop("metadata"),
        lambda item: item["metadata"]["labels"].update({"elb-job-id": "x" * 64}),
        lambda item: item.update(kind="Pod"),
    ],
)
def test_a_job_whose_identity_is_broken_is_rejected(change: Callable[[dict[str, Any]], object]) -> None:
    assert changed("jobs", "job-004", change) == [None]


@pytest.mark.fault(46)
@pytest.mark.parametrize("value", ["", "a b", "-"])
def test_an_id_that_is_none_is_no_search(value: str) -> None:
    def change(item: dict[str, Any]) -> None:
        item["metadata"]["labels"]["elb-job-id"] = value
        item["spec"]["template"] = {}

    assert changed("jobs", "job-004", change)[0].search == ""


@pytest.mark.fault(49)
@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-11-22T07:59:27Z", CREATED),
        ("2026-11-22T07:59:27.250000000Z", CREATED + 0.25),
        ("2026-11-22T09:59:27+02:00", CREATED),
        ("0001-01-01T00:00:00Z", None),
        ("2026-13-22T07:59:27Z", None),
        ("2026-11-22", None),
        ("2026-11-22T07:59:27", None),
        ("yesterday", None),
        ("", None),
        ("9" * 10_000, None),
        (None, None),
    ],
)
def test_a_time_is_seconds_or_unknown(text: str | None, seconds: float | None) -> None:
    found = changed("jobs", "finalizer", lambda item: item["status"].update(startTime=text))[0]
    assert found.started == seconds


@pytest.mark.fault(50)
def test_an_unknown_phase_is_unknown() -> None:
    found = changed("pods", "finalizer", lambda item: item["status"].update(phase="Dreaming"))[0]
    assert isinstance(found, PodRecord)
    assert found.phase == "Unknown"


@pytest.mark.fault(51)
def test_of_duplicate_keys_the_last_wins() -> None:
    body = recorded.page("jobs").replace(b'"kind":"JobList"', b'"kind":"PodList","kind":"JobList"', 1)
    assert decode_page("jobs", body).rejects == 0
