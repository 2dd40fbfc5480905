from __future__ import annotations

import inspect
import re
from typing import Any

import pytest

from exporter.domain.jobs import JobState
from exporter.domain.phase import Facts, Memory, Phase, Reason, Verdict, judge, reopened
from exporter.domain.rules import Rules
from exporter.domain.words import FINISHED_PAIRS, LIVE_PHASES, PHASES, TERMINAL_PHASES
from tests.support.records import START

NOW = START + 1000
RUNNING = {JobState.RUNNING: 1}
PENDING = {JobState.PENDING: 2}
DELETING = {JobState.DELETING: 1}
SUBMIT_RUNS: dict[str, Any] = {"submit": "live", "submit_live": RUNNING}
ROWS = [
    # row, claim, facts, verdict
    ("0", "stale data keeps the phase", {"stale": True, "blast": RUNNING}, "pending/unschedulable"),
    ("2", "cancel with a live batch", {"cancel_requested": True, "blast": RUNNING}, "cancelling/admin"),
    ("2", "cancel with a live setup Job", {"cancel_requested": True, "setup_live": 1}, "cancelling/admin"),
    ("2", "cancel with a live submit Job", {"cancel_requested": True, **SUBMIT_RUNS}, "cancelling/admin"),
    ("2", "cancel with a live finalizer", {"cancel_requested": True, "finalizer": "live"}, "cancelling/admin"),
    ("3", "cancel with nothing live", {"cancel_requested": True, "succeeded": 3, "lost": 1}, "cancelled/admin"),
    ("4", "every batch is being deleted", {"blast": DELETING, "failed": 1}, "cancelling/external_delete"),
    ("4", "submit being deleted", {"submit": "live", "submit_live": DELETING}, "cancelling/external_delete"),
    ("5", "a batch failed, others go on", {"blast": RUNNING, "failed": 1}, "failing/batch_failed"),
    ("5", "one of two being deleted is not a cancel",
     {"blast": {**DELETING, **RUNNING}, "failed": 1}, "failing/batch_failed"),
    ("5", "a batch failed, submit goes on", {**SUBMIT_RUNS, "failed": 1}, "failing/batch_failed"),
    ("5", "a failed batch counts more than a failed submit",
     {"blast": RUNNING, "failed": 1, "submit": "failed"}, "failing/batch_failed"),
    ("6", "a failed submit counts more than a failed finalizer",
     {"blast": RUNNING, "submit": "failed", "finalizer": "failed"}, "failing/partial_submit"),
    ("6", "batches of a failed submit", {"blast": PENDING, "submit": "failed"}, "failing/partial_submit"),
    ("7", "finalizer failed under batches", {"blast": RUNNING, "finalizer": "failed"}, "failing/finalizer_failed"),
    ("7", "finalizer failed under submit", {**SUBMIT_RUNS, "finalizer": "failed"}, "failing/finalizer_failed"),
    ("7", "finalizer failed under setup", {"setup_live": 1, "finalizer": "failed"}, "failing/finalizer_failed"),
    ("8", "a batch runs", {"blast": {**RUNNING, **PENDING}}, "running/none"),
    ("8", "a batch finishes", {"blast": {JobState.FINISHING: 1}}, "running/none"),
    ("8", "a batch is about to fail", {"blast": {JobState.FAILING: 1}}, "running/none"),
    ("8", "one ran before, none now", {"blast": PENDING, "ever_ran": True}, "running/idle"),
    ("8", "one succeeded, none runs now", {"blast": PENDING, "succeeded": 1}, "running/idle"),
    ("8", "someone deletes under a live search", {"blast": RUNNING, "lost": 4}, "running/none"),
    ("8", "a finalizer that ended early", {"blast": RUNNING, "finalizer": "succeeded"}, "running/none"),
    ("8", "batches run while submit goes on", {"blast": RUNNING, **SUBMIT_RUNS}, "running/none"),
    ("9", "nothing ever ran", {"blast": PENDING}, "pending/none"),
    ("9", "suspended batches wait", {"blast": {JobState.SUSPENDED: 1}}, "pending/none"),
    ("9", "its pods cannot be placed", {"blast": PENDING, "unschedulable": True}, "pending/unschedulable"),
    ("10", "a batch failed", {"failed": 1, "succeeded": 9}, "failed/batch_failed"),
    ("10", "it does not wait for a hung finalizer", {"failed": 1, "finalizer": "live"}, "failed/batch_failed"),
    ("10", "whatever else went wrong",
     {"failed": 1, "submit": "failed", "finalizer": "failed", "lost": 1}, "failed/batch_failed"),
    ("11", "whatever but a batch went wrong",
     {"submit": "failed", "finalizer": "failed", "lost": 1}, "failed/submit_failed"),
    ("12", "and batches were lost", {"finalizer": "failed", "lost": 1}, "failed/finalizer_failed"),
    ("13", "setup is live", {"lost": 1, "setup_live": 1}, "cancelled/external_delete"),
    ("11", "submit failed", {"submit": "failed"}, "failed/submit_failed"),
    ("11", "submit failed half way", {"submit": "failed", "succeeded": 3}, "failed/partial_submit"),
    ("12", "finalizer failed", {"succeeded": 3, "finalizer": "failed"}, "failed/finalizer_failed"),
    ("13", "batches were deleted", {"succeeded": 3, "lost": 1}, "cancelled/external_delete"),
    ("13", "with a finalizer that waits", {"lost": 1, "finalizer": "live"}, "cancelled/external_delete"),
    ("14", "setup is live", {"setup_live": 1, "setup_seen": True}, "initializing/none"),
    ("14", "another setup Job failed", {"setup_live": 1, "setup_failed": True}, "initializing/none"),
    ("15", "setup failed", {"setup_failed": True, "setup_seen": True}, "failed/setup_failed"),
    ("15", "setup failed, submit waits", {"setup_failed": True, **SUBMIT_RUNS}, "failing/setup_failed"),
    ("15", "setup failed, finalizer waits", {"setup_failed": True, "finalizer": "live"}, "failing/setup_failed"),
    ("16", "submit is live", SUBMIT_RUNS, "submitting/submit_active"),
    ("16", "some batches are done already", {**SUBMIT_RUNS, "succeeded": 2}, "running/submit_active"),
    ("16", "batches deleted while submit makes more", {**SUBMIT_RUNS, "lost": 2}, "submitting/submit_active"),
    ("17", "the finalizer merges", {"succeeded": 3, "finalizer": "live"}, "finalizing/none"),
    ("17", "setup Jobs left for ever", {"succeeded": 3, "finalizer": "live", "setup_live": 1}, "finalizing/none"),
    ("17", "a setup failure is past", {"succeeded": 3, "finalizer": "live", "setup_failed": True}, "finalizing/none"),
    ("18", "all succeeded", {"succeeded": 3, "finalizer": "succeeded"}, "succeeded/none"),
    ("18", "one of them had retried",
     {"succeeded": 3, "finalizer": "succeeded", "retried_success": True}, "succeeded/marker_doubt"),
    ("18", "some expired unseen", {"succeeded": 3, "finalizer": "succeeded", "expired_unseen": 2}, "succeeded/none"),
    ("19", "no finalizer yet", {"succeeded": 3, "newest": NOW - 119}, "finalizing/no_finalizer"),
    ("19", "no finalizer ever", {"succeeded": 3, "newest": NOW - 120}, "succeeded/no_finalizer"),
    ("20", "the finalizer was deleted", {"succeeded": 3, "finalizer": "lost"}, "succeeded/finalizer_lost"),
    ("21", "only the finalizer is left", {"finalizer": "succeeded"}, "completed_unverified/batches_expired"),
    ("22", "a young finalizer alone", {"finalizer": "live", "finalizer_created": NOW - 299}, "submitting/none"),
    ("22", "a finalizer of the future", {"finalizer": "live", "finalizer_created": NOW + 999}, "submitting/none"),
    ("23", "an old finalizer alone", {"finalizer": "live", "finalizer_created": NOW - 300}, "finalizing/phantom"),
    ("24", "setup is over", {"setup_seen": True, "newest": NOW - 900}, "submitting/none"),
    ("24", "submit is over", {"submit": "succeeded", "newest": NOW + 50}, "submitting/none"),
    ("24", "nothing follows", {"submit": "succeeded", "newest": NOW - 901}, "submitting/stalled"),
    ("24", "nothing follows yet", {"setup_seen": True, "newest": NOW - 7200}, "submitting/stalled"),
    ("24", "nothing ever follows", {"setup_seen": True, "newest": NOW - 7201}, "completed_unverified/nothing_left"),
    ("25", "submit was deleted", {"submit": "lost"}, "vanished/lost"),
    ("25", "submit was deleted after setup", {"submit": "lost", "setup_seen": True}, "vanished/lost"),
    ("25", "the finalizer was deleted", {"finalizer": "lost"}, "vanished/lost"),
    ("25", "gone while nobody looked", {"expired_unseen": 4}, "vanished/expired_unseen"),
]  # fmt: skip


def verdict(facts: dict[str, Any], memory: Memory | None = None) -> Verdict:
    found = judge(Facts(**facts), memory or Memory(), now=NOW, rules=Rules())
    assert found is not None
    return found


@pytest.mark.parametrize(("row", "claim", "facts", "expected"), ROWS, ids=[f"{r[0]}-{r[1]}" for r in ROWS])
def test_each_row_gives_its_verdict(row: str, claim: str, facts: dict[str, Any], expected: str) -> None:
    memory = Memory(phase=Phase.PENDING, reason=Reason.UNSCHEDULABLE)
    found = verdict(facts, memory)
    assert (found.row, f"{found.phase}/{found.reason}") == (row, expected)


TERMINAL = Memory(phase=Phase.SUCCEEDED, reason=Reason.FINALIZER_LOST, terminal_at=START)


@pytest.mark.parametrize(
    ("claim", "live_created"),
    [("nothing is live", None), ("created before its end", START - 1), ("created in the same second", START)],
)
def test_row_1_a_terminal_phase_stays_if_(claim: str, live_created: float | None) -> None:
    facts = {"failed": 1, "newest_live_created": live_created, "setup_live": 1}
    assert verdict(facts, TERMINAL) == Verdict(phase=Phase.SUCCEEDED, reason=Reason.FINALIZER_LOST, row="1")
    assert not reopened(Facts(**facts), TERMINAL)


def test_row_1b_a_later_object_reopens_a_terminal_search() -> None:
    facts = {"blast": PENDING, "newest_live_created": START + 1}
    assert verdict(facts, TERMINAL).row == "9"
    assert reopened(Facts(**facts), TERMINAL)


def test_row_0_stale_data_neither_reopens_nor_ends() -> None:
    facts = {"blast": PENDING, "newest_live_created": START + 1, "stale": True}
    assert verdict(facts, TERMINAL).row == "0"
    assert not reopened(Facts(**facts), TERMINAL)


def test_row_26_a_search_of_which_nothing_was_ever_seen_is_not_reported() -> None:
    assert judge(Facts(), Memory(), now=NOW, rules=Rules()) is None


def test_the_table_names_every_row_that_can_be_returned() -> None:
    table = inspect.getdoc(judge) or ""
    named = set(re.findall(r"^(\d+b?)  ", table, flags=re.MULTILINE))
    assert named == {r[0] for r in ROWS} | {"1", "1b", "26"}
    assert named == {str(n) for n in range(27)} | {"1b"}


def test_the_table_says_what_each_row_gives() -> None:
    table = inspect.getdoc(judge) or ""
    parts = re.split(r"^(\d+b?)  ", table, flags=re.MULTILINE)
    says = dict(zip(parts[1::2], parts[2::2], strict=True))
    for row, _, _, expected in ROWS:
        for word in expected.split("/"):
            kept = row == "0" and word in ("pending", "unschedulable")
            assert kept or word == "none" or word in says[row], (row, word)


def test_every_phase_and_every_reason_is_reached() -> None:
    pairs = {tuple(r[3].split("/")) for r in ROWS}
    assert {phase for phase, _ in pairs} == set(PHASES) == {str(phase) for phase in Phase} - {"unknown"}
    assert {reason for _, reason in pairs} == {str(reason) for reason in Reason}


def test_the_terminal_verdicts_are_the_pairs_of_the_catalogue() -> None:
    pairs = {tuple(r[3].split("/")) for r in ROWS if Phase(r[3].split("/")[0]).terminal}
    assert pairs == set(FINISHED_PAIRS)
    assert {p for p in PHASES if Phase(p).terminal} == set(TERMINAL_PHASES) == set(PHASES) - set(LIVE_PHASES)


def test_the_thresholds_are_those_of_the_rules() -> None:
    fast = Rules().scaled(100)
    facts = Facts(succeeded=1, newest=NOW - 1.3)
    found = judge(facts, Memory(), now=NOW, rules=fast)
    assert found is not None
    assert (found.phase, found.reason) == (Phase.SUCCEEDED, Reason.NO_FINALIZER)
