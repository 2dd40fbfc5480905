"""Which labels the answer to an expression has, and where one asks for a label that is not there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exporter.metrics.catalogue import CATALOGUE, PER_CLUSTER
from exporter.metrics.family import Family
from tests.dashboards.syntax import OUTSIDE, TARGET

Labels = frozenset[str]
NONE: Labels = frozenset()
_PICKED = ("topk", "bottomk")
_SETS = ("and", "unless", "or")


def exported() -> dict[str, Family]:
    """The families by every name under which they have series, with the label `cluster` where they may have it."""
    found: dict[str, Family] = {}
    for family in CATALOGUE:
        parts = ("_bucket", "_sum", "_count") if family.kind == "histogram" else ("",)
        found |= {family.name + part: PER_CLUSTER.get(family.name, family) for part in parts}
    return found


EXPORTED = exported()


def of_name(name: str) -> Labels:
    """The labels of the series of a name. Raises KeyError."""
    if name in OUTSIDE:
        return OUTSIDE[name]
    return TARGET | set(EXPORTED[name].labels) | ({"le"} if name.endswith("_bucket") else NONE)


def of(node: Any, problems: list[str]) -> Labels:
    """The labels of an answer, empty for a number; what is wrong on the way is added to `problems`."""
    match type(node).__name__:
        case "VectorSelector":
            return _selected(node, problems)
        case "MatrixSelector":
            return _selected(node.vector_selector, problems)
        case "SubqueryExpr" | "ParenExpr" | "UnaryExpr":
            return of(node.expr, problems)
        case "Call":
            return _called(node, problems)
        case "AggregateExpr":
            return _aggregated(node, problems)
        case "BinaryExpr":
            return _combined(node, problems)
    return NONE


def _selected(node: Any, problems: list[str]) -> Labels:
    if node.name not in OUTSIDE and node.name not in EXPORTED:
        problems.append(f"{node.name} is not exported")
        return NONE
    own = of_name(node.name)
    _demand({matcher.name for matcher in node.matchers.matchers}, own, f"a matcher of {node.name}", problems)
    return own


def _called(node: Any, problems: list[str]) -> Labels:
    found = [of(argument, problems) for argument in node.args]
    labels = frozenset().union(*found)
    if node.func.name == "histogram_quantile":
        _demand({"le"}, labels, "histogram_quantile", problems)
        return labels - {"le"}
    return labels


def _aggregated(node: Any, problems: list[str]) -> Labels:
    inner = of(node.expr, problems)
    if str(node.op) in _PICKED:
        return inner
    if node.modifier is None:
        return NONE
    named = frozenset(node.modifier.labels)
    _demand(named, inner, str(node.modifier), problems)
    return inner - named if "Without" in str(node.modifier.type) else named


def _combined(node: Any, problems: list[str]) -> Labels:
    left, right = of(node.lhs, problems), of(node.rhs, problems)
    modifier = node.modifier
    if modifier is None or modifier.matching is None:
        return left | right
    on = frozenset(modifier.matching.labels)
    _demand(on, left, f"left of {node.op} on", problems)
    _demand(on, right, f"right of {node.op} on", problems)
    if str(node.op) in _SETS:
        return left | right if str(node.op) == "or" else left
    brought = frozenset(modifier.group_labels or ())
    match str(modifier.card).rsplit(".", 1)[-1]:
        case "ManyToOne":
            _demand(brought, right, "group_left", problems)
            return left | brought
        case "OneToMany":
            _demand(brought, left, "group_right", problems)
            return right | brought
    return on


def _demand(wanted: frozenset[str] | set[str], there: Labels, where: str, problems: list[str]) -> None:
    problems += [f"{where}: no label {label}" for label in sorted(wanted - there)]


def words_of(name: str) -> Mapping[str, tuple[str, ...]]:
    """The closed vocabularies of the labels of a series, by label."""
    return (EXPORTED[name].values or {}) if name in EXPORTED else {}
