"""`cancel`: the plan, the question, the bars, and what is left; through a daemon or directly on the cluster."""

from __future__ import annotations

import os
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from typing import TextIO

import msgspec

from exporter.cancel.documents import PlanDocument, ResultDocument
from exporter.cancel.order import Times
from exporter.cli.cancel.bars import Bars, lines_of
from exporter.cli.cancel.direct import Directly, audit_file
from exporter.cli.cancel.http import DEFAULT_URL, Client, token_of
from exporter.cli.cancel.port import ThroughDaemon
from exporter.cli.cancel.text import outcome_lines, plan_lines, question
from exporter.cli.cancel.values import (
    EXIT_CODES,
    INTERRUPTED,
    NOT_FOUND,
    PARTIAL,
    REFUSED,
    UNAVAILABLE,
    USAGE,
    WHOLE_ID,
    EndError,
    Place,
    Run,
    UnreachableError,
    Way,
    Wish,
)
from exporter.cli.configured import configured
from exporter.cli.table import printable
from exporter.cli.terminal import colours, redraws, width_of
from exporter.config.environment import ADMIN_TOKEN, ADMIN_URL
from exporter.domain.names import short_id

_LOOK_EVERY = 0.5


def command(arguments: Namespace) -> int:
    try:
        return _cancel(arguments)
    except EndError as end:
        sys.stderr.write(f"{end}\n")
        return end.code


def _cancel(arguments: Namespace) -> int:
    if not (arguments.yes or arguments.dry_run or arguments.key) and not sys.stdin.isatty():
        raise EndError(USAGE, "Nobody can be asked here: add --yes to delete, or --dry-run to see what would be.")
    way = _way(arguments)
    if arguments.key:
        return _watched(_followed(way, arguments.key), None, arguments)
    place = _meant(way, arguments)
    plan = way.plan(place)
    if plan:
        place = replace(place, cluster=plan.cluster, namespace=plan.namespace)
    say = _stream(arguments)
    _write(say, plan_lines(plan, place, way.words, time.time(), width=width_of(say), colour=colours(say)))
    if plan and plan.count and not (arguments.yes or arguments.dry_run or _agreed(plan, say)):
        raise EndError(REFUSED, "That is not the short id: nothing was deleted.")
    return _watched(way.begin(_wish(place, plan, arguments)), plan, arguments)


def _wish(place: Place, plan: PlanDocument | None, arguments: Namespace) -> Wish:
    nothing_shown = plan is None or not plan.count
    return Wish(
        place=place,
        expected_count=0 if nothing_shown and arguments.expected_count is None else arguments.expected_count,
        dry_run=arguments.dry_run,
        reason=arguments.reason,
    )


def _way(arguments: Namespace) -> Way:
    """The daemon that is named; else the cluster that is named; else a daemon on this machine, else the cluster."""
    if arguments.direct or (not arguments.url and (arguments.kubeconfig or arguments.context)):
        return _directly(arguments)
    url = arguments.url or os.environ.get(ADMIN_URL, "")
    token = token_of(arguments.token_file, os.environ.get(ADMIN_TOKEN, ""))
    client = Client(url or DEFAULT_URL, token, ca_file=arguments.ca_file)
    try:
        client.knock()
    except UnreachableError as error:
        if url or arguments.key:
            raise EndError(UNAVAILABLE, f"{error} With --direct it goes to the cluster itself.") from None
        sys.stderr.write(f"{error} Going to the cluster itself, with your own rights.\n")
        return _directly(arguments)
    return ThroughDaemon(client)


def _directly(arguments: Namespace) -> Directly:
    config = configured(arguments)
    if config is None:
        raise EndError(USAGE, "Nothing was done.")
    if arguments.cluster is not None:
        named = tuple(cluster for cluster in config.clusters if cluster.name == arguments.cluster)
        if not named:
            raise EndError(USAGE, f"No cluster of the configuration is called {arguments.cluster!r}.")
        config = config.model_copy(update={"clusters": named})  # others may be down
    admin = config.admin
    times = Times(stage_one=admin.stage_one, whole=admin.whole, max_objects=admin.max_objects)
    return Directly(config, audit=arguments.audit or audit_file(os.environ), times=times)


def _followed(way: Way, key: str) -> Run:
    if not isinstance(way, ThroughDaemon):
        raise EndError(USAGE, "--key names a cancel of a daemon; directly on the cluster, give the id again.")
    return way.follow(key)


def _meant(way: Way, arguments: Namespace) -> Place:
    """The one search that the text means."""
    found = [place for place in way.find(arguments.id) if _asked(place, arguments)]
    if not found and WHOLE_ID.fullmatch(arguments.id):
        namespace = arguments.namespace[0] if arguments.namespace else ""
        return Place(cluster=arguments.cluster or "", namespace=namespace, id=arguments.id)
    if not found:
        raise EndError(NOT_FOUND, f"No search that is known is called {arguments.id!r}.")
    if len(found) > 1:
        lines = [printable("  ".join(filter(None, (one.cluster, one.namespace, one.id, one.what)))) for one in found]
        head = f"{arguments.id!r} may be {len(found)} searches; give more of the id, --namespace or --cluster:"
        raise EndError(USAGE, "\n  ".join([head, *lines]))
    return found[0]


def _asked(place: Place, arguments: Namespace) -> bool:
    return (not arguments.namespace or place.namespace in arguments.namespace) and (
        arguments.cluster is None or place.cluster == arguments.cluster
    )


def _agreed(plan: PlanDocument, say: TextIO) -> bool:
    say.write(question(plan))
    say.flush()
    return sys.stdin.readline().strip() == short_id(plan.id)


def _watched(run: Run, plan: PlanDocument | None, arguments: Namespace) -> int:
    """Show it until it ends, or until somebody has waited enough; the exit code."""
    say = _stream(arguments)
    early = PARTIAL
    try:
        result = _awaited(run, say, wait=arguments.wait, quiet=arguments.dry_run)
    except KeyboardInterrupt:
        result, early = None, INTERRUPTED
    code = None
    if result is None:
        code = early
        result = _given_up(run, say, arguments)
    if arguments.output == "json":
        sys.stdout.write(msgspec.json.encode({"key": run.key, "plan": plan, "result": result}).decode() + "\n")
    if result is None:
        return early
    _write(say, outcome_lines(result, colour=colours(say)))
    return EXIT_CODES[result.outcome] if code is None else code


def _awaited(run: Run, say: TextIO, *, wait: float | None, quiet: bool) -> ResultDocument | None:
    """The result; None when `wait` seconds were not enough."""
    bars = Bars(say, redraw=redraws(say))
    ends = None if wait is None else time.monotonic() + wait
    while True:
        result = run.result()
        if not quiet:
            bars.show(run.moment())
        if result is not None or (ends is not None and time.monotonic() >= ends):
            return result
        time.sleep(_LOOK_EVERY)


def _given_up(run: Run, say: TextIO, arguments: Namespace) -> ResultDocument | None:
    """Stop it where that is in our hands, and the result; else say what has been done and how to go on."""
    if run.give_up():
        _write(say, ["", "Stopping after the Job in hand; what is left is told in a moment."])
        while (result := run.result()) is None:
            time.sleep(_LOOK_EVERY)
        return result
    url = f" --url {arguments.url}" if arguments.url else ""
    again = f"elasticblast-exporter cancel {arguments.id} --key {run.key}{url}"
    _write(say, ["", *lines_of(run.moment()), "The cancel goes on in the daemon. Look again with:", f"  {again}"])
    return None


def _stream(arguments: Namespace) -> TextIO:
    """Where people read: standard output unless a program reads there."""
    return sys.stderr if arguments.output == "json" else sys.stdout


def _write(stream: TextIO, lines: Sequence[str]) -> None:
    stream.write("".join(f"{line}\n" for line in lines))
    stream.flush()
