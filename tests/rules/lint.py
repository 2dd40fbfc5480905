"""What is wrong with a rule, by its text and the catalogue of metrics; no Prometheus is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import promql_parser as promql

from deploy.rules.source import UNREAD
from exporter.collectors import batch, core
from exporter.metrics.catalogue import CATALOGUE, PER_CLUSTER

FAMILIES = {family.name: PER_CLUSTER.get(family.name, family) for family in CATALOGUE}
TARGET = frozenset({"job", "instance"})
RECORDED = {
    "search": frozenset({"cluster", "namespace", "elb_job_id", "phase"}),
    "cluster": frozenset({"cluster"}),
    "pool": frozenset({"cluster", "pool", "currency"}),
}
"""Labels of a recorded series by the level that its name begins with."""
OVER_COUNTERS = {"rate", "increase"}
RESOURCES = {resource.name for collector in (core.COLLECTOR, batch.COLLECTOR) for resource in collector.resources}
SEVERITIES = {"critical", "warning", "info"}
AUDIENCES = {"scientist", "operator", "cost"}
BOARDS = {f"/d/elb-{name}" for name in ("home", "search", "jobs", "nodes", "cost", "admin", "exporter")}
COMPARISON = re.compile(r"==|!=|>=|<=|>|<|\babsent\(")
AT_ONCE = {"ElbSearchFailed", "ElbPodsOOMKilled"}
"""States that do not pass by themselves; every other alert without `for` is about an event."""


def problems(rule: Mapping[str, Any]) -> list[str]:
    """All that is wrong with one rule, recorded or alerting, its markers filled in."""
    try:
        tree = promql.parse(rule["expr"])
    except ValueError as error:
        return [f"does not parse: {error}"]
    found = list(_of_expression(tree))
    found += _of_alert(rule) if "alert" in rule else _of_record(rule)
    return found


def labels_of(name: str) -> frozenset[str] | None:
    """The labels that a series of this name may have; None for a name that is not known."""
    if name in FAMILIES:
        return frozenset(FAMILIES[name].labels) | TARGET
    if name == "up":
        return TARGET
    level = name.partition(":")[0]
    return RECORDED.get(level) if ":" in name else None


def names(tree: promql.Expr) -> set[str]:
    """Every metric name in an expression."""
    return {node.name or "" for node in _nodes(tree) if isinstance(node, promql.VectorSelector)}


def _nodes(tree: promql.Expr) -> list[promql.Expr]:
    found: list[promql.Expr] = []
    promql.walk(tree, found.append)
    return found


def _labels_below(tree: promql.Expr) -> frozenset[str]:
    return frozenset[str]().union(*(labels_of(name) or () for name in names(tree)))


def _of_expression(tree: promql.Expr) -> Iterator[str]:
    counted = set()
    for node in _nodes(tree):
        if isinstance(node, promql.VectorSelector):
            yield from _of_selector(node)
        elif isinstance(node, promql.Call):
            inside = {name for part in node.args for name in names(part)}
            counted |= inside if node.func.name in OVER_COUNTERS else set()
            if node.func.name in OVER_COUNTERS and not all(name.endswith("_total") for name in inside):
                yield f"{node.func.name} of what is no counter"
        elif isinstance(node, promql.AggregateExpr):
            yield from _of_aggregation(node)
        elif isinstance(node, promql.BinaryExpr) and node.modifier and node.modifier.matching:
            for side in (node.lhs, node.rhs):
                foreign = set(node.modifier.matching.labels) - _labels_below(side)
                if foreign:
                    yield f"on ({', '.join(sorted(foreign))}): a side has no such label"
    raw = {name for name in names(tree) if name.endswith("_total")} - counted
    if raw:
        yield f"a counter is looked at as it is: {raw}"


def _of_selector(node: promql.VectorSelector) -> Iterator[str]:
    name = node.name or ""
    labels = labels_of(name)
    if labels is None:
        yield f"no such metric: {name}"
        return
    words = dict(FAMILIES[name].values or {}) if name in FAMILIES else {}
    for matcher in node.matchers.matchers:
        if matcher.name not in labels:
            yield f"{name} has no label {matcher.name}"
        if matcher.value == UNREAD["unread"] and "NotRe" in str(matcher.op):
            continue
        known = set(words.get(matcher.name, ())) or (RESOURCES if matcher.name == "resource" else set())
        wanted = set(matcher.value.split("|"))
        if known and not wanted <= known:
            yield f"{name}: {matcher.name} is never {wanted - known}"
        if "Re" in str(matcher.op) and len(wanted) == 1:
            yield f"{name}: a pattern that is none, {matcher.value}"


def _of_aggregation(node: promql.AggregateExpr) -> Iterator[str]:
    text = node.prettify()
    if text.startswith(("topk", "bottomk")):
        yield "topk changes its mind"
    if node.modifier is None:
        if not text.startswith("count"):
            yield f"an aggregation without by: {text}"
        return
    if "Without" in str(node.modifier.type):
        yield "without keeps what nobody thought of"
    foreign = set(node.modifier.labels) - _labels_below(node.expr)
    if foreign:
        yield f"by ({', '.join(sorted(foreign))}): no such label below"


def _of_record(rule: Mapping[str, Any]) -> Iterator[str]:
    if not re.fullmatch(r"(search|cluster|pool):elasticblast_[a-z_]+:[a-z0-9_]+", rule["record"]):
        yield f"not level:metric:operation: {rule['record']}"
    if rule.get("labels"):
        yield "a recorded series with labels of its own"


def _of_alert(rule: Mapping[str, Any]) -> Iterator[str]:
    name, labels, notes = rule["alert"], rule.get("labels", {}), rule.get("annotations", {})
    if not re.fullmatch(r"Elb([A-Z]+[a-z]+)+", name):
        yield f"not a name of ours: {name}"
    if labels.get("severity") not in SEVERITIES or labels.get("audience") not in AUDIENCES or len(labels) != 2:
        yield "severity and audience, and nothing else, of their words"
    if set(notes) != {"summary", "description", "runbook_url", "dashboard"}:
        yield f"annotations are {sorted(notes)}"
        return
    if not re.fullmatch(r"[A-Z][^{}0-9]+\.", notes["summary"]):
        yield "a summary is one sentence without numbers"
    if not notes["description"].endswith(".") or len(notes["description"]) > 1024:
        yield "a description is sentences, at most 1024 characters"
    if re.search(r"\$value(?! \| humanize)", notes["description"]):
        yield "a value that is not humanized"
    if not notes["runbook_url"].endswith(f"/docs/runbook/{name}.md"):
        yield "the runbook of another alert"
    if notes["dashboard"] not in BOARDS:
        yield f"no such board: {notes['dashboard']}"
    if not COMPARISON.search(rule["expr"]):
        yield "nothing is compared"
    if "for" not in rule and name not in AT_ONCE and "increase(" not in rule["expr"]:
        yield "a state without for"
