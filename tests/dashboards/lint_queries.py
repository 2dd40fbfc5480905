"""Rules for the queries of a board. Each rule yields what is wrong; nothing means good."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.dashboards import labels
from tests.dashboards.queries import BUILT_IN, Document, Query, interpolated, panels, raw, used_variables
from tests.dashboards.syntax import OUTSIDE, Selected, operators, parsed, selectors

_COUNTS = ("rate", "irate", "increase")
_GAUGES = ("deriv", "delta", "idelta", "predict_linear")
_FOLDS = ("max", "count")
_LEGEND = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_LITERAL = re.compile(r"[\w|.-]+")
_VARIABLE_QUERY = re.compile(r"(?:label_values|query_result)\((?P<expr>.+?)(?:,\s*(?P<label>\w+))?\)$", re.DOTALL)


def expressions(document: Document) -> Iterator[tuple[Query, str]]:
    """Each query with the PromQL in it, variables of Grafana's own replaced and ours left as text."""
    ours = {variable["name"]: f"${variable['name']}" for variable in document["templating"]["list"]}
    for query in raw(document):
        expr = query.expr
        if query.kind == "variable":
            match = _VARIABLE_QUERY.fullmatch(expr)
            expr = match["expr"] if match else "not a query of a variable("
        yield query, interpolated(expr, {**{name: f"${name}" for name in used_variables(expr)}, **ours, **BUILT_IN})


def parses(document: Document) -> Iterator[str]:
    """Every query is PromQL, and asks for labels that are there."""
    for query, expr in expressions(document):
        try:
            tree = parsed(expr)
        except ValueError as error:
            yield f"{query.panel} {query.ref}: {error}"
            continue
        problems: list[str] = []
        labels.of(tree, problems)
        yield from (f"{query.panel} {query.ref}: {problem}" for problem in problems)


def _selected(document: Document) -> Iterator[tuple[Query, Selected]]:
    for query, expr in expressions(document):
        try:
            yield from ((query, one) for one in selectors(parsed(expr)))
        except ValueError:
            continue


def chosen(document: Document) -> Iterator[str]:
    """Every selector is bound to the scrape jobs and the clusters that are chosen."""
    for query, one in _selected(document):
        own = labels.of_name(one.name) if one.name in OUTSIDE or one.name in labels.EXPORTED else frozenset()
        wanted = {("job", "=~", "$job")} if one.name != "ALERTS" and query.panel not in ("cluster", "job") else set()
        if "cluster" in own and query.panel not in ("cluster", "job"):
            wanted.add(("cluster", "=~", "$cluster"))
        missing = wanted - set(one.matchers)
        yield from (f"{query.panel} {query.ref}: {one.name} lacks {name}{op}{value}" for name, op, value in missing)


def types(document: Document) -> Iterator[str]:
    """Counters only in rate and increase, gauges never; slopes of gauges only; quantiles of buckets only."""
    for query, one in _selected(document):
        if one.name in OUTSIDE or one.name not in labels.EXPORTED or query.kind == "variable":
            continue
        counted = labels.EXPORTED[one.name].kind != "gauge"
        inner = one.around[0] if one.around and one.ranged else ""
        place = f"{query.panel} {query.ref}: {one.name}"
        if counted and inner not in _COUNTS:
            yield f"{place} is a counter outside rate and increase"
        if not counted and inner in _COUNTS:
            yield f"{place} is a gauge inside {inner}"
        if counted and set(one.around) & set(_GAUGES):
            yield f"{place} is a counter inside a slope"
        if "histogram_quantile" in one.around and not one.name.endswith("_bucket"):
            yield f"{place} has no buckets"


def windows(document: Document) -> Iterator[str]:
    """`rate` goes over $__rate_interval: anything else is too short for a slow scrape, or hides what is new."""
    for query in raw(document):
        for function, window in re.findall(r"\b(i?rate)\([^\[]*\[([^\]]+)\]", query.expr):
            if window != "$__rate_interval":
                yield f"{query.panel} {query.ref}: {function} over {window}"


def folded(document: Document) -> Iterator[str]:
    """Two replicas that tell the same are one: the innermost aggregation around a selector is max (or counts all)."""
    for query, one in _selected(document):
        if one.name in OUTSIDE or query.kind == "variable":
            continue
        aggregations = [word for word in one.around if word in ("sum", "max", "min", "avg", "count", "topk", "group")]
        if not aggregations or aggregations[0] not in _FOLDS:
            yield f"{query.panel} {query.ref}: {one.name} is not folded by max"


def words(document: Document) -> Iterator[str]:
    """A matcher asks for words that the label can be."""
    for query, one in _selected(document):
        closed = labels.words_of(one.name)
        for label, operator, value in one.matchers:
            if label not in closed or value.startswith("$") or not _LITERAL.fullmatch(value) or "." in value:
                continue
            asked = value.split("|") if "~" in operator else [value]
            unknown = sorted(set(asked) - set(closed[label]))
            yield from (f"{query.panel} {query.ref}: {label} of {one.name} is never {word}" for word in unknown)


def recorded(document: Document) -> Iterator[str]:
    """No recorded names: a board works for those who have imported nothing but the board."""
    for query, one in _selected(document):
        if ":" in one.name:
            yield f"{query.panel} {query.ref}: {one.name} is recorded"


def legends(document: Document) -> Iterator[str]:
    """A legend and a table name labels that the answer has."""
    trees = {(query.kind, query.panel, query.ref): expr for query, expr in expressions(document)}
    for panel in panels(document):
        answers: set[str] = set()
        for target in panel.get("targets", ()):
            try:
                got = labels.of(parsed(trees["panel", panel["title"], target["refId"]]), [])
            except ValueError:
                continue
            answers |= got
            absent = set(_LEGEND.findall(target.get("legendFormat", ""))) - got
            yield from (f"{panel['title']} {target['refId']}: the legend has no {name}" for name in sorted(absent))
        yield from (f"{panel['title']}: no column {name}" for name in sorted(_columns(panel) - answers))


def _columns(panel: Document) -> set[str]:
    """The labels that a table shows."""
    steps = {step["id"]: step["options"] for step in panel.get("transformations", ())}
    names = steps.get("filterFieldsByName", {}).get("include", {}).get("names", ())
    values = {"Value", *(f"Value #{target['refId']}" for target in panel.get("targets", ()))}
    return set(names) - values


def trivial(document: Document) -> Iterator[str]:
    """No expression compares or joins two numbers: it would be the same for ever."""
    for query, expr in expressions(document):
        try:
            tree = parsed(expr)
        except ValueError:
            continue
        if not any(type(node).__name__ == "VectorSelector" for node in operators(tree)):
            yield f"{query.panel} {query.ref}: no metric in it"


RULES = (parses, chosen, types, windows, folded, words, recorded, legends, trivial)
