"""The command line: one parser, one module or package per command. Each is imported when it is used."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper

from exporter import __version__
from exporter.cli.cancel.grammar import CANCEL, TOKEN
from exporter.cli.daemon_grammar import DEMO, ONCE, RUN
from exporter.cli.look_grammar import CHECK, CONFIG, METRICS, STATUS
from exporter.cli.manual import PROGRAM, Formatter, Manual, epilog
from exporter.cli.rehearse.grammar import REHEARSE

MANUALS = (RUN, DEMO, ONCE, CHECK, STATUS, CANCEL, REHEARSE, TOKEN, METRICS, CONFIG)
_PACKAGES = ("cancel", "check", "rehearse", "status")
TOP = Manual(
    name="",
    summary="Say what the ElasticBLAST searches of a cluster are doing.",
    text="Where each search is, when it will be done, what failed and why, in Prometheus' words and in yours.",
    flags=lambda _: None,
    exits={
        0: "good",
        1: "something asked for is not so",
        2: "usage or configuration",
        3: "a port cannot be listened on; of a cancel: partial",
        4: "refused",
        5: "not found",
        6: "conflict",
        7: "the API cannot be reached, or part of the answer is not known",
        130: "interrupted",
    },
    environment={
        "ELASTICBLAST_EXPORTER_...": "the configuration; each command tells which variables it reads",
        "NO_COLOR": "any text switches colours off; they are never used but on a terminal",
    },
    examples=(
        ("demo", "Begin here: simulated clusters and the daemon, no account needed."),
        ("check", "Which permissions are missing, what that costs, what grants them:"),
        ("run", "The daemon, in a pod or with your current kubeconfig context:"),
        ("status --watch", "The searches, live:"),
    ),
    see=("elasticblast-exporter COMMAND --help", "docs/cli.md"),
)


def module_of(command: str) -> str:
    """The module whose `command` function does it."""
    return f"exporter.cli.{command}{'.command' if command in _PACKAGES else ''}"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that has no sign for what we say still gets the rest
    _ensure_streams()
    arguments = parser().parse_args(argv)
    module = import_module(module_of(arguments.command))
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
        prog=PROGRAM, description=_described(TOP), epilog=epilog(TOP), formatter_class=Formatter
    )
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}", help="print the version and end")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", title="commands")
    for manual in MANUALS:
        manual.flags(
            commands.add_parser(
                manual.name,
                help=manual.summary,
                description=_described(manual),
                epilog=epilog(manual),
                formatter_class=Formatter,
            )
        )
    return top


def _described(manual: Manual) -> str:
    return f"{manual.summary}\n\n{manual.text}"
