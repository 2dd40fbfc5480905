"""A lint that cannot fail is none: a board broken in one place is noticed by the rule for it, and by that rule."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.dashboards import lint_board, lint_queries
from tests.dashboards.queries import Document, documents, panels

HOME = documents()["elb-home"]
Rule = Callable[[Document], Iterator[str]]
JOB = 'job=~"$job"'


def _expr(expr: str) -> Callable[[Document], None]:
    """The query of the first panel is this one."""

    def change(document: Document) -> None:
        document["panels"][0]["targets"][0]["expr"] = expr

    return change


def _target(**values: object) -> Callable[[Document], None]:
    """The first query of the first panel has these values."""
    return lambda document: document["panels"][0]["targets"][0].update(values)


def _panel(**values: Any) -> Callable[[Document], None]:
    """The first panel has these values."""
    return lambda document: document["panels"][0].update(values)


def _default(key: str, value: object) -> Callable[[Document], None]:
    """The first panel's fields have this default."""
    return lambda document: document["panels"][0]["fieldConfig"]["defaults"].update({key: value})


def _board(**values: Any) -> Callable[[Document], None]:
    return lambda document: document.update(values)


def _variable(of: str, **values: Any) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        next(one for one in document["templating"]["list"] if one["name"] == of).update(values)

    return change


def _new_variable(document: Document) -> None:
    document["templating"]["list"].append({**document["templating"]["list"][1], "name": "idle"})


def _second(**values: Any) -> Callable[[Document], None]:
    """The second panel has these values of the first."""
    return lambda document: document["panels"][1].update({key: document["panels"][0][key] for key in values})


def _url(url: str) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        document["panels"][1]["fieldConfig"]["defaults"]["links"] = [{"title": "Open", "url": url}]

    return change


def _column(name: str) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        table = next(panel for panel in panels(document) if panel["type"] == "table")
        table["transformations"][1]["options"]["include"]["names"].append(name)

    return change


BOTH = f'cluster=~"$cluster", {JOB}'
LIVE = f"elasticblast_searches{{{BOTH}}}"
GONE = f"elasticblast_nodes_removed_total{{{BOTH}}}"
CARRY = "${datasource:queryparam}&${cluster:queryparam}&${job:queryparam}&${__url_time_range}"

BREAKS: list[tuple[Rule, str, Callable[[Document], None]]] = [
    (lint_board.identity, "another uid", _board(uid="Zx81")),
    (lint_board.identity, "no tag", _board(tags=["scientist"])),
    (lint_board.identity, "two audiences", _board(tags=["elastic-blast", "scientist", "cost"])),
    (lint_board.identity, "editable", _board(editable=True)),
    (lint_board.identity, "inputs", _board(__inputs=[])),
    (lint_board.identity, "an id", _board(id=4)),
    (lint_board.variables, "data source by another name", _variable("datasource", name="DS_PROMETHEUS")),
    (lint_board.variables, "an author's choice", _variable("cluster", current={"value": ["aks-one"]})),
    (lint_board.variables, "not reloaded", _variable("cluster", refresh=1)),
    (lint_board.variables, "all is not all", _variable("job", allValue=".*")),
    (lint_board.variables, "a variable that no query uses", _new_variable),
    (lint_board.variables, "an unknown variable", _panel(title="of $shard")),
    (lint_board.dressed, "a unit that is none", _default("unit", "seconds")),
    (lint_board.dressed, "nothing to say", _default("noValue", "")),
    (lint_board.dressed, "a false zero", _default("noValue", "0")),
    (lint_board.dressed, "half a description", _panel(description="Searches.")),
    (lint_board.dressed, "a kind that is gone", _panel(type="graph")),
    (lint_board.dressed, "no query", _panel(targets=[])),
    (lint_board.dressed, "a data source of its own", _panel(datasource={"type": "prometheus", "uid": "P1809F7CD0C75"})),
    (lint_board.dressed, "no least step", _panel(interval="10s")),
    (lint_board.variables, "not plain", _variable("job", query={"query": "label_values(max(up), job)"})),
    (lint_board.honest, "a number of long ago", _target(instant=False)),
    (lint_board.placed, "an id twice", _second(id=0)),
    (lint_board.placed, "one over the other", _second(gridPos=0)),
    (lint_board.placed, "off the grid", _panel(gridPos={"x": 22, "y": 90, "w": 3, "h": 4})),
    (lint_board.placed, "a long first page", _panel(gridPos={"x": 0, "y": 23, "w": 3, "h": 4})),
    (lint_board.placed, "a refId twice", _panel(targets=[{"refId": "A", "expr": "1"}] * 2)),
    (lint_board.linked, "no menu", _board(links=[])),
    (lint_board.linked, "a board that is not there", _url(f"/d/elb-fleet?{CARRY}")),
    (lint_board.linked, "a link that forgets the cluster", _url("/d/elb-jobs?${datasource:queryparam}")),
    (lint_board.linked, "a link in a text", _panel(description="see [there](https://grafana.example/d/x)")),
    (lint_board.private, "a subscription", _panel(description="of 3f2504e0-4f89-41d3-9a0c-0305e82c3301")),
    (lint_board.private, "an address", _panel(description="on 10.0.0.7")),
    (lint_board.private, "somebody's host", _panel(description="https://grafana.contoso.com/")),
    (lint_queries.parses, "no PromQL", _expr("sum by (")),
    (lint_queries.parses, "a metric that is gone", _expr(f"max(elasticblast_search_state{{{BOTH}}})")),
    (lint_queries.parses, "a matcher that finds nothing", _expr(f'max(elasticblast_searches{{{BOTH}, pool="x"}})')),
    (lint_queries.parses, "a sum by a label that is gone", _expr(f"sum by (pool) (max by (phase) ({LIVE}))")),
    (lint_queries.parses, "a join on a label that is gone", _expr(f"max({LIVE}) * on (phase) max({GONE})")),
    (lint_queries.parses, "a quantile without buckets", _expr(f"histogram_quantile(0.5, max(increase({GONE}[1h])))")),
    (lint_queries.chosen, "any job", _expr('max(elasticblast_searches{cluster=~"$cluster"})')),
    (lint_queries.chosen, "any cluster", _expr(f"max(elasticblast_searches{{{JOB}}})")),
    (lint_queries.types, "a naked counter", _expr(f"max({GONE})")),
    (lint_queries.types, "the rate of a gauge", _expr(f"max(rate({LIVE}[$__rate_interval]))")),
    (lint_queries.types, "the slope of a counter", _expr(f"max(deriv({GONE}[1h]))")),
    (lint_queries.windows, "a short window", _expr(f"max(rate({GONE}[1m]))")),
    (lint_queries.folded, "replicas counted twice", _expr(f"sum({LIVE})")),
    (lint_queries.folded, "replicas shown twice", _expr(LIVE)),
    (lint_queries.words, "a phase that is none", _expr(f'max(elasticblast_searches{{{BOTH}, phase="runing"}})')),
    (lint_queries.recorded, "a recorded name", _expr(f"max(search:elasticblast_search_idle:seconds{{{BOTH}}})")),
    (lint_queries.legends, "a legend without its label", _target(legendFormat="{{pool}}")),
    (lint_queries.legends, "a column without its label", _column("node")),
    (lint_queries.trivial, "no metric", _expr("vector(0)")),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "what", "change"), BREAKS, ids=[f"{one[0].__name__}: {one[1]}" for one in BREAKS])
def test_the_rule_notices(rule: Rule, what: str, change: Callable[[Document], None]) -> None:
    broken = copy.deepcopy(HOME)
    change(broken)

    assert not list(rule(HOME))
    assert list(rule(broken)), what


def test_every_rule_is_broken_once() -> None:
    assert {one[0] for one in BREAKS} == {*lint_board.RULES, *lint_queries.RULES}
