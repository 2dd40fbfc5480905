"""Advice: one for every word, and none that cannot be followed."""

from __future__ import annotations

import re
import shlex

import pytest
from hypothesis import given

from exporter.domain import remedies, words
from exporter.domain.advice import advise
from exporter.domain.phase import Phase, Reason
from tests.support.views import search_views
from tests.web.views import failure, search

TABLES = {
    "phase": (remedies.PHASES, set(Phase)),
    "reason": (remedies.REASONS, set(Reason) - {Reason.NONE}),
    "failure": (remedies.FAILURES, set(words.FAILURE_REASONS)),
    "block": (remedies.BLOCKS, set(words.BLOCK_REASONS)),
    "flag": (remedies.FLAGS, set(words.FLAGS)),
}
CAPITALS = {"RESULTS", "GROUP", "CLUSTER", "POOL", "CFG", "COUNT", "ACCOUNT", "IDENTITY", "REGISTRY", "POD"}


@pytest.mark.parametrize("kind", TABLES)
def test_every_word_has_advice_and_no_advice_is_without_a_word(kind: str) -> None:
    table, vocabulary = TABLES[kind]
    assert set(table) == vocabulary
    assert {reason for _, reason in words.FINISHED_PAIRS} - {"none"} <= set(remedies.REASONS)


@pytest.mark.parametrize("kind", TABLES)
def test_advice_is_a_sentence_and_its_commands_can_be_typed(kind: str) -> None:
    for word, remedy in TABLES[kind][0].items():
        assert re.fullmatch(r"[A-Z].{10,}[.]", remedy.text), word
        for command in remedy.commands:
            assert shlex.split(command)[0] in ("kubectl", "az", "azcopy", "elastic-blast", "elasticblast-exporter")
            assert set(re.findall(r"(?<![\w-])[A-Z]{3,}(?![\w-])", command)) <= CAPITALS | {"NAME", "TAINTS"}, command
            assert set(re.findall(r"{(\w*)}", command)) <= {"namespace", "id", "job", "batch", "node"}


def test_the_reason_comes_first_then_what_is_most_frequent() -> None:
    given = search(
        phase=Phase.FAILING,
        reason=Reason.BATCH_FAILED,
        attempts={"memory": 2, "database": 9, "network": 0},
        blocked={"cpu": 1},
        flags={"recreated": True, "zombie": False},
    )
    assert [(one.kind, one.word) for one in advise(given)] == [
        ("reason", "batch_failed"),
        ("failure", "database"),
        ("failure", "memory"),
        ("block", "cpu"),
        ("flag", "recreated"),
    ]


def test_facts_of_the_failure_are_filled_in() -> None:
    failures = (failure(reason="memory", node="node-a"), failure(reason="bad_input", batch=7, node="node-b"))
    memory, bad_input = advise(search(attempts={"memory": 2, "bad_input": 1}, failures=failures))[1:]
    assert "kubectl describe node node-a" in memory.commands
    assert "log of batch 007" in bad_input.text


def test_a_command_whose_fact_is_unknown_is_left_out() -> None:
    memory = advise(search(attempts={"memory": 2}))[1]
    assert memory.commands == ("kubectl top nodes",)
    assert "batch NNN" in advise(search(attempts={"bad_input": 2}))[1].text


def test_old_failures_of_a_search_that_succeeded_ask_for_nothing() -> None:
    done = search(phase=Phase.SUCCEEDED, terminal=True, attempts={"memory": 2}, blocked={"cpu": 1})
    assert [one.word for one in advise(done)] == ["succeeded"]


def test_a_name_cannot_become_a_command_of_its_own() -> None:
    evil = search(id="x; rm -rf ~", attempts={"memory": 1}, failures=(failure(node="$(reboot)\n"),))
    for advice in advise(evil):
        for command in advice.commands:
            assert "\n" not in command
    assert "kubectl describe node '$(reboot)\ufffd'" in advise(evil)[1].commands


@given(search_views(("default",)))
def test_any_search_gets_advice(search: object) -> None:
    assert advise(search)
