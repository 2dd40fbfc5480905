"""`status`: the searches as a table; with an id, one of them with its obituary and what to do next; once or live."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Sequence

from exporter.cli.status.answer import Style, Wanted, answer
from exporter.cli.status.source import EndError, one_report
from exporter.cli.status.watch import watch
from exporter.cli.terminal import colours, width_of


def command(arguments: Namespace) -> int:
    wanted = Wanted(output=arguments.output, id=arguments.id, namespaces=arguments.namespace or ())
    try:
        return _once(wanted, arguments) if arguments.watch is None else watch(wanted, arguments)
    except EndError as end:
        return end.code


def _once(wanted: Wanted, arguments: Namespace) -> int:
    report, failures = one_report(arguments)
    now = time.time() if report.at is None else report.at
    said = answer(report, wanted, now, Style(width_of(sys.stdout), colours(sys.stdout)))
    sys.stderr.write(_text([*failures, *said.missing]))
    sys.stdout.write(_text(said.lines))
    return said.code


def _text(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
