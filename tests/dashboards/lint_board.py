"""Rules for what is around the queries of a board. Each rule yields what is wrong; nothing means good."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import combinations

from grafana_foundation_sdk.models import units

from tests.dashboards.queries import BUILT_IN, Document, panels, used_variables

UNITS = frozenset(value for name, value in vars(units).items() if name[0].isupper() and isinstance(value, str))
KINDS = {"stat", "timeseries", "state-timeline", "bargauge", "heatmap", "table", "text"}
UIDS = {f"elb-{name}" for name in ("home", "search", "jobs", "nodes", "cost", "admin", "exporter", "reference")}
AUDIENCES = {"scientist", "operator", "cost"}
PAGE = 24  # lines of the grid on a page of 1080 pixels, without Grafana's own bars
CARRIED = ("${datasource:queryparam}", "${cluster:queryparam}", "${job:queryparam}")

_GRAFANA = {*BUILT_IN, "__url_time_range", "__data"}
_PUBLIC = ("https://github.com/elasticblast/elasticblast-exporter/", "https://portal.azure.com/#browse/")
_PLAIN = re.compile(r"label_values\(\w+(?:\{[^()]*\})?, \w+\)")
_PRIVATE = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"  # ids of subscriptions and tenants
    r"|/subscriptions/|\b\d{1,3}(?:\.\d{1,3}){3}\b|localhost|\.svc\b|\.internal\b|/home/|/tmp/",
    re.IGNORECASE,
)


def identity(document: Document) -> Iterator[str]:
    """A bare document with a lasting uid, the tags that the menu goes by, read-only."""
    if document.get("uid") not in UIDS:
        yield f"uid {document.get('uid')}"
    if not document.get("title", "").startswith("ElasticBLAST / "):
        yield "title"
    tags = set(document.get("tags", ()))
    if "elastic-blast" not in tags or len(tags & AUDIENCES) != 1:
        yield f"tags {sorted(tags)}"
    if document.get("editable") is not False:
        yield "editable"
    if "dashboard" in document or "__inputs" in document or document.get("id") is not None:
        yield "a wrapper, inputs or an id"


def variables(document: Document) -> Iterator[str]:
    """The first three are the same on each board; all are known, used, reloaded with the time, and nobody's choice."""
    found = document["templating"]["list"]
    if [one["name"] for one in found][:3] != ["datasource", "cluster", "job"]:
        yield "the first variables are not datasource, cluster, job"
    for one in found:
        yield from (f"variable {one['name']}: {problem}" for problem in _of_variable(one))
    text = json.dumps({key: value for key, value in document.items() if key != "templating"})
    queries = [json.dumps(one.get("query")) for one in found]
    used = used_variables(text) | {name for query in queries for name in used_variables(query)}
    names = {one["name"] for one in found}
    yield from (f"variable {name} is not used" for name in sorted(names - used))
    yield from (f"variable {name} is not known" for name in sorted(used - names - _GRAFANA))


def _of_variable(one: Document) -> Iterator[str]:
    if "current" in one and one["current"].get("value") != ["$__all"]:
        yield "keeps the choice of its author"
    if one["type"] == "datasource":
        if (one["name"], one["label"], one["query"]) != ("datasource", "Data source", "prometheus"):
            yield "is not the data source"
        return
    if one["datasource"].get("uid") != "${datasource}" or one["refresh"] != 2 or "sort" not in one:
        yield "has another data source, no sort, or is not asked again when the time changes"
    asked = one["query"]["query"]
    if not _PLAIN.fullmatch(asked) and not asked.startswith("query_result("):
        yield "asks for labels of more than a selector, which Azure refuses"
    if one.get("includeAll") and one.get("allValue") != (".+" if one["name"] == "job" else ".*"):
        yield f"all of it is {one.get('allValue')}"


def dressed(document: Document) -> Iterator[str]:
    """Every panel says what it is, in which unit, and what it means that there is nothing."""
    for panel in panels(document):
        yield from (f"{panel.get('title')}: {problem}" for problem in _of_panel(panel))


def _of_panel(panel: Document) -> Iterator[str]:
    if panel["type"] not in KINDS:
        yield f"kind {panel['type']}"
    if not panel.get("title") or not panel.get("description"):
        yield "no title or description"
    if panel["type"] == "text":
        return
    if not all(part in panel.get("description", "") for part in ("\n\n**Good:** ", "\n\n**Otherwise:** ")):
        yield "the description does not say what is good and what to do otherwise"
    if panel.get("datasource", {}).get("uid") != "${datasource}":
        yield "another data source"
    if not panel.get("targets"):
        yield "no query"
    defaults = panel.get("fieldConfig", {}).get("defaults", {})
    if not defaults.get("noValue") or defaults["noValue"].strip("0 ") == "":
        yield "nothing to say when there is no data, or a 0 that is none"
    shown = [defaults.get("unit"), *_overridden(panel, "unit")]
    yield from (f"unit {unit}" for unit in shown if unit not in UNITS)
    if panel.get("interval") != "1m":
        yield "no least step of a minute"


def _overridden(panel: Document, key: str) -> Iterator[object]:
    for override in panel["fieldConfig"].get("overrides", ()):
        yield from (one["value"] for one in override["properties"] if one["id"] == key)


def honest(document: Document) -> Iterator[str]:
    """One number, one bar and one table are asked for an instant: what has ceased to be is not shown as if it were."""
    for panel in panels(document):
        for target in panel.get("targets", ()):
            if target["instant"] is not (panel["type"] in ("stat", "bargauge", "table")):
                yield f"{panel['title']} {target['refId']}: an instant where a range should be, or the other way"


def placed(document: Document) -> Iterator[str]:
    """Numbers and places are each panel's own; the first page is one page."""
    everything = [*document["panels"], *(one for row in document["panels"] for one in row.get("panels", ()))]
    for number, times in Counter(panel["id"] for panel in everything).items():
        if times > 1:
            yield f"id {number} is used {times} times"
    for panel in panels(document):
        twice = [ref for ref, times in Counter(t["refId"] for t in panel.get("targets", ())).items() if times > 1]
        yield from (f"{panel['title']}: refId {ref} is used twice" for ref in twice)
    yield from _overlaps(document["panels"])
    for row in document["panels"]:
        yield from _overlaps(row.get("panels", ()))
    first = _before_a_row(document["panels"])
    if max((panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in first), default=0) > PAGE:
        yield "the first page is longer than a page"


def _before_a_row(all_of: Iterable[Document]) -> Iterator[Document]:
    for panel in all_of:
        if panel["type"] == "row":
            return
        yield panel


def _overlaps(all_of: Iterable[Document]) -> Iterator[str]:
    boxes = [(panel["title"], panel["gridPos"]) for panel in all_of]
    for title, box in boxes:
        if box["x"] < 0 or box["x"] + box["w"] > 24 or box["w"] < 1 or box["h"] < 1:
            yield f"{title} is off the grid"
    for (one, a), (other, b) in combinations(boxes, 2):
        beside = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
        if not beside and a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"]:
            yield f"{one} lies over {other}"


def linked(document: Document) -> Iterator[str]:
    """Links lead to boards that are there, and carry what was chosen."""
    menu = document.get("links", ())
    if not any(one["type"] == "dashboards" and one["includeVars"] and one["keepTime"] for one in menu):
        yield "no menu of the boards"
    for url in _urls(document):
        if url.startswith(_PUBLIC):
            continue
        path, _, query = url.partition("?")
        if path.removeprefix("/d/") not in UIDS:
            yield f"a link leads to {url}"
        elif missing := [part for part in (*CARRIED, "${__url_time_range}") if part not in query]:
            yield f"a link to {path} does not carry {missing}"


def _urls(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "url" and isinstance(value, str))
        for value in node.values():
            yield from _urls(value)
    elif isinstance(node, list):
        for value in node:
            yield from _urls(value)
    elif isinstance(node, str):
        yield from re.findall(r"\]\(([^)]+)\)", node)


def private(document: Document) -> Iterator[str]:
    """Nothing of the place where it was made."""
    text = json.dumps(document)
    yield from (f"{match[0]} is somebody's" for match in _PRIVATE.finditer(text))
    for address in re.findall(r"https?://[^\s\"\\)]+", text):
        if not address.startswith(_PUBLIC):
            yield f"the address {address}"


RULES = (identity, variables, dressed, honest, placed, linked, private)
