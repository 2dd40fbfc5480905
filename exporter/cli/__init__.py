"""The command line: one parser, one module per command. Each is imported when it is used."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path

from exporter import __version__
from exporter.cli import cancel_grammar as grammar
from exporter.cli import rehearse_grammar as rehearsal

_SUMMARY = """\
Say what the ElasticBLAST searches of a cluster are doing: where each one is, when it will be done, what
failed and why, in Prometheus' words and in yours.

Start here:
  elasticblast-exporter demo            a simulated cluster and the daemon, no account needed
  elasticblast-exporter check           which permissions are missing, what that costs, what grants them
  elasticblast-exporter run             the daemon: in a pod, or with your current kubeconfig context
  elasticblast-exporter status          the searches as a table
  elasticblast-exporter status ID       one search, its last failures, and what to do next
  elasticblast-exporter cancel ID       what stopping it would delete; asks before it does
  elasticblast-exporter rehearse        play a small search here, and see whether the daemon tells the truth
"""
_EXIT = """\
Each command explains itself: elasticblast-exporter COMMAND --help

exit codes:
  0 good    1 something asked for is not so    2 usage or configuration
  3 the port cannot be listened on; of a cancel: partial    4 refused    5 not found    6 conflict
  7 the API cannot be reached, or part of the answer is not known    130 interrupted
"""
_RUN = """\
It watches the Jobs, pods, nodes, claims and warnings of the configured namespaces and serves, on port 9850:
  /metrics   for Prometheus, in the text format or OpenMetrics 1.0
  /          the status page; as JSON for a client that accepts application/json
  /livez     whether this process works     /readyz   whether it has looked once

Without any configuration it uses the pod's ServiceAccount or, outside a pod, the current context of the
kubeconfig, and the namespace `default`. A scrape asks the cluster nothing.

SIGHUP reads the configuration again; a cluster that this changes is followed anew and counts from 0, as after a
restart. SIGTERM ends it within 10 seconds; a second signal at once, with the exit code 130.
"""
_DEMO = """\
A whole Kubernetes API is simulated in this process, with searches that live, fail and end; the real daemon
follows it through its real client. Nothing leaves this machine. The same seed gives the same world.

It prints a line to copy into a second terminal that cancels one of the searches, with a token made for this run.
"""
_DEMO_MORE = """\
examples:
  elasticblast-exporter demo
  elasticblast-exporter demo --port 0 --for 60 --speed 120
  elasticblast-exporter demo --fleet    three clusters from outside: at work, waking, going
  elasticblast-exporter status          in a second terminal
"""
_ONCE = """\
The page is what the daemon would serve after its first look: counters are at 0, since nothing was seen to
change. Useful for a cron job, a test, or a first impression of a cluster.
"""
_ONCE_MORE = """\
examples:
  elasticblast-exporter once --context my-aks --namespace default | grep search_phase

exit codes: 0 everything was read, 2 usage or configuration, 7 something could not be read (stderr says what)
"""
_CHECK = """\
For each configured cluster and namespace: connects, asks who you are, asks the API for every permission that
the exporter uses, and compares the clocks. Nothing is changed. The daemon lists and watches; only where its admin
port is on (admin.enabled), or with --cancel, is the right to delete Jobs asked for, too. Of a cluster with an
azure.resource_id ARM is asked first, and each missing role is shown with the command that assigns it.

For each missing permission it says what is lost, and it prints the Roles and bindings that grant exactly those to
exactly you; what a cancel needs is in Roles of its own. Applying them takes away nothing that was granted before.
"""
_CHECK_MORE = """\
examples:
  elasticblast-exporter check --context my-aks --namespace default --namespace blast
  elasticblast-exporter check --grants | kubectl apply -f -         as an administrator
  elasticblast-exporter check --cancel person --namespace blast     may I run `cancel` without a daemon?
  kubectl exec deploy/elasticblast-exporter -- elasticblast-exporter check --grants | kubectl apply -f -

exit codes: 0 everything is allowed, 1 something is missing, 2 usage or configuration, 7 a cluster cannot be
reached or does not know you
"""
_STATUS = """\
Asks the running daemon, which remembers what the cluster forgets: failures, Jobs that are gone. Where no daemon
answers within 2 seconds it looks at the cluster itself, once, and says so on stderr. With --kubeconfig or
--context and no --url it goes to that cluster at once.

The table has a line per search: its id (the last 8 characters), its phase and why, batches done of all, the
time left, batches running, pending, failed and lost (deleted before they ended), and what blocks its pods.
`–` is unknown; `≥` a lower bound. A narrow terminal loses the less important columns.

With an ID it shows that search alone: every fact, its last failures with batch, container, exit code and node,
and what to do next, as commands to paste. Capitals in them are for you to fill in.
"""
_STATUS_MORE = """\
examples:
  elasticblast-exporter status
  elasticblast-exporter status 1f9a7b6c
  elasticblast-exporter status 4fa1c09be377 --output json
  elasticblast-exporter status --url http://elasticblast-exporter.monitoring:9850

exit codes: 0 shown, 2 usage, or the ID fits several searches, 5 no search has this ID, 7 neither a daemon nor
the cluster tells, or the ID may be where nobody can look. NO_COLOR=1 switches colours off; COLUMNS=N sets the
width.
"""
_METRICS = "Every metric with its type, labels, their possible values, most series, and what it means."
_CONFIG = """\
The text is a complete YAML file with each key at its default, ready to be edited.

A configuration is one YAML file (--config, or ELASTICBLAST_EXPORTER_CONFIG), overridden by environment variables
(ELASTICBLAST_EXPORTER_LOG__LEVEL=debug), overridden by flags (--set log.level=debug). A key that does not exist
is refused, and every problem is reported at once.
"""

_Commands = argparse._SubParsersAction  # argparse has no public name for it


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that has no sign for what we say still gets the rest
    _ensure_streams()
    arguments = parser().parse_args(argv)
    module = import_module(f"exporter.cli.{arguments.command}")
    try:
        return int(module.command(arguments))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone; there is nobody left to tell
        return 1


def _ensure_streams() -> None:
    """Whoever started us may have closed them; then what is written there goes nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - open until the process ends


def parser() -> argparse.ArgumentParser:
    """The whole grammar; `--help` of each command is its manual."""
    top = argparse.ArgumentParser(
        prog="elasticblast-exporter",
        description=_SUMMARY,
        epilog=_EXIT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_run(commands)
    _add_demo(commands)
    _add_once(commands)
    _add_check(commands)
    _add_status(commands)
    _add_cancel(commands)
    _add_rehearse(commands)
    _add_printers(commands)
    return top


def _command(
    commands: _Commands[argparse.ArgumentParser], name: str, text: str, more: str = "", examples: str = ""
) -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=text,
        description=f"{text}\n\n{more}",
        epilog=examples or None,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _configured(command: argparse.ArgumentParser) -> None:
    """The flags that every command with a configuration takes."""
    group = command.add_argument_group(
        "configuration", "one YAML file < environment < flags; `elasticblast-exporter config` explains the keys"
    )
    group.add_argument("--config", type=Path, metavar="FILE", help="YAML file")
    group.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="set one key, e.g. log.level=debug"
    )
    group.add_argument("--kubeconfig", metavar="FILE", help="connect with this kubeconfig")
    group.add_argument("--context", metavar="NAME", help="connect with this context of the kubeconfig")
    group.add_argument("--namespace", action="append", metavar="NAME", help="namespace of searches; may be repeated")


def _add_run(commands: _Commands[argparse.ArgumentParser]) -> None:
    command = _command(commands, "run", "Run the daemon.", _RUN)
    _configured(command)
    command.add_argument("--port", type=int, help="port of metrics, probes and status page (default 9850)")
    command.add_argument(
        "--shard", metavar="I/N", help="follow only this share of the clusters: 0/3, or ordinal/3 in a StatefulSet"
    )


def _add_demo(commands: _Commands[argparse.ArgumentParser]) -> None:
    command = _command(
        commands, "demo", "Run the daemon against a simulated cluster on this machine.", _DEMO, _DEMO_MORE
    )
    command.add_argument("--port", type=int, default=9850, help="port of the daemon, 0 for any (default %(default)s)")
    command.add_argument(
        "--admin-port",
        type=int,
        metavar="PORT",
        help="port on which searches are cancelled (default 9851, or any free)",
    )
    command.add_argument("--address", default="127.0.0.1", help="address to listen on (default %(default)s)")
    command.add_argument("--speed", type=float, default=None, metavar="N", help="how many times faster than life")
    command.add_argument("--seed", type=int, default=1, help="which of all possible worlds (default %(default)s)")
    command.add_argument("--scenario", action="append", metavar="NAME", help="only this scenario; may be repeated")
    command.add_argument(
        "--fleet", action="store_true", help="three clusters from outside, in a simulated Azure, and no admin port"
    )
    command.add_argument("--for", dest="seconds", type=float, metavar="SECONDS", help="end after so long")


def _add_once(commands: _Commands[argparse.ArgumentParser]) -> None:
    command = _command(commands, "once", "Look once, print the metrics page, and end.", _ONCE, _ONCE_MORE)
    _configured(command)
    command.add_argument("--openmetrics", action="store_true", help="OpenMetrics 1.0 instead of the text format")


def _add_check(commands: _Commands[argparse.ArgumentParser]) -> None:
    command = _command(commands, "check", "Connect, and test every permission.", _CHECK, _CHECK_MORE)
    command.add_argument(
        "--grants", action="store_true", help="only the YAML on standard output, the report on standard error"
    )
    command.add_argument(
        "--cancel",
        nargs="?",
        const="daemon",
        choices=("daemon", "person"),
        help="daemon (or nothing): also what the admin port needs; person: only what a `cancel` without it needs",
    )
    _configured(command)


def _add_status(commands: _Commands[argparse.ArgumentParser]) -> None:
    command = _command(
        commands,
        "status",
        "Show the searches as a table, or one search with its last failures and what to do next.",
        _STATUS,
        _STATUS_MORE,
    )
    command.add_argument(
        "id",
        nargs="?",
        metavar="ID",
        help="search id or the beginning of it, its last 8 characters, or the 12 characters of the OpenAPI id",
    )
    command.add_argument("--url", help="the daemon (default http://127.0.0.1:9850)")
    command.add_argument(
        "--output", choices=("table", "json"), default="table", help="for eyes or for programs (default %(default)s)"
    )
    _configured(command)


def _add_cancel(commands: _Commands[argparse.ArgumentParser]) -> None:
    command = _command(commands, "cancel", grammar.SUMMARY, grammar.MANUAL, grammar.EXAMPLES)
    grammar.cancel_flags(command)
    _configured(command)
    texts = (grammar.NEW_CALLER, grammar.NEW_CALLER_MANUAL, grammar.NEW_CALLER_EXAMPLES)
    grammar.token_flags(_command(commands, "token", *texts))


def _add_rehearse(commands: _Commands[argparse.ArgumentParser]) -> None:
    command = _command(commands, "rehearse", rehearsal.SUMMARY, rehearsal.MANUAL, rehearsal.EXAMPLES)
    rehearsal.flags(command)
    _configured(command)


def _add_printers(commands: _Commands[argparse.ArgumentParser]) -> None:
    metrics = _command(commands, "metrics", "Print the catalogue of metrics.", _METRICS)
    metrics.add_argument("--format", choices=("text", "markdown", "json"), default="text", help="default %(default)s")
    config = _command(commands, "config", "Print every configuration key, as a commented example file.", _CONFIG)
    config.add_argument("--format", choices=("yaml", "markdown"), default="yaml", help="default %(default)s")
