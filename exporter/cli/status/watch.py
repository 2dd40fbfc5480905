"""`status --watch`: the same answer again and again, drawn in place on a terminal, one block per change elsewhere."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from exporter.cli.status.answer import Answer, Style, Wanted, answer
from exporter.cli.status.screen import Screen
from exporter.cli.status.source import SilentError, Source, source
from exporter.cli.table import paint
from exporter.cli.terminal import colours, redraws, width_of
from exporter.web import plain
from exporter.web.status_json import ClusterReport, Report

_NEVER_TODAY = 0.0  # a moment that is of another day, so that the date is told


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The last report and what could not be read in it; `silent` says why nobody has answered since, else empty."""

    report: Report = field(default_factory=Report)
    failures: Sequence[str] = ()
    silent: str = ""


def watch(wanted: Wanted, arguments: Namespace) -> int:
    """Until Ctrl-C, which main knows. Raises EndError for what would be wrong every time."""
    origin = source(arguments)
    every = max(arguments.watch, origin.least)
    if redraws(sys.stdout) and wanted.output != "json":
        _draw(wanted, origin, every)
    else:
        _print(wanted, origin, every)
    return 0


def _seen(origin: Source, before: Seen) -> Seen:
    try:
        report, failures = origin.look()
        return Seen(report=report, failures=failures)
    except SilentError as error:
        return replace(before, silent=str(error))


def _answer(seen: Seen, wanted: Wanted, style: Style) -> Answer:
    if seen.report.clusters is None:
        return Answer() if seen.silent else Answer(missing=["Nothing has been read yet."])
    return answer(seen.report, wanted, seen.report.at or 0.0, style)


def _draw(wanted: Wanted, origin: Source, every: float) -> None:
    """On a terminal: one picture, drawn anew when there is something new, or when the window has another size."""
    seen = Seen()
    with Screen(sys.stdout) as screen:
        while True:
            seen = _seen(origin, seen)
            due = time.monotonic() + every
            screen.show(list(_picture(seen, wanted, origin, every)))
            while not screen.rest(due):
                screen.show(list(_picture(seen, wanted, origin, every)))


def _picture(seen: Seen, wanted: Wanted, origin: Source, every: float) -> Iterator[str]:
    style = Style(width_of(sys.stdout), colours(sys.stdout))
    yield paint(f"{_moment(seen.report)}  {origin.name}, every {every:g} s; Ctrl-C ends it", "off", colour=style.colour)
    if seen.silent:
        yield paint(_silence(seen, origin), "bad", colour=style.colour)
    said = _answer(seen, wanted, style)
    for line in (*seen.failures, *said.missing):  # above the table, which may be longer than the window
        yield paint(line, "wait", colour=style.colour)
    yield from ("", *said.lines)


def _print(wanted: Wanted, origin: Source, every: float) -> None:
    """Elsewhere: a block, or a document of one line, for each change; what is missing goes to standard error."""
    seen, told = Seen(), ""
    tell: Callable[[Seen, Wanted], None] = _block if wanted.output != "json" else _document
    new = _Changes(by_moment=wanted.output == "json")
    while True:
        due = time.monotonic() + every
        seen = _seen(origin, seen)
        trouble = "\n".join(_troubles(seen, wanted, origin))
        if trouble != told:
            sys.stderr.write(f"{trouble or f'{origin.name} answers again, with everything.'}\n")
            told = trouble
        if not seen.silent and new(seen.report):
            tell(seen, wanted)
        time.sleep(max(due - time.monotonic(), 0.0))


class _Changes:
    """Whether a report says something that the one before did not; `by_moment`: whether it is another one at all."""

    def __init__(self, *, by_moment: bool) -> None:
        self._by_moment = by_moment
        self._before: object = None

    def __call__(self, report: Report) -> bool:
        now = report.at if self._by_moment else _lasting(report)
        changed, self._before = now != self._before, now
        return changed


def _lasting(report: Report) -> Report:
    """The report without what moves by itself: clocks and estimates."""
    return replace(report, at=None, clusters=tuple(map(_still, report.clusters or ())))


def _still(cluster: ClusterReport) -> ClusterReport:
    searches = cluster.searches
    return replace(
        cluster,
        searches=None if searches is None else tuple(replace(one, eta=None) for one in searches),
        measures={},
        health=tuple(replace(one, last_success=None, word="", detail="") for one in cluster.health),
    )


def _block(seen: Seen, wanted: Wanted) -> None:
    lines = _answer(seen, wanted, Style(width_of(sys.stdout), colours(sys.stdout))).lines
    if lines:
        _out([_moment(seen.report), *lines, ""])


def _document(seen: Seen, wanted: Wanted) -> None:
    _out(_answer(seen, wanted, Style()).lines)


def _troubles(seen: Seen, wanted: Wanted, origin: Source) -> Iterator[str]:
    if seen.silent:
        yield _silence(seen, origin)
    else:
        yield from (*seen.failures, *_answer(seen, wanted, Style()).missing)


def _silence(seen: Seen, origin: Source) -> str:
    since = f" since {_moment(seen.report)}" if seen.report.at is not None else ""
    return f"No answer from {origin.name}{since} ({seen.silent}); asking again."


def _moment(report: Report) -> str:
    return plain.UNKNOWN if report.at is None else plain.clock(report.at, _NEVER_TODAY, seconds=True)


def _out(lines: Sequence[str]) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()
