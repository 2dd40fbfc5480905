"""What a cluster is made of and how well it can be seen, as tables for a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.cli.table import Cell, Column, Row, lay_out, paint, printable
from exporter.domain.azure.arm import ClusterFacts
from exporter.domain.snapshots import PoolView, ResourceHealth
from exporter.web import plain
from exporter.web.status_json import ClusterReport, Report

_POOL_COLUMNS = (
    Column(head="NODE POOL"),
    Column(head="READY", right=True),
    Column(head="CORDONED", right=True, keep=2),
    Column(head="NOT READY", right=True),
    Column(head="CORES REQUESTED", right=True, keep=3),
    Column(head="PRESSURE", flexible=True, keep=1),
)
_COLLECTOR_COLUMNS = (
    Column(head="COLLECTOR"),
    Column(head="RESOURCE", flexible=True),
    Column(head="MODE", keep=1),
    Column(head="STATE", flexible=True),
    Column(head="ANSWERED", right=True, keep=3),
    Column(head="LAST TROUBLE", flexible=True, keep=2),
)
_QUOTA_COLUMNS = (
    Column(head="CORES OF", flexible=True),
    Column(head="USED", right=True),
    Column(head="LIMIT", right=True),
)
_TROUBLE = ("wait", "bad")


def cluster_lines(report: Report, now: float, *, width: int | None, colour: bool, wide: bool) -> Iterator[str]:
    """Where `wide` what each cluster is made of; else a line for each collector of it that is in trouble. A cluster of
    which nothing is known has said so already."""
    clusters = report.clusters or ()
    for cluster in clusters:
        name = f" of {printable(cluster.name)}" if len(clusters) > 1 else ""
        if wide:
            yield from _tables(cluster, name, now, width=width, colour=colour)
        elif cluster.searches is not None:
            yield from (_trouble(one, name, now, colour=colour) for one in cluster.health if _told(one)[0] in _TROUBLE)


def _tables(cluster: ClusterReport, name: str, now: float, *, width: int | None, colour: bool) -> Iterator[str]:
    if cluster.azure:
        yield from ("", f"Managed cluster{name}: {_azure(cluster.azure)}")
    collectors = [_collector(one, now) for one in cluster.health]
    for title, columns, rows in (
        ("Node pools", _POOL_COLUMNS, _pools(cluster)),
        ("Quota of the region", _QUOTA_COLUMNS, _quota(cluster)),
        ("Collectors", _COLLECTOR_COLUMNS, collectors),
    ):
        if rows:
            yield from ("", f"{title}{name}", *lay_out(columns, rows, width=width, colour=colour))


def _trouble(one: ResourceHealth, name: str, now: float, *, colour: bool) -> str:
    tone, meaning = _told(one)
    since = "" if one.last_success is None else f" for {plain.span(now - one.last_success)}"
    why = " ".join(text for text in (one.word, one.detail) if text)
    text = f"{one.collector}: {one.resource}{name} {one.state}{since}: {meaning}"
    return paint(printable(f"{text} ({why})" if why else text), tone, colour=colour)


def _told(one: ResourceHealth) -> tuple[str, str]:
    """Tone and meaning of its state; the daemon that answers may be a newer one."""
    return plain.STATES.get(one.state, ("off", "not known to this version"))


def _azure(facts: ClusterFacts) -> str:
    parts = (facts.power, facts.provisioning, f"Kubernetes {facts.version}", facts.tier, facts.location)
    return ", ".join(printable(part) for part in parts if part)


def _quota(cluster: ClusterReport) -> list[Row]:
    return [
        [Cell(one.family), Cell(str(one.used), "bad" if one.used >= one.limit else ""), Cell(str(one.limit))]
        for one in cluster.quota or ()
    ]


def _pools(cluster: ClusterReport) -> list[Row]:
    return [_pool(pool) for pool in sorted(cluster.pools or (), key=lambda pool: pool.pool)]


def _pool(pool: PoolView) -> Row:
    bad = [pool.nodes[state] for state in ("not_ready", "unknown") if state in pool.nodes]
    requested = plain.UNKNOWN if pool.cpu_requested is None else f"{pool.cpu_requested:.1f}"
    pressure = ", ".join(f"{count}× {kind}" for kind, count in sorted(pool.pressure.items()) if count)
    return [
        Cell(pool.pool),
        Cell(_count(pool.nodes.get("ready"))),
        Cell(_count(pool.nodes.get("cordoned"))),
        Cell(_count(sum(bad) if bad else None), "bad" if sum(bad) else ""),
        Cell(f"{requested} of {pool.cpu_allocatable:.1f}"),
        Cell(pressure or plain.UNKNOWN, "bad" if pressure else ""),
    ]


def _collector(one: ResourceHealth, now: float) -> Row:
    tone, meaning = _told(one)
    answered = plain.UNKNOWN if one.last_success is None else f"{plain.span(now - one.last_success)} ago"
    trouble = " ".join(text for text in (one.word, one.detail) if text)
    return [
        Cell(one.collector),
        Cell(one.resource),
        Cell(one.mode),
        Cell(f"{one.state}: {meaning}", tone),
        Cell(answered),
        Cell(trouble or plain.UNKNOWN),
    ]


def _count(number: int | None) -> str:
    return plain.UNKNOWN if number is None else str(number)
