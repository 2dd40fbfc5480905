"""A search is cancelled over HTTP: the plan, the cancel, how far it is, and how it ends."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.admin.port import OPERATOR, READER, A, B, Port, listening
from tests.support.waiting import wait_for


def stuck(port: Port, search: str = A) -> None:
    """A pod of the search's submit Job sits on a node whose kubelet is gone."""
    name = port.simulator.store.list("jobs", "default", f"elb-job-id={search},app=submit")[0]["metadata"]["name"]
    pods = wait_for(lambda: port.simulator.store.list("pods", "default", f"job-name={name}"))

    def bind(pod: dict) -> None:
        pod["spec"]["nodeName"] = "lost"
        pod["status"]["phase"] = "Running"

    port.simulator.store.update("pods", "default", pods[0]["metadata"]["name"], bind)


def release(port: Port) -> None:
    """The node comes back once its pod's Job is being deleted: what waits to be killed is killed."""
    wait_for(lambda: any("submit" in one for one in port.deletes()))
    free(port)


def free(port: Port) -> None:
    """What is bound to the lost node is killed."""
    for pod in port.simulator.store.list("pods", "default"):
        if pod["spec"].get("nodeName") == "lost":
            port.simulator.store.delete("pods", "default", pod["metadata"]["name"], grace_seconds=0)


def test_a_plan_says_what_would_go_and_a_cancel_does_it(port: Port) -> None:
    port.search(A)
    port.search(B)
    before = port.jobs(B)
    plan = port.get(f"/v1/searches/{A}")
    assert plan.status == 200
    assert [(stage["stage"], len(stage["objects"])) for stage in plan.json["stages"]] == [
        ("finalizer", 1),
        ("submit", 1),
        ("setup", 1),
        ("blast", 2),
    ]
    assert plan.json["command"] == f"elasticblast-exporter cancel {A} --namespace default"
    done = port.cancel(A, expected_count=plan.json["count"], reason="too slow")
    assert (done.status, done.json["outcome"], done.json["deleted"], done.json["left"]) == (200, "done", 5, 0)
    assert done.json["digest"] == plan.json["digest"]
    assert (port.jobs(A), port.jobs(B)) == ([], before)


def test_a_dry_run_changes_nothing(port: Port) -> None:
    port.search()
    before = port.jobs()
    answer = port.cancel(dry_run=True)
    assert (answer.status, answer.json["outcome"], answer.json["deleted"]) == (200, "planned", 0)
    assert port.jobs() == before
    assert len(port.deletes()) == 5


def test_what_was_never_there_is_not_found(port: Port) -> None:
    assert port.get(f"/v1/searches/{A}").problem == "not_found"
    answer = port.cancel()
    assert (answer.status, answer.problem, answer.json["outcome"]) == (404, "not_found", "not_found")


@pytest.mark.fault(93)
def test_the_second_cancel_of_a_search_finds_it_already_gone(port: Port) -> None:
    port.search()
    assert port.cancel().json["outcome"] == "done"
    again = port.cancel()
    assert (again.status, again.json["outcome"]) == (200, "already_gone")
    assert len(port.deletes()) == 5


@pytest.mark.fault(93)
def test_a_key_that_is_sent_twice_is_one_cancel(port: Port) -> None:
    port.search()
    first = port.cancel(headers={"Idempotency-Key": "k-1"}, reason="r")
    asked = len(port.asked())
    again = port.cancel(headers={"Idempotency-Key": "k-1"}, reason="r")
    assert (first.status, again.json) == (200, first.json)
    assert port.deletes() == [one for one in port.asked()[:asked] if one.startswith("DELETE")]
    other = port.cancel(headers={"Idempotency-Key": "k-1"}, reason="another")
    assert (other.status, other.problem) == (422, "bad_request")


@pytest.mark.fault(93)
def test_two_callers_at_once_join_one_cancel(port: Port) -> None:
    """The second waits for the first's cancel; one that expects another number of objects is told that it is busy."""
    port.search()
    stuck(port)
    first = port.cancel(wait=0)
    assert first.status == 202
    busy = port.cancel(expected_count=3)
    assert (busy.status, busy.problem) == (409, "busy")
    assert busy.headers["retry-after"] == "5"
    answers: list[object] = []
    thread = threading.Thread(target=lambda: answers.append(port.cancel(reason="me too", wait=20).json))
    thread.start()
    wait_for(lambda: [one["event"] for one in port.records()].count("cancel_joined") == 1)
    release(port)
    thread.join(20.0)
    assert [(one["outcome"], one["deleted"]) for one in answers] == [("done", 5)]
    assert len(port.deletes()) == 5


def test_a_cancel_that_outlasts_its_wait_can_be_watched(port: Port) -> None:
    port.search()
    stuck(port)
    accepted = port.cancel(wait=0.2)
    assert (accepted.status, accepted.headers["location"]) == (202, f"/v1/cancels/{accepted.json['key']}")
    assert accepted.json["outcome"] is None
    where = accepted.headers["location"]
    look = wait_for(lambda: (now := port.get(where, READER).json)["stage"] == "submit" and now)
    assert {one["stage"]: one["total"] for one in look["stages"]} == {
        "finalizer": 1,
        "submit": 1,
        "setup": 1,
        "blast": 2,
    }
    assert port.jobs()
    release(port)
    over = wait_for(lambda: (now := port.get(where).json)["outcome"] and now)
    assert (over["outcome"], over["result"]["outcome"], over["stage"]) == ("done", "done", None)
    assert over["result"]["deleted"] == 5
    assert port.get("/v1/cancels/unknown").problem == "not_found"


def test_a_key_of_the_callers_own_finds_the_cancel(port: Port) -> None:
    port.search()
    port.cancel(headers={"Idempotency-Key": "mine-1"})
    assert port.get("/v1/cancels/mine-1").json["outcome"] == "done"


@pytest.mark.fault(96)
def test_pods_that_do_not_die_end_it_as_partial_which_is_no_success(tmp_path: Path) -> None:
    with listening(tmp_path, stage_one=1.0) as port:
        port.search()
        stuck(port)
        answer = port.cancel()
        assert (answer.status, answer.problem, answer.json["outcome"]) == (500, "partial", "partial")
        assert answer.json["left"] == len(answer.json["remaining"]) > 0
        assert not [one for one in port.deletes() if "batch" in one.rpartition("/")[2]]


def test_no_more_than_two_run_at_once(port: Port) -> None:
    others = [f"job-{digit * 32}" for digit in "123"]
    for search in others:
        port.search(search)
        stuck(port, search)
    assert [port.cancel(search, wait=0).status for search in others[:2]] == [202, 202]
    third = port.cancel(others[2], wait=0)
    assert (third.status, third.problem) == (429, "limited")
    release(port)


@pytest.mark.fault(104)
def test_without_an_audit_nothing_is_deleted(tmp_path: Path) -> None:
    with listening(tmp_path, on_audit=Path.mkdir) as port:
        port.search()
        before = port.jobs()
        answer = port.cancel()
        assert (answer.status, answer.problem) == (503, "audit_failed")
        assert (port.jobs(), port.deletes()) == (before, [])
        assert port.admin.tally.freeze().audit_failures > 0


def test_every_object_is_named_by_a_record_before_it_is_deleted(port: Port) -> None:
    port.search()
    uids = {job["metadata"]["uid"] for job in port.simulator.store.list("jobs", "default")}
    port.cancel(reason="too\nslow", headers={"Idempotency-Key": "k"})
    intent, outcome = port.records()
    assert (intent["event"], set(intent["uids"]), intent["reason"]) == ("cancel_intent", uids, "too\ufffdslow")
    assert (intent["caller"], intent["caller_uid"], intent["source"]) == ("op", "u-1", "127.0.0.1")
    assert (outcome["event"], outcome["outcome"], outcome["deleted"]) == ("cancel_outcome", "done", 5)
    assert intent["request_id"] == outcome["request_id"]
    assert all(record["audit"] is True and record["time"].endswith("Z") for record in (intent, outcome))
    assert "operators" not in port.audit.read_text()


def test_the_search_is_cancelling_once_the_first_delete_is_sent(port: Port) -> None:
    port.search()
    told: list[tuple[str, str]] = []
    cluster = port.clusters[""]
    way = port.admin.way(cluster, open_again(port))
    object.__setattr__(way, "requested", lambda namespace, search: told.append((namespace, search)))
    port.admin.follow({"": way})
    port.cancel(dry_run=True)
    assert told == []
    port.cancel()
    assert told == [("default", A)]


def open_again(port: Port):
    from tests.runtime.follow import open_access

    return open_access(port.simulator.url, port.simulator.token)


def test_an_ending_desk_takes_nothing_and_leaves_what_runs_as_interrupted(port: Port) -> None:
    port.search()
    stuck(port)
    answers = []
    thread = threading.Thread(target=lambda: answers.append(port.cancel()))
    thread.start()
    wait_for(port.deletes)
    port.admin.close_desk(5.0)
    thread.join(10.0)
    assert [(one.status, one.problem) for one in answers] == [(503, "interrupted")]
    assert [one["outcome"] for one in port.records() if one["event"] == "cancel_outcome"] == ["interrupted"]
    late = port.cancel(token=OPERATOR)
    assert (late.status, late.problem) == (503, "unavailable")
    release(port)
