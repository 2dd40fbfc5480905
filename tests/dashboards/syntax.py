"""PromQL as a tree: what it is made of, and which labels its answer has."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import promql_parser as promql

TARGET = frozenset({"job", "instance"})
OUTSIDE = {
    "up": TARGET,
    "scrape_duration_seconds": TARGET,
    "scrape_samples_scraped": TARGET,
    "ALERTS": TARGET | {"alertname", "alertstate", "severity", "cluster", "elb_job_id"},
}
"""What Prometheus itself tells of its targets and alerts."""


class Selected(NamedTuple):
    """A selector, the functions and aggregations around it (the innermost first), and whether its range is long."""

    name: str
    matchers: tuple[tuple[str, str, str], ...]
    around: tuple[str, ...]
    ranged: bool


@cache
def parsed(expr: str) -> Any:
    """The tree of an expression. Raises ValueError."""
    return promql.parse(expr)


def children(node: Any) -> list[Any]:
    """The nodes below a node."""
    match type(node).__name__:
        case "AggregateExpr":
            return [node.expr, *([node.param] if node.param is not None else [])]
        case "BinaryExpr":
            return [node.lhs, node.rhs]
        case "Call":
            return list(node.args)
        case "MatrixSelector":
            return [node.vector_selector]
        case "SubqueryExpr" | "ParenExpr" | "UnaryExpr":
            return [node.expr]
    return []


def selectors(node: Any, around: tuple[str, ...] = (), *, ranged: bool = False) -> Iterator[Selected]:
    """Every selector of a tree."""
    kind = type(node).__name__
    if kind == "VectorSelector":
        matchers = tuple((one.name, _operator(one), one.value) for one in node.matchers.matchers)
        yield Selected(node.name, matchers, around, ranged)
    if kind == "AggregateExpr":
        around = (str(node.op), *around)
    if kind == "Call":
        around = (node.func.name, *around)
    if kind == "SubqueryExpr":
        around = ("subquery", *around)
    for child in children(node):
        yield from selectors(child, around, ranged=kind == "MatrixSelector")


def operators(node: Any) -> Iterator[Any]:
    """The nodes of a tree."""
    yield node
    for child in children(node):
        yield from operators(child)


def _operator(matcher: Any) -> str:
    return {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}[str(matcher.op).rsplit(".", 1)[-1]]
