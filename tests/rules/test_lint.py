"""The rules name what exists, say what they must, and need what is recorded; and the lint would see if not."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import promql_parser as promql
import pytest
import yaml

from deploy.rules.source import CHART, MARKER, UNREAD, defaults, groups, texts
from tests.rules.cases import RULES
from tests.rules.lint import names, problems
from tests.rules.tables import ALL

GROUPS = groups(defaults())
EVERY = [rule for group in GROUPS for rule in group["rules"]]
SOURCE = "".join(path.read_text("utf-8") for path in sorted((CHART / "rules").glob("*.yaml")))
GOOD = RULES["ElbExporterThrottled"]


@pytest.mark.parametrize("rule", EVERY, ids=lambda rule: rule.get("alert") or rule["record"])
def test_nothing_is_wrong_with_a_rule(rule: dict[str, Any]) -> None:
    assert not problems(rule)


def test_the_groups_are_those_that_are_known_and_small_enough_for_azure() -> None:
    topics = ("search", "pods", "nodes", "azure", "cost", "admin", "exporter")
    alerts = {f"elasticblast-{topic}-alerts" for topic in topics}
    assert {group["name"] for group in GROUPS} == {"elasticblast-search", "elasticblast-fleet"} | alerts
    assert all(len(group["rules"]) <= 20 for group in GROUPS)


def test_no_name_is_used_twice() -> None:
    used = [rule.get("alert") or rule["record"] for rule in EVERY]
    assert len(used) == len(set(used))


def test_what_is_recorded_is_used_and_what_is_used_is_recorded() -> None:
    recorded = {rule["record"] for rule in EVERY if "record" in rule}
    used = {name for rule in EVERY for name in names(promql.parse(rule["expr"])) if ":" in name}
    assert used == recorded


def test_every_marker_has_a_default_and_every_default_is_used() -> None:
    assert set(MARKER.findall(SOURCE)) == set(defaults())


def test_no_marker_is_left_when_the_defaults_are_filled_in() -> None:
    assert not [text for _, text in texts(defaults()) if MARKER.search(text)]


def test_every_for_can_be_set() -> None:
    assert set(re.findall(r"^ +for: (.*)$", SOURCE, re.MULTILINE)) == {
        f'"@{name}@"' for name in defaults() if name.endswith("For")
    }


def test_every_default_is_said_to_be_what_it_is() -> None:
    """A number, or a duration where the name ends in For: as the chart's schema and Azure need it."""
    for name, value in defaults().items():
        if name not in {"runbookBase", *UNREAD}:
            assert isinstance(value, str) == name.endswith("For"), name


def test_every_label_in_a_text_is_a_label_of_the_alert() -> None:
    """Not always: only where another word stands in for it may it be absent."""
    labels: dict[str, list[set[str]]] = {}
    for case in (one for one in ALL if one.fires):
        labels.setdefault(case.alert, []).append(set(re.findall(r"(\w+)=", case.labels)))
    for alert, found in labels.items():
        text = " ".join(RULES[alert]["annotations"].values())
        assert set(re.findall(r"\$labels\.(\w+)", text)) <= set.union(*found), alert
        assert set(re.findall(r"\{\{ \$labels\.(\w+)", text)) <= set.intersection(*found), alert


def test_the_values_say_of_each_threshold_once_what_it_is() -> None:
    block = (CHART / "values.yaml").read_text("utf-8").partition("  thresholds:\n")[2]
    assert yaml.safe_load(block.partition("\n\n")[0]) == {
        name: value for name, value in defaults().items() if name not in {"runbookBase", *UNREAD}
    }


def _with(**change: Any) -> dict[str, Any]:
    return {**GOOD, **change}


def _note(name: str, text: str) -> dict[str, Any]:
    return _with(annotations={**GOOD["annotations"], name: text})


def _in_expression(old: str, new: str) -> dict[str, Any]:
    assert old in GOOD["expr"]
    return _with(expr=GOOD["expr"].replace(old, new))


MUTANTS: dict[str, Callable[[], dict[str, Any]]] = {
    "does not parse": lambda: _with(expr="sum by ("),
    "no such metric": lambda: _in_expression("collector_runs_total", "collector_run_total"),
    "no such metric ": lambda: _with(expr="worker:elasticblast_x:sum > 1"),
    "has no label": lambda: _in_expression('result="throttled"', 'outcome="throttled"'),
    "is never": lambda: _in_expression('result="throttled"', 'result="throttle"'),
    "is never ": lambda: _with(expr='max by (cluster) (elasticblast_exporter_collector_state{resource="job"}) == 1'),
    "a pattern that is none": lambda: _in_expression('result="throttled"', 'result=~"throttled"'),
    "rate of what is no counter": lambda: _with(expr="max by (cluster) (rate(elasticblast_searches[5m])) > 1"),
    "a counter is looked at as it is": lambda: _with(expr="max by (pool) (elasticblast_nodes_removed_total) > 1"),
    "topk changes its mind": lambda: _with(expr="topk(3, elasticblast_searches) > 1"),
    "an aggregation without by": lambda: _with(expr="sum(elasticblast_searches) > 1"),
    "without keeps": lambda: _with(expr="max without (pod) (elasticblast_searches) > 1"),
    "no such label below": lambda: _in_expression("sum by (cluster, collector)", "sum by (cluster, pool)"),
    "a side has no such label": lambda: _in_expression("on (cluster, collector)", "on (cluster, phase)"),
    "nothing is compared": lambda: _with(expr="max by (cluster) (increase(elasticblast_nodes_removed_total[5m]))"),
    "not a name of ours": lambda: _with(alert="ExporterThrottled"),
    "severity and audience": lambda: _with(labels={**GOOD["labels"], "severity": "page"}),
    "severity and audience ": lambda: _with(labels={"severity": "info"}),
    "annotations are": lambda: _with(annotations={"summary": "Too little."}),
    "a summary is": lambda: _note("summary", "More than 10 requests."),
    "a description is": lambda: _note("description", "No stop"),
    "not humanized": lambda: _note("description", "It is {{ $value }}."),
    "the runbook of another": lambda: _note("runbook_url", GOOD["annotations"]["runbook_url"].replace("Thr", "T")),
    "no such board": lambda: _note("dashboard", "/d/elb-none"),
    "a state without for": lambda: {key: value for key, value in _with(expr="up == 0").items() if key != "for"},
    "not level:metric:operation": lambda: {"record": "elasticblast_searches:sum", "expr": "up"},
    "with labels of its own": lambda: {"record": "pool:elasticblast_x:sum", "expr": "up", "labels": {"a": "b"}},
}


@pytest.mark.parametrize("said", MUTANTS)
def test_the_lint_sees_what_is_wrong(said: str) -> None:
    assert not problems(GOOD)
    assert any(said.strip() in problem for problem in problems(MUTANTS[said]()))
