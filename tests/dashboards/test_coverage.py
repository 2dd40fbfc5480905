"""What the exporter says and what the boards show are the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from dashboards.generator import boards
from dashboards.generator.questions import ANSWERS
from exporter.metrics.catalogue import CATALOGUE
from tests.dashboards.labels import EXPORTED
from tests.dashboards.lint_queries import expressions
from tests.dashboards.queries import FOLDER, documents, panels, queries
from tests.dashboards.quiet import FAMILIES, PANELS, why_empty
from tests.dashboards.syntax import OUTSIDE, parsed, selectors

BOARDS = documents()
RULES = FOLDER.parent / "deploy/helm/elasticblast-exporter/rules"
ALERTED = {
    ("elb-search", "Quiet for"): "searchStalledSeconds",
    ("elb-search", "Cancel asked for"): "cancelStuckSeconds",
    ("elb-jobs", "Share of blast Jobs that fail"): "batchJobErrorRatio",
    ("elb-jobs", "Job objects stored"): "jobsPilingUp",
    ("elb-nodes", "Quota used"): "quotaNearlyUsedRatio",
    ("elb-nodes", "Control plane"): "controlPlaneBusyRatio",
    ("elb-admin", "Oldest cancel that runs"): "cancelStuckSeconds",
}
_QUESTIONS = range(1, 41)


def _shown(*uids: str) -> set[str]:
    """The families in the panels of some boards."""
    found: set[str] = set()
    for uid in uids:
        for query, expr in expressions(BOARDS[uid]):
            if query.kind == "panel":
                found |= {one.name for one in selectors(parsed(expr))}
    return {EXPORTED[name].name if name in EXPORTED else name for name in found}


def _found(pattern: str, folder: Path, names: str) -> set[str]:
    return {word for path in folder.glob(names) for word in re.findall(pattern, path.read_text(encoding="utf-8"))}


def test_every_metric_is_on_the_board_of_all_metrics() -> None:
    assert _shown("elb-reference") == {family.name for family in CATALOGUE}


def test_every_metric_is_on_a_board_that_answers_a_question() -> None:
    """A metric that no question needs is a metric too many."""
    assert _shown(*(uid for uid in BOARDS if uid != "elb-reference")) - set(OUTSIDE) == {one.name for one in CATALOGUE}


def test_every_question_is_answered_by_panels_that_are_there_or_said_to_be_answered_elsewhere() -> None:
    titles = {(uid, panel["title"]) for uid, document in BOARDS.items() for panel in panels(document)}

    assert [answer.number for answer in ANSWERS] == list(_QUESTIONS)
    assert {where for answer in ANSWERS for where in answer.panels} <= titles
    assert all(answer.panels or answer.instead for answer in ANSWERS)
    assert [answer.number for answer in ANSWERS if not answer.panels] == [20]


def test_every_runbook_that_a_board_leads_to_is_that_of_an_alert() -> None:
    alerts = _found(r"alert: (\w+)", RULES, "*.yaml")
    linked = _found(r"/runbook/(\w+)\.md", FOLDER, "*.json")

    assert linked
    assert linked <= alerts


@pytest.mark.parametrize(("where", "key"), ALERTED.items(), ids=lambda value: value if isinstance(value, str) else None)
def test_a_colour_changes_where_the_alert_begins(where: tuple[str, str], key: str) -> None:
    """The default of the chart's threshold; who changes it there keeps the colours of the board."""
    values = yaml.safe_load((RULES.parent / "values.yaml").read_text(encoding="utf-8"))
    panel = next(one for one in panels(BOARDS[where[0]]) if one["title"] == where[1])
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]

    assert values["rules"]["thresholds"][key] in [step["value"] for step in steps]


def test_titles_of_panels_are_distinct_within_a_board() -> None:
    for uid, document in BOARDS.items():
        titles = [panel["title"] for panel in panels(document)]
        assert len(titles) == len(set(titles)), uid


def test_the_list_of_boards_is_complete() -> None:
    assert {board.uid for board in boards.ALL} == set(BOARDS)


def test_what_may_be_empty_is_there_and_is_the_exception() -> None:
    every = list(queries(search="job-1"))
    excused = [query for query in every if why_empty(query)]

    assert set(PANELS) <= {(query.board, query.panel) for query in every}
    assert set(FAMILIES) <= {family.name for family in CATALOGUE}
    assert len(excused) < len(every) / 3
