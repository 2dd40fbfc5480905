"""What `status` says of one report: lines for people or a document, what is missing, and the exit code. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import msgspec

from exporter.cli.status.clusters import cluster_lines
from exporter.cli.status.detail import detail
from exporter.cli.status.overview import Found, measured, next_steps, overview, searches_of
from exporter.cli.table import printable
from exporter.domain.lookup import matches
from exporter.web.search_json import document
from exporter.web.status_json import ClusterReport, Report, encode

GOOD, AMBIGUOUS, NOT_FOUND, UNKNOWN = 0, 2, 5, 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was asked for. `id` None means all searches, no `namespaces` all of them."""

    output: Literal["table", "wide", "json"] = "table"
    id: str | None = None
    namespaces: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Style:
    """`width` in columns, None for as wide as needed."""

    width: int | None = None
    colour: bool = False


@dataclass(slots=True)
class Answer:
    """`lines` are the answer, `missing` what it leaves out, and why; `code` is the exit code."""

    code: int = GOOD
    lines: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def answer(report: Report, wanted: Wanted, now: float, style: Style) -> Answer:
    """`now` is Unix seconds, by the clock of who looked: ages must not depend on the clock of this machine."""
    narrowed = _narrowed(report, wanted.namespaces)
    said = Answer(missing=list(_missing(report, narrowed, wanted.namespaces)))
    found = list(searches_of(narrowed))
    if wanted.id is not None:
        return _one(said, narrowed, found, wanted, now, style)
    said.code = GOOD if any(one.searches is not None for one in narrowed.clusters or ()) else UNKNOWN
    if wanted.output == "json":
        said.lines = [encode(narrowed).decode().rstrip("\n")]
    else:
        said.lines = list(_all(narrowed, found, now, style, wide=wanted.output == "wide"))
    return said


def _all(report: Report, found: Sequence[Found], now: float, style: Style, *, wide: bool) -> Iterator[str]:
    if found:
        width = None if wide else style.width
        yield from overview(found, now, width=width, colour=style.colour, wide=wide)
    elif _whole(report):
        yield "No search at the moment."
    if wide:
        yield from next_steps(found, width=style.width)
    yield from cluster_lines(report, now, width=style.width, colour=style.colour, wide=wide)


def _one(said: Answer, report: Report, found: Sequence[Found], wanted: Wanted, now: float, style: Style) -> Answer:
    text = wanted.id or ""
    meant = matches([search for _, search in found], text)
    if not meant:
        said.code = NOT_FOUND if _whole(report) else UNKNOWN
        said.missing.append(f"No search that is known is called {text!r}.")
        return said
    said.missing = []
    if len(meant) > 1:
        said.code = AMBIGUOUS
        head = f"{text!r} may be {len(meant)} searches; give more of the id, or --namespace:"
        rows = [one for one in found if one[1] in meant]
        said.missing = [head, *overview(rows, now, width=style.width, colour=style.colour)]
        return said
    search = meant[0]
    cluster = next(one for one, other in found if other is search)
    known = measured(cluster, search)
    if wanted.output == "json":
        told = document(search, known, at=report.at, cluster=cluster.name)
        said.lines = [msgspec.json.encode(told).decode()]
    else:
        said.lines = detail(search, now, known=known, cluster=cluster.name, width=style.width, colour=style.colour)
    return said


def _whole(report: Report) -> bool:
    """Whether every search that there is is in the report."""
    clusters = report.clusters or ()
    return bool(clusters) and not any(one.dark or one.hidden or one.searches is None for one in clusters)


def _narrowed(report: Report, namespaces: Sequence[str]) -> Report:
    """The report as if there were only these namespaces; whole without any."""
    if not namespaces or report.clusters is None:
        return report
    clusters = (_within(cluster, namespaces) for cluster in report.clusters)
    return replace(report, clusters=tuple(cluster for cluster in clusters if cluster.namespaces))


def _within(cluster: ClusterReport, namespaces: Sequence[str]) -> ClusterReport:
    readable = tuple(name for name in cluster.readable if name in namespaces)
    known = tuple(search for search in cluster.searches or () if search.namespace in readable)
    return replace(
        cluster,
        namespaces=tuple(name for name in cluster.namespaces if name in namespaces),
        readable=readable,
        searches=known if readable else None,
    )


def _missing(report: Report, narrowed: Report, namespaces: Sequence[str]) -> Iterator[str]:
    """Each namespace that is not read or cannot be, and the searches beyond the limit."""
    known = {name for cluster in narrowed.clusters or () for name in cluster.namespaces}
    if report.clusters is not None:
        yield from (f"Namespace {name} is not among those that are read." for name in namespaces if name not in known)
    for cluster in narrowed.clusters or ():
        if cluster.dark:
            name = f" {printable(cluster.name)}" if cluster.name else ""
            spaces = f"namespace{'s' if len(cluster.dark) > 1 else ''} {printable(', '.join(cluster.dark))}"
            yield f"The Jobs of the cluster{name} in {spaces} cannot be read; try `check`."
        if cluster.hidden:
            yield f"{cluster.hidden} more searches are not shown (limits.searches)."
