"""The searches as a table for a terminal. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from exporter.cli.table import Cell, Column, lay_out, printable
from exporter.domain.advice import advise
from exporter.domain.measures import UNMEASURED, Measures
from exporter.domain.names import short_id
from exporter.domain.progress import ended_jobs
from exporter.domain.snapshots import SearchView
from exporter.web import plain
from exporter.web.status_json import ClusterReport, Report

_COLUMNS = (
    Column(head="CLUSTER"),
    Column(head="NAMESPACE", keep=2),
    Column(head="ID"),
    Column(head="OPENAPI ID", keep=3),
    Column(head="PHASE", flexible=True),
    Column(head="PROGRAM", keep=5),
    Column(head="DB", keep=8, flexible=True),
    Column(head="AGE", keep=7, right=True),
    Column(head="PROGRESS", right=True),
    Column(head="ETA", keep=9, right=True),
    Column(head="SPEED", keep=4, right=True),
    Column(head="RUN", keep=6, right=True),
    Column(head="PEND", keep=4, right=True),
    Column(head="FAIL", keep=11, right=True),
    Column(head="LOST", keep=10, right=True),
    Column(head="BLOCKED BY", keep=1, flexible=True),
)
_WIDE_COLUMNS = (
    Column(head="MODE"),
    Column(head="SHARDS", right=True),
    Column(head="IN PHASE", right=True),
    Column(head="LAST PROGRESS", right=True),
    Column(head="MEMORY", right=True),
    Column(head="COST", right=True),
    Column(head="NOTE"),
)
_JOB_STATES = ("running", "pending", "failed", "lost")
_TELLING_APART = ("CLUSTER", "NAMESPACE")
_ONLY_WHERE_KNOWN = ("OPENAPI ID", "SPEED")
_AT_EASE = ("good", "busy", "off")
_NARROWEST, _MOST_IDS = 40, 4
Found = tuple[ClusterReport, SearchView]


def overview(found: Sequence[Found], now: float, *, width: int | None, colour: bool, wide: bool = False) -> list[str]:
    """The lines of the table: those that live first, newest first. Columns that tell nothing apart are left out, unless
    it is `wide`: that has whole ids and more columns."""
    ordered = _ordered(found)
    known = (*_COLUMNS, *_WIDE_COLUMNS) if wide else _COLUMNS
    rows = [_wide_row(cluster, search, now) if wide else _row(cluster, search, now) for cluster, search in ordered]
    said = [
        index
        for index, column in enumerate(known)
        if wide or _says_something(column, {row[index].text for row in rows})
    ]
    columns = [known[index] for index in said]
    return lay_out(columns, [[row[index] for index in said] for row in rows], width=width, colour=colour)


def next_steps(found: Sequence[Found], *, width: int | None) -> Iterator[str]:
    """What to do about the live searches that something is wrong with or that have blocked pods, each advice once."""
    needy: dict[str, list[str]] = {}
    for _, search in _ordered(found):
        for advice in () if search.terminal else advise(search):
            if advice.kind != "phase" or phase_text(search).tone not in _AT_EASE:
                needy.setdefault(advice.text, []).append(short_id(search.id))
    if needy:
        yield from ("", "What to do next")
    for text, ids in needy.items():
        more = f" and {len(ids) - _MOST_IDS} more" if len(ids) > _MOST_IDS else ""
        said = printable(f"{', '.join(ids[:_MOST_IDS])}{more}: {text}")
        yield from textwrap.wrap(said, max(width or 100, _NARROWEST), initial_indent="* ", subsequent_indent="  ")


def searches_of(report: Report) -> Iterator[Found]:
    """Every search that is known."""
    for cluster in report.clusters or ():
        for search in cluster.searches or ():
            yield cluster, search


def measured(cluster: ClusterReport, search: SearchView) -> Measures:
    return cluster.measures.get((search.namespace, search.id), UNMEASURED)


def phase_text(search: SearchView) -> Cell:
    """The phase, and its reason in words where it has one."""
    phase = search.phase or "unknown"
    tone, _ = plain.PHASES[phase]
    why = plain.REASONS.get(search.reason, "")
    return Cell(f"{phase.replace('_', ' ')}{f': {why}' if why else ''}", tone)


def progress_text(search: SearchView) -> str:
    """`12/34 35%`; `≥` where older batches were not seen, or where more may be submitted."""
    least = "≥" if search.flags.get("history_incomplete") else ""
    done = ended_jobs(search.expected, search.jobs)
    if search.expected is None or done is None:
        total = plain.UNKNOWN if search.expected_min is None else f"≥{search.expected_min}"
        succeeded = search.jobs.get("succeeded")
        return f"{plain.UNKNOWN if succeeded is None else f'{least}{succeeded}'}/{total}"
    share = int(100 * done / search.expected) if search.expected else 0
    return f"{least}{done}/{search.expected} {share}%"


def eta_text(search: SearchView, now: float) -> str:
    """The time left; a dash when no honest estimate exists."""
    return plain.UNKNOWN if search.eta is None or search.terminal else plain.span(search.eta - now)


def speed_text(known: Measures) -> str:
    """Batches per minute."""
    return plain.UNKNOWN if known.speed is None else f"{plain.rate(known.speed)}/min"


def memory_text(known: Measures) -> str:
    """The largest working set of its containers, as a share of their limit."""
    return plain.UNKNOWN if known.memory_ratio is None else plain.share(known.memory_ratio, 1)


def blocked_text(search: SearchView) -> str:
    """Pods by what keeps them from running, most first."""
    ordered = sorted(search.blocked.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{pods}× {plain.BLOCKS.get(reason, reason)}" for reason, pods in ordered if pods)


def _ordered(found: Sequence[Found]) -> list[Found]:
    return sorted(found, key=lambda one: (one[1].terminal, -one[1].created, one[1].id))


def _says_something(column: Column, texts: set[str]) -> bool:
    if column.head in _TELLING_APART:
        return len(texts) > 1
    return column.head not in _ONLY_WHERE_KNOWN or texts != {plain.UNKNOWN}


def _row(cluster: ClusterReport, search: SearchView, now: float) -> list[Cell]:
    jobs = (_jobs(search, state) for state in _JOB_STATES)
    return [
        Cell(cluster.name or plain.UNKNOWN),
        Cell(search.namespace),
        Cell(short_id(search.id)),
        Cell(search.openapi_id or plain.UNKNOWN),
        phase_text(search),
        Cell(_known(search.program)),
        Cell(_known(search.db)),
        Cell(plain.span(now - search.created)),
        Cell(progress_text(search)),
        Cell(eta_text(search, now)),
        Cell(speed_text(measured(cluster, search))),
        *jobs,
        Cell(blocked_text(search) or plain.UNKNOWN),
    ]


def _wide_row(cluster: ClusterReport, search: SearchView, now: float) -> list[Cell]:
    row = _row(cluster, search, now)
    row[2] = Cell(search.id)
    known = measured(cluster, search)
    notes = "; ".join(plain.FLAGS.get(flag, flag) for flag, raised in sorted(search.flags.items()) if raised)
    return [
        *row,
        Cell(_known(search.mode)),
        Cell(plain.UNKNOWN if search.shards is None else str(search.shards)),
        Cell(plain.span(now - search.phase_since)),
        Cell(f"{plain.span(now - search.last_progress)} ago"),
        Cell(memory_text(known)),
        Cell(plain.money(known.cost)),
        Cell(notes or plain.UNKNOWN),
    ]


def _jobs(search: SearchView, state: str) -> Cell:
    count = search.jobs.get(state)
    return Cell(plain.UNKNOWN if count is None else str(count), "bad" if count and state in ("failed", "lost") else "")


def _known(text: str) -> str:
    return plain.UNKNOWN if text in ("", "unknown") else text
