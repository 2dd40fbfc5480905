from __future__ import annotations

from typing import Any

import pytest

from exporter.domain.attempts import NONE_COUNTED, new_attempts
from exporter.domain.records import ContainerRecord, PodRecord
from exporter.domain.words import FAILURE_REASONS
from tests.support.records import START, container, ended, pod

EXPORT_RUNS = container("results-export", running_since=START)


def reasons(*states: PodRecord) -> list[str]:
    """The failure reasons that one pod's states, in order, add up to."""
    counted, found = NONE_COUNTED, list[str]()
    for state in states:
        attempts, counted = new_attempts(state, counted)
        found += [attempt.reason for attempt in attempts for _ in range(attempt.times)]
    return found


def with_blast(code: int, reason: str = "", **fields: Any) -> PodRecord:
    return pod(containers=(container(ended=ended(code, reason)), EXPORT_RUNS), **fields)


REASONS = [
    ("bad_input", with_blast(1)),
    ("database", with_blast(2)),
    ("engine", with_blast(3)),
    ("memory", with_blast(4)),
    ("network", with_blast(5)),
    ("output", with_blast(6)),
    ("exit_255", with_blast(255)),
    ("memory", with_blast(137, "OOMKilled")),
    ("killed", with_blast(137)),
    ("terminated", with_blast(143)),
    ("start", with_blast(128, "StartError")),
    ("start", with_blast(127, "ContainerCannotRun")),
    ("other", with_blast(77)),
    ("download", pod(containers=(container("import-query-batches", init=True, ended=ended(1)),))),
    ("download", pod(role="setup", phase="Failed", containers=(container("get-blastdb", ended=ended(1)),))),
    ("download", pod(role="warmup", phase="Failed", containers=(container("warm", ended=ended(1)),))),
    ("export", pod(containers=(container(ended=ended(0)), container("results-export", ended=ended(1))))),
    ("deadline", pod(phase="Failed", status_reason="DeadlineExceeded")),
    ("evicted", pod(phase="Failed", status_reason="Evicted")),
    ("evicted", pod(status_reason="NodeLost")),
    ("other", pod(role="submit", containers=(container("submit", ended=ended(1)),))),
]


@pytest.mark.parametrize(("reason", "state"), REASONS)
def test_each_failed_attempt_has_its_reason_and_is_counted_once(reason: str, state: PodRecord) -> None:
    assert reasons(state) == [reason]
    assert reasons(state, state, state) == [reason]


def test_every_failure_reason_is_reached() -> None:
    assert {reason for reason, _ in REASONS} == set(FAILURE_REASONS)


def test_an_attempt_says_which_container_ended_how_and_when() -> None:
    (attempt,), _ = new_attempts(with_blast(2), NONE_COUNTED)
    assert (attempt.container, attempt.ending) == ("blast", ended(2))


def test_what_ended_well_is_no_failure() -> None:
    done = pod(containers=(container(ended=ended(0)), container("results-export", ended=ended(0))))
    assert reasons(with_blast(0), done) == []


def restarted(restarts: int, **fields: Any) -> PodRecord:
    return pod(containers=(container(restarts=restarts, **fields), EXPORT_RUNS))


def test_each_restart_is_an_attempt_of_its_own() -> None:
    """As the kubelet shows them: terminated, waiting with the run as lastState, running again."""
    life = [
        restarted(0, running_since=START),
        restarted(0, ended=ended(2)),
        restarted(0, waiting="CrashLoopBackOff", last=ended(2)),
        restarted(1, running_since=START, last=ended(2)),
        restarted(1, ended=ended(3), last=ended(2)),
        restarted(1, waiting="CrashLoopBackOff", last=ended(3)),
        restarted(2, running_since=START, last=ended(3)),
    ]
    assert reasons(*life) == ["database", "engine"]
    assert reasons(*life, *life[-2:]) == ["database", "engine"]


def test_a_run_that_ended_between_two_looks_is_known_by_its_last_state() -> None:
    assert reasons(restarted(0, running_since=START), restarted(1, running_since=START, last=ended(2))) == ["database"]


def test_runs_that_nobody_saw_count_as_other_before_those_that_are_known() -> None:
    assert reasons(restarted(3, running_since=START, last=ended(2))) == ["other", "other", "database"]
    assert reasons(restarted(3, ended=ended(3), last=ended(2))) == ["other", "other", "database", "engine"]
    assert reasons(restarted(2, waiting="CrashLoopBackOff", last=ended(2))) == ["other", "other", "database"]


def test_any_number_of_unseen_runs_is_one_attempt_with_its_times() -> None:
    """A restart count is whatever the API says: it is never counted up one by one."""
    found, _ = new_attempts(restarted(2**31 - 1, running_since=START, last=ended(2)), NONE_COUNTED)
    assert [(a.reason, a.times) for a in found] == [("other", 2**31 - 2), ("database", 1)]


def test_a_restart_count_that_falls_counts_nothing() -> None:
    assert reasons(restarted(1, running_since=START, last=ended(2)), restarted(0, running_since=START)) == ["database"]


def pair(blast: ContainerRecord, export: ContainerRecord) -> PodRecord:
    return pod(containers=(blast, export))


def test_results_export_that_passes_the_code_through_is_no_second_attempt() -> None:
    runs, again = {"running_since": START}, {"running_since": START, "restarts": 1}
    life = [
        pair(container(ended=ended(2)), container("results-export", **runs)),
        pair(container(ended=ended(2)), container("results-export", ended=ended(2))),
        pair(container(**again, last=ended(2)), container("results-export", ended=ended(2))),
        pair(container(**again, last=ended(2)), container("results-export", **again, last=ended(2))),
        pair(container(restarts=1, ended=ended(0), last=ended(2)), container("results-export", **again, last=ended(2))),
    ]
    assert reasons(*life) == ["database"]
    for first in range(len(life)):
        assert reasons(*life[first:]) == ["database"], f"the first look is at state {first}"


def test_results_export_may_fail_on_its_own_after_a_retry_of_blast() -> None:
    state = pair(
        container(restarts=1, ended=ended(0), last=ended(2)),
        container("results-export", restarts=1, ended=ended(1), last=ended(2)),
    )
    assert sorted(reasons(state)) == ["database", "export"]


def test_results_export_that_dies_while_blast_runs_is_an_attempt() -> None:
    state = pair(container(running_since=START), container("results-export", ended=ended(137, "OOMKilled")))
    assert reasons(state) == ["memory"]


def test_the_containers_of_a_pod_being_deleted_are_stopped_and_not_failed() -> None:
    for code in (143, 137):
        assert reasons(with_blast(code, deleting=True)) == []
    assert reasons(with_blast(2, deleting=True)) == ["database"]
    assert reasons(with_blast(137, "OOMKilled", deleting=True)) == ["memory"]


def test_a_disrupted_pod_being_deleted_has_lost_an_attempt() -> None:
    assert reasons(with_blast(143, deleting=True, disruption="EvictionByEvictionAPI")) == ["terminated"]


def test_an_evicted_pod_counts_once_for_all_its_containers() -> None:
    whole = {"phase": "Failed", "status_reason": "Evicted"}
    state = pod(
        containers=(container(ended=ended(137)), container("results-export", ended=ended(137))),
        **whole,
    )
    assert reasons(pod(**whole), state, state) == ["evicted"]


def test_what_failed_before_an_eviction_is_an_attempt_of_its_own() -> None:
    late = pod(phase="Failed", status_reason="Evicted", containers=(container(restarts=1, ended=ended(137)),))
    assert reasons(restarted(1, running_since=START, last=ended(2)), late) == ["database", "evicted"]
