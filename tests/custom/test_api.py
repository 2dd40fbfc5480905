"""One poll of custom resources over a real socket: discovery, pages, caps, and what each answer means."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from exporter.adapters.discovery import LOOK_AGAIN
from exporter.domain.custom.kinds import CLUSTER_QUEUE, MPIJOB, VOLCANO_JOB, WORKLOAD
from exporter.domain.custom.objects import Kind
from exporter.domain.failures import Failed, Word
from tests.custom.objects import conditions, item, page
from tests.custom.served import refused, serving
from tests.custom.serving import Answers, groups, resources

LIST = "/apis/kubeflow.org/v2beta1/namespaces/default/mpijobs"


def training(*items: dict[str, Any]) -> Answers:
    """A cluster with the MPI operator."""
    return {
        "/apis": groups(kubeflow_org=("v2beta1", "v1")),
        "/apis/kubeflow.org/v2beta1": resources(MPIJOB),
        "/apis/kubeflow.org/v1": resources(),
        LIST: (200, page(MPIJOB, items, version="v2beta1")),
    }


def running(name: str) -> dict[str, Any]:
    return item(MPIJOB, name, version="v2beta1", status={"conditions": conditions(Running="True")})


def test_objects_are_read_in_the_preferred_version() -> None:
    with serving(training(running("a"), item(MPIJOB, "b", version="v2beta1"))) as served:
        assert served.states() == {"running": 1, "pending": 1}
        assert served.asked == ["/apis", "/apis/kubeflow.org/v2beta1", f"{LIST}?limit=500"]


def test_discovery_is_kept_for_minutes_and_then_done_again() -> None:
    with serving(training(running("a"))) as served:
        served.states()
        served.clock.advance(LOOK_AGAIN - 1)
        served.states()
        assert served.asked.count("/apis") == 1
        served.clock.advance(2)
        served.states()
        assert served.asked.count("/apis") == 2


def test_a_group_that_is_not_served_costs_one_look_in_minutes() -> None:
    with serving({"/apis": groups(apps=("v1",))}) as served:
        failures = [served.failure(kind) for kind in (MPIJOB, WORKLOAD, VOLCANO_JOB)]
        assert {failure.word for failure in failures} == {Word.ABSENT}
        assert failures[0].retry_after == pytest.approx(LOOK_AGAIN, abs=5)
        assert served.asked == ["/apis"]


def test_a_resource_that_no_version_of_its_group_serves_is_absent() -> None:
    answers = training()
    answers["/apis/kubeflow.org/v2beta1"] = resources(WORKLOAD, more=[{"name": "mpijobs/status", "namespaced": True}])
    with serving(answers) as served:
        assert served.failure().word is Word.ABSENT
        assert LIST not in "".join(served.asked)


def test_another_version_serves_where_the_preferred_one_does_not() -> None:
    answers = training()
    answers["/apis/kubeflow.org/v2beta1"] = resources()
    answers["/apis/kubeflow.org/v1"] = resources(MPIJOB)
    answers["/apis/kubeflow.org/v1/namespaces/default/mpijobs"] = (200, page(MPIJOB, []))
    with serving(answers) as served:
        assert served.states() == {}


def test_a_pinned_version_is_the_only_one_that_is_read() -> None:
    pinned = Kind(group=MPIJOB.group, plural=MPIJOB.plural, kind=MPIJOB.kind, version="v1")
    with serving(training(running("a"))) as served:
        assert served.failure(pinned).word is Word.ABSENT
        served.answers["/apis/kubeflow.org/v1"] = resources(pinned)
        served.answers["/apis/kubeflow.org/v1/namespaces/default/mpijobs"] = (200, page(pinned, [item(pinned)]))
        served.clock.advance(LOOK_AGAIN)
        assert served.states(pinned) == {"pending": 1}


def test_the_scope_must_be_the_one_that_is_known() -> None:
    answers: Answers = {
        "/apis": groups(kueue_x__k8s_io=("v1beta1",)),
        "/apis/kueue.x-k8s.io/v1beta1": resources(
            WORKLOAD, more=[{"name": "clusterqueues", "kind": "ClusterQueue", "namespaced": True}]
        ),
    }
    with serving(answers) as served:
        assert served.failure(CLUSTER_QUEUE).word is Word.ABSENT


def test_a_404_looks_again_and_follows_a_new_version() -> None:
    with serving(training(running("a"))) as served:
        served.states()
        del served.answers[LIST]
        served.answers["/apis"] = groups(kubeflow_org=("v3", "v1"))
        served.answers["/apis/kubeflow.org/v3"] = resources(MPIJOB)
        served.answers[LIST.replace("v2beta1", "v3")] = (200, page(MPIJOB, [item(MPIJOB)], version="v3"))
        assert served.states() == {"pending": 1}


def test_a_resource_that_went_away_is_absent_at_once() -> None:
    with serving(training(running("a"))) as served:
        served.states()
        del served.answers[LIST]
        served.answers["/apis"] = groups(apps=("v1",))
        assert served.failure().word is Word.ABSENT


@pytest.mark.parametrize(
    ("status", "headers", "word"),
    [
        (401, {}, Word.UNAUTHENTICATED),
        (403, {}, Word.DENIED),
        (404, {}, Word.ABSENT),
        (429, {"Retry_After": "7"}, Word.THROTTLED),
        (500, {}, Word.SERVER),
        (503, {}, Word.SERVER),
        (503, {"Retry_After": "7"}, Word.THROTTLED),
    ],
)
def test_each_refusal_of_a_list_has_its_word(status: int, headers: dict[str, str], word: Word) -> None:
    with serving({**training(), LIST: refused(status, **headers)}) as served:
        failure = served.failure()
        assert failure.word is word
        assert failure.retry_after == (7 if headers else None)


def test_a_group_that_does_not_answer_spoils_no_other() -> None:
    answers = training(running("a"))
    answers["/apis"] = groups(kubeflow_org=("v2beta1",), metrics_k8s_io=("v1beta1",))
    answers["/apis/metrics.k8s.io/v1beta1"] = refused(503)
    with serving(answers) as served:
        with pytest.raises(Failed) as caught:
            served.api.nodes(5.0)
        assert caught.value.word is Word.SERVER
        assert served.states() == {"running": 1}


def test_every_page_is_read_and_a_token_that_expires_begins_anew() -> None:
    first = page(MPIJOB, [running("a")], version="v2beta1", metadata={"continue": "more"})
    second = page(MPIJOB, [running("b")], version="v2beta1")
    expired = [refused(410)]

    def listed(query: str) -> Any:
        if "continue=more" not in query:
            return 200, first
        return expired.pop() if expired else (200, second)

    with serving({**training(), LIST: listed}) as served:
        assert served.states() == {"running": 2}
        assert [target.partition("?")[2] for target in served.asked if target.startswith(LIST)] == [
            "limit=500",
            "limit=500&continue=more",
            "limit=500",
            "limit=500&continue=more",
        ]


def test_a_list_that_expires_twice_is_incomplete() -> None:
    with serving({**training(), LIST: refused(410)}) as served:
        assert served.failure().word is Word.INCOMPLETE


def test_over_the_cap_nothing_is_known() -> None:
    with serving(training(*(running(f"n{n}") for n in range(4))), objects=3) as served:
        assert served.failure().word is Word.INCOMPLETE


def test_a_token_that_comes_again_ends_the_pass() -> None:
    again = page(MPIJOB, [running("a")], version="v2beta1", metadata={"continue": "same"})
    with serving({**training(), LIST: (200, again)}) as served:
        assert served.failure().word is Word.INCOMPLETE


def test_a_page_that_is_too_large_is_not_read() -> None:
    with serving(training(*(running(f"n{n}") for n in range(40))), page_bytes=2000) as served:
        assert served.failure().word is Word.OVERSIZE


def test_broken_objects_are_told_once_the_answer_is_whole() -> None:
    with serving(training(running("a"), {**running("b"), "status": []})) as served:
        assert served.states() == {"running": 1}
        assert served.rejected == [1]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"kind":"Status","apiVersion":"v1","items":[]}',
        page(WORKLOAD, []),
        page(MPIJOB, [], version="v1"),
        page(MPIJOB, [{}, {}, {}, {}], version="v2beta1"),
        b'{"kind":"MPIJobList","apiVersion":"kubeflow.org/v2beta1","items":[' + b"[" * 100_000,
        b"\xff" + page(MPIJOB, [], version="v2beta1"),
    ],
)
def test_what_is_no_such_list_is_garbled(body: bytes) -> None:
    with serving({**training(), LIST: (200, body)}) as served:
        assert served.failure().word is Word.GARBLED


@pytest.mark.parametrize(
    "answer", [b"", b"[]", b'{"kind":"Status"}', json.dumps({"kind": "APIGroupList", "groups": {}}).encode()]
)
def test_discovery_that_is_none_is_garbled(answer: bytes) -> None:
    with serving({"/apis": (200, answer)}) as served:
        assert served.failure().word is Word.GARBLED


def test_a_broken_group_hides_no_other_and_no_version_leaves_its_path() -> None:
    answers = training(running("a"))
    status, body = groups(kubeflow_org=("../../api", "v2beta1"))[:2]
    body["groups"] += [{"name": 7}, "text", {"versions": []}]
    answers["/apis"] = (status, body)
    with serving(answers) as served:
        assert served.states() == {"running": 1}
        assert not any(".." in target for target in served.asked)


def test_discovery_that_hangs_keeps_nobody_waiting_beyond_the_budget() -> None:
    asked, answer = threading.Event(), threading.Event()

    def hang(_query: str) -> Any:
        asked.set()
        answer.wait(10.0)
        return groups(apps=("v1",))

    with serving({"/apis": hang}) as served:
        first = threading.Thread(target=served.failure)
        first.start()
        assert asked.wait(5.0)
        with pytest.raises(Failed) as caught:
            served.api.counts(MPIJOB, "default", 0.1)
        assert caught.value.word is Word.TIMEOUT
        answer.set()
        first.join(5.0)
        assert served.failure().word is Word.ABSENT
