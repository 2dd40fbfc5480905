from __future__ import annotations

from itertools import permutations

import pytest

from exporter.domain.jobs import JobState, base_state, job_state
from exporter.domain.records import JobRecord
from exporter.domain.words import LIVE_JOB_STATES, VIEW_OF_STATE
from tests.support.records import START, job

ROWS = [
    ("1", "a failed Job", {"look": "failed"}, {}, "failed"),
    ("1", "failed wins over complete", {"conditions": frozenset({"Complete", "Failed"})}, {}, "failed"),
    ("2", "a complete Job", {"look": "succeeded"}, {}, "succeeded"),
    ("2", "complete wins over deleting", {"look": "succeeded", "deleting": True}, {}, "succeeded"),
    ("3", "a Job being deleted", {"look": "deleting"}, {}, "deleting"),
    ("3", "deleting wins over failing", {"look": "failing", "deleting": True}, {}, "deleting"),
    ("4", "about to fail", {"look": "failing"}, {}, "failing"),
    ("4", "failing wins over active pods", {"look": "failing", "active": 1, "ready": 1}, {}, "failing"),
    ("5", "about to succeed", {"look": "finishing"}, {}, "finishing"),
    ("6", "suspended by its spec", {"look": "suspended"}, {}, "suspended"),
    ("6", "the Suspended condition", {"conditions": frozenset({"Suspended"}), "active": 1}, {}, "suspended"),
    ("7", "a pod has phase Running", {"look": "pending"}, {"running_pods": 1}, "running"),
    ("7", "a ready pod", {"look": "running"}, {}, "running"),
    ("7", "it ran before, pods are not known", {"look": "pending"}, {"ran_with": 1}, "running"),
    ("8", "it ran before, its new pod does not", {"look": "pending"}, {"ran_with": 1, "running_pods": 0}, "pending"),
    ("8", "an active pod that does not run", {"look": "pending"}, {}, "pending"),
    ("8", "it ran with another number of pods", {"look": "pending", "active": 2}, {"ran_with": 1}, "pending"),
    ("9", "a failed pod and nothing active", {"look": "retrying"}, {}, "retrying"),
    ("9", "started and nothing active", {"started": START}, {}, "retrying"),
    ("9", "a pod that runs does not help without an active one", {"started": START}, {"running_pods": 1}, "retrying"),
    ("10", "nothing has happened", {}, {}, "created"),
    ("10", "it never ran, with nothing active", {}, {"ran_with": 0}, "created"),
]


def state_of(record: JobRecord, **evidence: int) -> JobState:
    return job_state(base_state(record), active=record.active, ready=record.ready, **evidence)


@pytest.mark.parametrize(("row", "claim", "fields", "evidence", "state"), ROWS, ids=[f"{r[0]}-{r[1]}" for r in ROWS])
def test_each_row_gives_its_state(row: str, claim: str, fields: dict, evidence: dict, state: str) -> None:
    assert state_of(job(**fields), **evidence) == state


def test_the_table_names_every_row_with_its_state() -> None:
    table = job_state.__doc__ or ""
    for row in {r[0] for r in ROWS}:
        states = {r[4] for r in ROWS if r[0] == row}
        # A row may go over two lines: its state stands at the end of its first.
        line = next(line for line in table.splitlines() if line.split()[:1] == [row])
        assert states == {line.split()[-1]}
    assert {r[0] for r in ROWS} == {str(n) for n in range(1, 11)}
    assert {r[4] for r in ROWS} == {str(state) for state in JobState}


def test_the_order_of_conditions_is_irrelevant() -> None:
    for types in permutations(("FailureTarget", "Failed", "Suspended")):
        assert state_of(job(conditions=frozenset(types))) is JobState.FAILED


def test_a_failed_pod_is_no_verdict() -> None:
    assert state_of(job(look="running", failed=5)) is JobState.RUNNING


def test_only_failed_and_succeeded_are_terminal_and_the_others_have_a_view() -> None:
    live = [state for state in JobState if not state.terminal]
    assert sorted(live) == sorted(LIVE_JOB_STATES) == sorted(VIEW_OF_STATE)
