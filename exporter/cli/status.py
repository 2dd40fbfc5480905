"""`status`: the searches as a table; with an id, one of them with its obituary and what to do next."""

from __future__ import annotations

import os
import shutil
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from exporter.adapters.endpoint import ConnectError
from exporter.cli.configured import USAGE, configured
from exporter.cli.daemon import BadUrlError, NoDaemonError, ask
from exporter.cli.detail import detail
from exporter.cli.look import look
from exporter.cli.overview import Found, overview, searches_of
from exporter.cli.table import printable
from exporter.domain.advice import advise
from exporter.domain.lookup import matches
from exporter.domain.stopping import can_be_cancelled, cancel_command
from exporter.web.status_json import ClusterReport, Report, encode, search_document

DEFAULT_URL = "http://127.0.0.1:9850"
_PATIENCE = 2.0
_GOOD, _NOT_FOUND, _UNREACHABLE = 0, 5, 7


class _EndError(Exception):
    """The command ends here; what was wrong has been said."""

    def __init__(self, code: int) -> None:
        self.code = code


def command(arguments: Namespace) -> int:
    try:
        report = _narrowed(_report(arguments), arguments.namespace)
    except _EndError as end:
        return end.code
    found = list(searches_of(report))
    if arguments.id is not None:
        return _one(report, found, arguments)
    if arguments.output == "json":
        sys.stdout.write(encode(report).decode())
    else:
        _print(_table(report, found) if found else _no_search(report))
    return _said_what_is_missing(report)


def _report(arguments: Namespace) -> Report:
    """From the daemon; from the cluster where no daemon answers, or where the cluster to look at is named."""
    named = arguments.kubeconfig or arguments.context
    if arguments.url is None and named:
        return _look(arguments)
    url = arguments.url or DEFAULT_URL
    try:
        report = ask(url, timeout=_PATIENCE)
        why = "it has not looked yet"
    except NoDaemonError as error:
        report, why = Report(), str(error)
    except BadUrlError as error:
        sys.stderr.write(f"{error}\n")
        raise _EndError(USAGE) from None
    if report.clusters is not None:
        return report
    sys.stderr.write(
        f"No daemon at {url} ({why}): looking at the cluster itself, once. "
        "What only a daemon remembers is missing: past failures, Jobs that are gone, estimates.\n"
    )
    return _look(arguments)


def _look(arguments: Namespace) -> Report:
    """One pass over the cluster, in this process."""
    config = configured(arguments)
    if config is None:
        raise _EndError(USAGE)
    try:
        report, failures = look(config)
    except ConnectError as error:
        sys.stderr.write(f"cannot connect: {error}\n")
        raise _EndError(USAGE) from None
    sys.stderr.write("".join(f"{failure.rstrip()}\n" for failure in failures))
    return report


def _one(report: Report, found: Sequence[Found], arguments: Namespace) -> int:
    meant = matches([search for _, search in found], arguments.id)
    if not meant:
        _said_what_is_missing(report)
        sys.stderr.write(f"No search that is known is called {arguments.id!r}.\n")
        return _NOT_FOUND if _whole(report) else _UNREACHABLE
    if len(meant) > 1:
        sys.stderr.write(f"{arguments.id!r} may be {len(meant)} searches; give more of the id, or --namespace:\n")
        sys.stderr.write("\n".join(_table(report, [one for one in found if one[1] in meant])) + "\n")
        return USAGE
    cluster = next(one.name for one, search in found if search is meant[0])
    if arguments.output == "json":
        cancel = cancel_command(meant[0].id, meant[0].namespace, cluster) if can_be_cancelled(meant[0]) else None
        document = {"search": search_document(meant[0]), "advice": advise(meant[0]), "cancel": cancel}
        sys.stdout.write(msgspec.json.encode(document).decode() + "\n")
    else:
        _print(detail(meant[0], _now(report), cluster=cluster, width=_width(), colour=_colour()))
    return _GOOD


def _table(report: Report, found: Sequence[Found]) -> list[str]:
    return overview(found, _now(report), width=_width(), colour=_colour())


def _no_search(report: Report) -> list[str]:
    return ["No search at the moment."] if _whole(report) else []


def _whole(report: Report) -> bool:
    """Whether every search that there is is in the report."""
    clusters = report.clusters or ()
    return bool(clusters) and not any(one.dark or one.hidden or one.searches is None for one in clusters)


def _now(report: Report) -> float:
    """The clock of who looked: ages must not depend on the clock of this machine."""
    return time.time() if report.at is None else report.at


def _narrowed(report: Report, namespaces: Sequence[str] | None) -> Report:
    """The report as if there were only these namespaces; whole without any. One that nobody reads is named."""
    if not namespaces or report.clusters is None:
        return report
    clusters = [_within(cluster, namespaces) for cluster in report.clusters]
    clusters = [cluster for cluster in clusters if cluster.namespaces]
    for name in namespaces:
        if not any(name in cluster.namespaces for cluster in clusters):
            sys.stderr.write(f"Namespace {name} is not among those that are read.\n")
    return replace(report, clusters=tuple(clusters))


def _within(cluster: ClusterReport, namespaces: Sequence[str]) -> ClusterReport:
    readable = tuple(name for name in cluster.readable if name in namespaces)
    known = tuple(search for search in cluster.searches or () if search.namespace in readable)
    return replace(
        cluster,
        namespaces=tuple(name for name in cluster.namespaces if name in namespaces),
        readable=readable,
        searches=known if readable else None,
    )


def _said_what_is_missing(report: Report) -> int:
    """7 when no cluster's Jobs can be read, else 0; each namespace that cannot be read is named."""
    clusters = report.clusters or ()
    for cluster in clusters:
        if cluster.dark:
            name = f" {printable(cluster.name)}" if cluster.name else ""
            spaces = f"namespace{'s' if len(cluster.dark) > 1 else ''} {printable(', '.join(cluster.dark))}"
            sys.stderr.write(f"The Jobs of the cluster{name} in {spaces} cannot be read; try `check`.\n")
        if cluster.hidden:
            sys.stderr.write(f"{cluster.hidden} more searches are not shown (limits.searches).\n")
    return _GOOD if any(cluster.searches is not None for cluster in clusters) else _UNREACHABLE


def _width() -> int | None:
    """The terminal's width; None where the output goes elsewhere and COLUMNS says nothing."""
    if os.environ.get("COLUMNS", "").isdigit() or sys.stdout.isatty():
        return shutil.get_terminal_size().columns
    return None


def _colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _print(lines: Sequence[str]) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
