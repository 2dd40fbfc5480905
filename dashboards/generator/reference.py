"""ElasticBLAST / All metrics: one panel for each family of the catalogue, made from it."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.generator.board import Board, Row
from dashboards.generator.card import Card
from dashboards.generator.links import to
from dashboards.generator.panels import lines
from dashboards.generator.promql import most, one, quantile, rate, total
from dashboards.generator.words import colours
from exporter.domain.words import JOB_VIEW, LIVE_JOB_STATES, PHASES
from exporter.metrics.catalogue import PREFIX, TOPICS
from exporter.metrics.family import Family

_MANY = 60
_WORDS = {"phase": PHASES, "state": (*JOB_VIEW, *LIVE_JOB_STATES), "result": (*JOB_VIEW, *PHASES)}
_FUTURE = ("_eta_timestamp_seconds", "_expiry_timestamp_seconds")
_THINGS = ("elb_job_id", "persistentvolumeclaim", "name", "namespace")
_UNITS = {"seconds": "s", "bytes": "bytes", "ratio": "percentunit"}


def board() -> Board:
    """The catalogue as a board: nothing that is exported is invisible."""
    return Board(
        uid="elb-reference",
        title="All metrics",
        tag="operator",
        serves="who looks for a number that no other board shows",
        asks="Which metrics are there, and what do they say now?",
        since="now-6h",
        rows=[Row(title=topic, panels=[_panel(one_of) for one_of in of], folded=True) for topic, of in TOPICS.items()],
    )


def _panel(family: Family) -> Panel:
    name = family.name.removeprefix(PREFIX)
    labels = ", ".join(family.labels) or "none"
    own = [label for label in family.labels if label not in _THINGS]
    card = Card(
        family.name,
        shows=f"{family.help} Labels: {labels}.",
        good="It is there while its resource is read.",
        act=f"Empty although it should not be: [what is read]({to('elb-exporter')}).",
        unit=_unit(family),
        empty="no data: not configured, not read, or nothing to say",
        colours=colours(_WORDS.get(own[0], ())) if len(own) == 1 else {},
        many=bool(own),
    )
    return lines(card, *_queries(family, name))


def _unit(family: Family) -> str:
    if family.kind == "counter":
        return "none"
    return _UNITS.get(family.name.rsplit("_", 1)[-1], "none")


def _queries(family: Family, name: str) -> list[tuple[str, str]]:
    """Rates of counters, quantiles of histograms, ages of times, the time to those that are to come, sums of numbers;
    never a line for each search, and the thirty largest of many.
    """
    by = tuple(label for label in family.labels if label not in _THINGS)
    legend = " ".join(f"{{{{{label}}}}}" for label in by) or name
    if family.kind == "histogram":
        return [(quantile(share, name, "", *by), f"{legend if by else ''} p{share * 100:g}") for share in (0.5, 0.95)]
    if family.kind == "counter":
        return [(_some(family, total(rate(name), *by)), legend)]
    if name.endswith(_FUTURE):
        return [(f"min by ({', '.join(by)}) ({one(name)}) - time()" if by else f"min({one(name)}) - time()", legend)]
    if name.endswith("_timestamp_seconds") or name == "process_start_time_seconds":
        return [(f"time() - {most(one(name), *by)}", legend)]
    if name.endswith("_ratio"):
        return [(most(one(name), *by), legend)]
    return [(_some(family, total(one(name), *by)), legend)]


def _some(family: Family, expr: str) -> str:
    return f"topk(30, {expr})" if family.bound > _MANY and len(family.labels) > 1 else expr
