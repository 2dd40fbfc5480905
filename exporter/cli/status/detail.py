"""One search in detail: what it is, how it stands, how it failed, what to do next. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping

from exporter.cli.status.overview import blocked_text, eta_text, memory_text, phase_text, progress_text, speed_text
from exporter.cli.table import Cell, Column, lay_out, paint, printable
from exporter.domain import stopping
from exporter.domain.advice import advise
from exporter.domain.measures import UNMEASURED, Measures
from exporter.domain.snapshots import Obituary, SearchView
from exporter.domain.words import JOB_VIEW
from exporter.web import plain

_FAILURE_COLUMNS = (
    Column(head="WHEN"),
    Column(head="BATCH", right=True),
    Column(head="SHARD", right=True, keep=2),
    Column(head="CONTAINER", keep=3),
    Column(head="EXIT", right=True),
    Column(head="REASON"),
    Column(head="NODE", flexible=True, keep=4),
    Column(head="JOB", flexible=True, keep=1),
)
_NARROWEST = 40


def detail(
    search: SearchView,
    now: float,
    *,
    known: Measures = UNMEASURED,
    cluster: str = "",
    width: int | None,
    colour: bool,
) -> list[str]:
    """The lines for one search. `now` is Unix seconds; `width` None does not wrap."""
    facts = {name: value for name, value in _facts(search, known, now).items() if value}
    longest = max(map(len, facts))
    lines = [f"{name:<{longest}}  {printable(value)}" for name, value in facts.items()]
    phase = phase_text(search)
    lines.insert(2, f"{'Phase':<{longest}}  {paint(printable(phase.text), phase.tone, colour=colour)}")
    return [
        *lines,
        "",
        *_obituary(search, now, width=width, colour=colour),
        "",
        *_next_steps(search, width=width, colour=colour),
        *_stopping(search, cluster, colour=colour),
    ]


def _facts(search: SearchView, known: Measures, now: float) -> Mapping[str, str]:
    what = [text for text in (search.program, search.db) if text not in ("", "unknown")]
    jobs = ", ".join(f"{search.jobs.get(state, plain.UNKNOWN)} {state}" for state in JOB_VIEW)
    mode = "" if search.mode == "unknown" else search.mode
    shards = f"{search.shards} shards" if search.shards and search.shards > 1 else ""
    return {
        "Search": search.id,
        "What": " ".join(what) or plain.UNKNOWN,
        "OpenAPI id": search.openapi_id,
        "Namespace": search.namespace,
        "Mode": ", ".join(part for part in (mode, shards) if part),
        "Created": _moment(search.created, now),
        "Phase since": _moment(search.phase_since, now),
        "Last progress": _moment(search.last_progress, now),
        "Progress": progress_text(search),
        "Batches": jobs,
        "Time left": "" if search.terminal else eta_text(search, now),
        "Speed": "" if known.speed is None else speed_text(known),
        "Memory": "" if known.memory_ratio is None else f"{memory_text(known)} of a container's limit, at most",
        "Cost so far": "" if known.cost is None else plain.money(known.cost),
        "Failed attempts": ", ".join(f"{n}× {_spoken(word)}" for word, n in sorted(search.attempts.items()) if n),
        "Blocked pods": blocked_text(search),
        "Note": "; ".join(plain.FLAGS.get(flag, flag) for flag, raised in sorted(search.flags.items()) if raised),
    }


def _obituary(search: SearchView, now: float, *, width: int | None, colour: bool) -> list[str]:
    if not search.failures:
        return ["No failure of it is remembered."]
    rows = [_failure(one, now) for one in reversed(search.failures)]
    return ["Last failures, newest first", *lay_out(_FAILURE_COLUMNS, rows, width=width, colour=colour)]


def _failure(one: Obituary, now: float) -> list[Cell]:
    code = plain.UNKNOWN if one.exit_code is None else str(one.exit_code)
    return [
        Cell(plain.UNKNOWN if one.at is None else plain.clock(one.at, now)),
        Cell(plain.UNKNOWN if one.batch is None else f"{one.batch:03d}"),
        Cell(plain.UNKNOWN if one.shard is None else str(one.shard)),
        Cell(one.container or plain.UNKNOWN),
        Cell(code),
        Cell(_spoken(one.reason), "bad"),
        Cell(one.node or plain.UNKNOWN),
        Cell(one.job or plain.UNKNOWN),
    ]


def _next_steps(search: SearchView, *, width: int | None, colour: bool) -> Iterator[str]:
    yield "What to do next"
    for advice in advise(search):
        text = f"{_spoken(advice.word)}: {printable(advice.text)}"
        yield from textwrap.wrap(text, max(width or 100, _NARROWEST), initial_indent="* ", subsequent_indent="  ")
        yield from (paint(f"    {printable(command)}", "busy", colour=colour) for command in advice.commands)


def _stopping(search: SearchView, cluster: str, *, colour: bool) -> Iterator[str]:
    if search.terminal:
        return
    yield ""
    if stopping.can_be_cancelled(search):
        yield stopping.plan_sentence(search)
        command = stopping.cancel_command(search.id, search.namespace, cluster)
        yield paint(f"    {printable(command)}", "busy", colour=colour)
    else:
        yield stopping.UNLABELLED


def _moment(at: float, now: float) -> str:
    return f"{plain.clock(at, now)} ({plain.span(now - at)} ago)"


def _spoken(word: str) -> str:
    return word.replace("_", " ")
