"""The words of `cancel`: the plan, the bars, the outcomes, the refusals."""

from __future__ import annotations

import io
import re

import msgspec
import pytest

from exporter.admin.problems import TITLES, Problem, body_of
from exporter.cancel.documents import (
    LeftItem,
    ObjectItem,
    PlanDocument,
    ResultDocument,
    SparedItem,
    StageItem,
    StageProgress,
)
from exporter.cli.cancel.bars import Bars, bar
from exporter.cli.cancel.problem import problem
from exporter.cli.cancel.text import OUTCOMES, outcome_lines, plan_lines, question
from exporter.cli.cancel.values import EXIT_CODES, Moment, Place
from exporter.domain.cancel import STAGES, Outcome, Refusal

NOW = 1_800_000_000.0
ID = "job-0d3c5e7f9a1b2c3d4e5f60712d6e172d"
PLACE = Place(cluster="prod", namespace="blast", id=ID, phase="running", what="blastp core_nt")


def plan(batches: int = 0, *, counted: int = 0, spared: tuple[SparedItem, ...] = ()) -> PlanDocument:
    jobs = {"finalizer": ["elb-finalizer"], "blast": [f"batch-{n}" for n in range(batches)]}
    stages = [
        StageItem(
            stage=stage,
            objects=[
                ObjectItem(name=name, uid=name, created=NOW - 720, deleting=stage == "finalizer")
                for name in jobs.get(stage, [])
            ],
        )
        for stage in STAGES
    ]
    count = counted or 1 + batches
    return PlanDocument(
        cluster="prod", namespace="blast", id=ID, digest="d", count=count, stages=stages, spared=list(spared),
        phase="running", command="",
    )  # fmt: skip


def result(outcome: Outcome, *, deleted: int = 0, left: int = 0) -> ResultDocument:
    remaining = [LeftItem(name=f"batch-{n}", uid=str(n), role="blast") for n in range(min(left, 500))]
    return ResultDocument(
        cluster="prod", namespace="blast", id=ID, outcome=outcome, refusal=None, detail="", digest="d", dry_run=False,
        objects=[], deleted=deleted, remaining=remaining, left=left, spared=[], began=NOW, ended=NOW + 75,
    )  # fmt: skip


def test_the_plan_says_what_where_and_in_which_order() -> None:
    spared = tuple(SparedItem(name=f"done-{n}", uid=str(n), role="blast", why="terminal") for n in range(200))
    shared = SparedItem(name="init-pv", uid="x", role="setup", why="shared")
    lines = plan_lines(plan(10, spared=(*spared, shared)), PLACE, "by a test", NOW, width=None, colour=False)
    assert (
        "\n".join(lines)
        == f"""\
Search  {ID}
Where   namespace blast of cluster prod, by a test
What    blastp core_nt, running

STAGE      JOB               AGE  NOTE
finalizer  elb-finalizer  12 min  is being deleted already
blast      batch-0        12 min
blast      batch-1        12 min
blast      batch-2        12 min
blast      batch-3        12 min
blast      batch-4        12 min
blast      batch-5        12 min
blast      batch-6        12 min
blast      batch-7        12 min
blast      … and 2 more

Not touched
  init-pv: serves every search of the namespace
  done-0, done-1 and 198 more: has ended
"""
    )


def test_what_the_document_does_not_list_is_counted() -> None:
    lines = plan_lines(plan(500, counted=1501), PLACE, "", NOW, width=None, colour=False)
    assert any("… and 1492 more" in line for line in lines)


def test_a_search_that_is_gone_has_no_table() -> None:
    lines = plan_lines(None, PLACE, "", NOW, width=None, colour=False)
    assert "Nothing of it lives." in lines


def test_names_of_others_cannot_steer_the_terminal() -> None:
    evil = Place(cluster="", namespace="a\x1b[2J", id="job\r\n1", what="nr\x07")
    assert all(line.isprintable() for line in plan_lines(None, evil, "", NOW, width=None, colour=False))


def test_the_question_names_the_count_and_the_short_id() -> None:
    asked = question(plan(11))
    assert asked.startswith("12 Jobs will be deleted")
    assert "Type 2d6e172d (the last 8 characters" in asked
    assert question(plan()).startswith("1 Job will be deleted")


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_a_code_and_a_sentence_of_its_own(outcome: Outcome) -> None:
    (first, *_) = outcome_lines(result(outcome), colour=False)
    assert first == OUTCOMES[outcome]
    assert len(set(OUTCOMES.values())) == len(EXIT_CODES) == len(Outcome)
    assert (EXIT_CODES[outcome] == 0) == (outcome in (Outcome.DONE, Outcome.ALREADY_GONE, Outcome.PLANNED))


def test_what_is_left_is_named_and_counted() -> None:
    text = "\n".join(outcome_lines(result(Outcome.PARTIAL, deleted=4, left=620), colour=False))
    assert "deleted   4 Jobs in 1 min" in text
    assert "left      620 Jobs" in text
    assert "… and 612 more" in text


# The bars


def test_a_bar_is_what_is_gone_and_what_is_accepted() -> None:
    assert bar(StageProgress(stage="blast", total=300, deleted=180, gone=120)) == (
        "blast      [#########-----..........] 120/300 gone, 180 deleted"
    )
    assert bar(StageProgress(stage="submit", total=1, deleted=1, gone=1)) == f"submit     [{'#' * 24}] 1/1 gone"
    assert "[........................]" in bar(StageProgress(stage="setup", total=3, deleted=0, gone=0))


def moments() -> list[Moment]:
    def at(stage: str, *gone: int) -> Moment:
        stages = [
            StageProgress(stage=name, total=2, deleted=n, gone=n)
            for name, n in zip(("finalizer", "blast"), gone, strict=True)
        ]
        return Moment(stage=stage, stages=stages)

    return [Moment(), at("finalizer", 0, 0), at("finalizer", 1, 0), at("blast", 2, 0), at("verify", 2, 2)]


def test_elsewhere_than_on_a_terminal_each_event_is_one_line() -> None:
    stream = io.StringIO()
    bars = Bars(stream, redraw=False)
    for moment in moments():
        bars.show(moment)
        bars.show(moment)
    assert stream.getvalue().splitlines() == [
        "finalizer: 2 to delete",
        "finalizer: 2 of 2 gone",
        "blast: 2 to delete",
        "blast: 2 of 2 gone",
        "verify: looking until nothing of it is left, twice",
    ]


def test_on_a_terminal_the_bars_are_drawn_over_the_old_ones() -> None:
    stream = io.StringIO()
    bars = Bars(stream, redraw=True)
    for moment in moments():
        bars.show(moment)
    written = stream.getvalue()
    assert re.findall(r"\x1b\[(\d)A", written) == ["2", "2", "2"]
    assert written.rstrip().endswith("verify     looking until nothing of it is left, twice\x1b[K")


# Refusals


@pytest.mark.parametrize("name", sorted(TITLES))
def test_every_problem_of_the_admin_port_has_its_exit_code(name: str) -> None:
    end = problem(422, body_of(Problem(422, name, "because")))
    assert str(end).startswith("because")
    assert end.code == (EXIT_CODES[Outcome(name)] if name in set(Outcome) else 4)
    assert set(Refusal) <= set(TITLES)


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b'{"type": 5}', b"[" * 100_000])
def test_what_is_no_problem_document_is_7(content: bytes) -> None:
    end = problem(404, content)
    assert (end.code, "not the admin port" in str(end)) == (7, True)


def test_the_text_of_a_problem_cannot_steer_the_terminal() -> None:
    end = problem(409, msgspec.json.encode({"type": "about:blank#busy", "detail": "a\x1b[2Jb"}))
    assert str(end).isprintable()
