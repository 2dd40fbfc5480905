"""Bytes to records: what an API server should never say."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, get_args
from uuid import UUID

import pytest

from exporter.adapters.decode import ResourceName, decode_event, decode_page
from exporter.domain.failures import Failed, Word
from exporter.domain.records import PodRecord
from tests.adapters.decoding import changed
from tests.support import recorded

CREATED = 1795334367.0
SOME_UUID = "0a1b2c3d-0000-4000-8000-0123456789ab"


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


def test_a_broken_object_in_a_watch_is_rejected_with_its_version_and_uid() -> None:
    item = {**recorded.item("jobs", "job-004"), "kind": "Job", "apiVersion": "batch/v1"}
    item["status"]["failed"] = -1
    event = decode_event("jobs", json.dumps({"type": "MODIFIED", "object": item}).encode())
    assert event.rejected
    assert event.resource_version == item["metadata"]["resourceVersion"]
    assert event.uid == UUID(item["metadata"]["uid"]).bytes


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
@pytest.mark.parametrize("resource", get_args(ResourceName))
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


@pytest.mark.parametrize(
    ("uid", "key"),
    [
        (SOME_UUID, UUID(SOME_UUID).bytes),
        (SOME_UUID.upper(), SOME_UUID.upper()),
        (SOME_UUID.replace("-", ""), SOME_UUID.replace("-", "")),
        (f"{{{SOME_UUID}}}", f"{{{SOME_UUID}}}"),
        ("one", "one"),
    ],
)
def test_a_uid_that_is_no_usual_uuid_is_kept_as_it_is(uid: str, key: str | bytes) -> None:
    """Spellings of one UUID are uids of their own: the API compares them as text."""
    assert changed("jobs", "job-004", lambda item: item["metadata"].update(uid=uid))[0].uid == key


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


@pytest.mark.fault(49)
@pytest.mark.parametrize("text", [None, "", "yesterday", "0001-01-01T00:00:00Z"])
@pytest.mark.parametrize(("resource", "name"), [("jobs", "job-004"), ("pods", "finalizer"), ("nodes", "blastpool-0")])
def test_an_object_that_was_created_at_no_time_is_rejected(resource: str, name: str, text: str | None) -> None:
    """Ages and starts would be reckoned from 1970."""
    assert changed(resource, name, lambda item: item["metadata"].update(creationTimestamp=text)) == [None]
