"""The command line: one parser, one module per command. Each is imported when it is used."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from exporter import __version__

_SUMMARY = """\
Say what the ElasticBLAST searches of a cluster are doing, in Prometheus' words.

  elasticblast-exporter demo            a simulated cluster and the daemon, no account needed
  elasticblast-exporter run             the daemon: in a pod, or with your current kubeconfig context
  elasticblast-exporter check           which permissions are missing, what that costs, what grants them
  elasticblast-exporter status          the searches as a table; with an id, one search and what to do next
"""
_EXIT = """\
exit codes: 0 good, 1 something asked for is not so, 2 usage or configuration, 3 the port cannot be listened on,
5 not found, 7 the API cannot be reached
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    arguments = parser().parse_args(argv)
    module = import_module(f"exporter.cli.{arguments.command}")
    try:
        return int(module.command(arguments))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone; there is nobody left to tell
        return 1


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
    _add_printers(commands)
    return top


_Commands = argparse._SubParsersAction  # argparse has no public name for it


def _command(
    commands: _Commands[argparse.ArgumentParser], name: str, text: str, more: str = ""
) -> argparse.ArgumentParser:
    return commands.add_parser(
        name, help=text, description=f"{text}\n\n{more}", formatter_class=argparse.RawDescriptionHelpFormatter
    )


def _configured(command: argparse.ArgumentParser) -> None:
    """The flags that every command with a configuration takes."""
    group = command.add_argument_group(
        "configuration", "one YAML file < environment < flags; `config` explains the keys"
    )
    group.add_argument("--config", type=Path, metavar="FILE", help="YAML file")
    group.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="set one key, e.g. log.level=debug"
    )
    group.add_argument("--kubeconfig", metavar="FILE", help="connect with this kubeconfig")
    group.add_argument("--context", metavar="NAME", help="its context")
    group.add_argument("--namespace", action="append", metavar="NAME", help="namespace of searches; may be repeated")


def _add_run(commands: _Commands[argparse.ArgumentParser]) -> None:
    command = _command(
        commands,
        "run",
        "Run the daemon.",
        "Without any configuration it uses the pod's ServiceAccount or, outside a pod, the current context of the\n"
        "kubeconfig. "
        "SIGHUP reloads the configuration, SIGTERM ends it within 10 seconds.",
    )
    _configured(command)
    command.add_argument("--port", type=int, help="port of metrics, probes and status page (default 9850)")


def _add_demo(commands: _Commands[argparse.ArgumentParser]) -> None:
    command = _command(commands, "demo", "Run the daemon against a simulated cluster on this machine.")
    command.add_argument("--port", type=int, default=9850, help="port of the daemon, 0 for any (default %(default)s)")
    command.add_argument("--address", default="127.0.0.1", help="address to listen on (default %(default)s)")
    command.add_argument("--speed", type=float, default=None, metavar="N", help="how many times faster than life")
    command.add_argument("--seed", type=int, default=1, help="which of all possible worlds (default %(default)s)")
    command.add_argument("--scenario", action="append", metavar="NAME", help="only this scenario; may be repeated")
    command.add_argument("--for", dest="seconds", type=float, metavar="SECONDS", help="end after so long")


def _add_once(commands: _Commands[argparse.ArgumentParser]) -> None:
    command = _command(commands, "once", "Look once, print the metrics page, and end.")
    _configured(command)
    command.add_argument("--openmetrics", action="store_true", help="OpenMetrics 1.0 instead of the text format")


def _add_check(commands: _Commands[argparse.ArgumentParser]) -> None:
    command = _command(
        commands,
        "check",
        "Connect, and test every permission.",
        "Prints what each missing one costs and what grants it.",
    )
    _configured(command)


def _add_status(commands: _Commands[argparse.ArgumentParser]) -> None:
    command = _command(
        commands,
        "status",
        "Show the searches as a table, or one search with its last failures and what to do next.",
        "Asks the running daemon at --url; where none answers, looks at the cluster itself, once.",
    )
    command.add_argument(
        "id", nargs="?", help="search id, its last 8 characters, or the 12 characters of the OpenAPI id"
    )
    command.add_argument("--url", default="http://127.0.0.1:9850", help="the daemon (default %(default)s)")
    command.add_argument("--output", choices=("table", "json"), default="table")
    _configured(command)


def _add_printers(commands: _Commands[argparse.ArgumentParser]) -> None:
    metrics = _command(commands, "metrics", "Print the catalogue of metrics.")
    metrics.add_argument("--format", choices=("text", "markdown", "json"), default="text")
    config = _command(commands, "config", "Print every configuration key, as a commented example file.")
    config.add_argument("--format", choices=("yaml", "markdown"), default="yaml")
