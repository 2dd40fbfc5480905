"""Every query of every board, as Grafana would send it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parents[2] / "dashboards"
Document = dict[str, Any]

BUILT_IN = {
    "__rate_interval": "1m",
    "__interval": "30s",
    "__range": "5m",
}
EVERYTHING = {
    "cluster": ".*",
    "job": ".+",
    "pool": ".*",
    "namespace": ".*",
    "search": "SEARCH",
    "datasource": "prometheus",
}

_VARIABLE = re.compile(r"\$\{(?P<braced>\w+)(?::\w+)?\}|\$(?P<plain>\w+)")


class Query(NamedTuple):
    """`panel` is its title, or the name of the annotation or variable, by `kind`; `ref` its refId."""

    board: str
    panel: str
    expr: str
    kind: str = "panel"
    ref: str = "A"


def documents() -> dict[str, Document]:
    """The boards that are kept, by uid."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("elb-*.json"))}


def panels(document: Document) -> Iterator[Document]:
    """Every panel, also those folded into a row, without the rows."""
    for panel in document["panels"]:
        if panel["type"] == "row":
            yield from panel["panels"]
        else:
            yield panel


def raw(document: Document) -> Iterator[Query]:
    """The queries of a board as they are written: of its panels, annotations and variables."""
    board = document["uid"]
    for panel in panels(document):
        for target in panel.get("targets", ()):
            yield Query(board, panel["title"], target["expr"], "panel", target["refId"])
    for mark in document["annotations"]["list"]:
        yield Query(board, mark["name"], mark["target"]["expr"], "annotation")
    for variable in document["templating"]["list"]:
        if variable["type"] == "query":
            yield Query(board, variable["name"], variable["query"]["query"], "variable")


def used_variables(text: str) -> set[str]:
    """The names of the variables in a text."""
    return {match["braced"] or match["plain"] for match in _VARIABLE.finditer(text)}


def interpolated(expr: str, values: Mapping[str, str] = EVERYTHING) -> str:
    """The expression with its variables replaced. Raises KeyError for one that has no value."""
    known = {**BUILT_IN, **values}
    return _VARIABLE.sub(lambda match: known[match["braced"] or match["plain"]], expr)


def queries(**values: str) -> Iterator[Query]:
    """The queries of all panels of all boards, ready to be sent; `search="job-…"` says which one to look at.

    Any variable may be given, also `__range`, `__rate_interval` and `__interval`; the others stand for everything.
    """
    for document in documents().values():
        for query in raw(document):
            if query.kind == "panel":
                yield query._replace(expr=interpolated(query.expr, {**EVERYTHING, **values}))
