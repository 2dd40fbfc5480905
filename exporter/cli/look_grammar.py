"""The manuals of the commands that look and change nothing: `check`, `status`, `metrics`, `config`."""

from __future__ import annotations

import argparse

from exporter.cli.flags import CONFIGURATION, IDENTITY, MEANING_OF_ID, TERMINAL, configuration, seconds
from exporter.cli.manual import Manual

_WATCH_EVERY = 2.0
_CHECK = """\
For each configured cluster and namespace it connects, asks who you are, asks the API for every permission that the
exporter uses, and compares the clocks. Nothing is changed. The daemon lists and watches; only where its admin port is
on (admin.enabled), or with --cancel, is the right to delete Jobs asked for, too. Of a cluster with an
azure.resource_id ARM is asked first, and each missing role is shown with the command that assigns it.

For each missing permission it says what is lost, and it prints the Roles and bindings that grant exactly those to
exactly you; what a cancel needs is in Roles of its own. Applying them takes away nothing that was granted before.
"""
_STATUS = """\
Asks the running daemon, which remembers what the cluster forgets: failures, Jobs that are gone. Where no daemon
answers within 2 seconds it looks at the cluster itself, once, and says so on standard error. With --kubeconfig or
--context and no --url it goes to that cluster at once.

The table has a line per search: its id (the last 8 characters), its phase and why, batches done of all, the time left,
batches per minute, batches running, pending, failed and lost (deleted before they ended), and what blocks its pods;
below it stands what the daemon cannot see well now. `–` is unknown, `≥` a lower bound. A narrow terminal loses the less
important columns. `wide` leaves none out, and adds memory, cost, what to do next, node pools, quota and collectors.

With an ID it shows that search alone: every fact, its last failures with batch, container, exit code and node, and what
to do next, as commands to paste. Capitals in them are for you to fill in.

With --watch it goes on until Ctrl-C. On a terminal it draws in place, and follows the size of the window; elsewhere it
prints a block for each change, and as JSON a document in one line for each look of the daemon. When the daemon is lost
it says so, keeps what was seen last, and goes on asking; one that --url names may come later. The cluster itself is
looked at twice a minute at most.

As JSON it is the status document of docs/http.md; with an ID that of one search, without its history.
"""
_METRICS = "Every metric with its type, labels, their possible values, most series, and what it means."
_CONFIG = """\
The text is a complete YAML file with each key at its default, ready to be edited.

A configuration is one YAML file (--config, or ELASTICBLAST_EXPORTER_CONFIG), overridden by environment variables
(ELASTICBLAST_EXPORTER_LOG__LEVEL=debug), overridden by flags (--set log.level=debug). A key that does not exist is
refused, and every problem is reported at once.
"""
_PRINTED = {0: "printed", 2: "usage"}


def _check_flags(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--grants", action="store_true", help="only the YAML on standard output, the report on standard error"
    )
    command.add_argument(
        "--cancel",
        nargs="?",
        const="daemon",
        choices=("daemon", "person"),
        help="also what a cancel needs: of the daemon with its admin port, which is meant without a word, or only of a "
        "person who runs `cancel` without a daemon (default: as admin.enabled says)",
    )
    configuration(command)


def _status_flags(command: argparse.ArgumentParser) -> None:
    command.add_argument("id", nargs="?", metavar="ID", help=f"{MEANING_OF_ID} (default: all of them)")
    command.add_argument("--url", metavar="URL", help="the daemon (default http://127.0.0.1:9850)")
    command.add_argument(
        "--output",
        choices=("table", "wide", "json"),
        default="table",
        help="for eyes, for eyes with much room, or for programs (default %(default)s)",
    )
    command.add_argument(
        "--watch",
        nargs="?",
        type=seconds(0.5, 3600),
        const=_WATCH_EVERY,
        metavar="SECONDS",
        help=f"show it live, with so many seconds between two looks, 0.5 to 3600 (default {_WATCH_EVERY:g}, and "
        "without --watch once); an ID stands before it",
    )
    configuration(command)


def _metrics_flags(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--format",
        choices=("text", "markdown", "json"),
        default="text",
        help="form of the output (default %(default)s)",
    )


def _config_flags(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--format", choices=("yaml", "markdown"), default="yaml", help="form of the output (default %(default)s)"
    )


CHECK = Manual(
    name="check",
    summary="Connect, and test every permission.",
    text=_CHECK,
    flags=_check_flags,
    exits={
        0: "everything is allowed",
        1: "something is missing",
        2: "usage or configuration",
        7: "a cluster cannot be reached, or does not know you",
    },
    environment={**CONFIGURATION, **IDENTITY, **TERMINAL},
    examples=(
        ("check --context my-aks --namespace default --namespace blast", ""),
        ("check --grants | kubectl apply -f -", "As an administrator, for yourself:"),
        ("check --cancel person --namespace blast", "May I cancel without a daemon?"),
        (
            "kubectl exec deploy/elasticblast-exporter -- elasticblast-exporter check --grants | kubectl apply -f -",
            "For the daemon, in its pod:",
        ),
    ),
    see=("run", "cancel", "rehearse", "docs/security.md"),
)
STATUS = Manual(
    name="status",
    summary="Show the searches as a table, or one search with its last failures and what to do next.",
    text=_STATUS,
    flags=_status_flags,
    exits={
        0: "shown",
        2: "usage or configuration, or the ID fits several searches",
        5: "no search has this ID",
        7: "neither a daemon nor the cluster tells, or the ID may be where nobody can look",
        130: "ended by Ctrl-C; --watch ends with this, or at its start with 2",
    },
    environment={**CONFIGURATION, **IDENTITY, **TERMINAL},
    examples=(
        ("status", ""),
        ("status 1f9a7b6c --watch 5", "One search, live, every 5 seconds:"),
        ("status 4fa1c09be377 --output json", "The same for a program, once:"),
        ("status --url http://elasticblast-exporter.monitoring:9850 --output wide", "Another daemon, every column:"),
        ("status --watch --output json | jq '.clusters[].searches[].phase'", "The phases, as they change:"),
    ),
    see=("run", "check", "cancel", "docs/http.md"),
)
METRICS = Manual(
    name="metrics",
    summary="Print the catalogue of metrics.",
    text=_METRICS,
    flags=_metrics_flags,
    exits=_PRINTED,
    examples=(("metrics", ""), ("metrics --format json | jq length", "How many there are:")),
    see=("config", "once", "docs/metrics.md"),
)
CONFIG = Manual(
    name="config",
    summary="Print every configuration key, as a commented example file.",
    text=_CONFIG,
    flags=_config_flags,
    exits=_PRINTED,
    examples=(("config > config.yaml", ""), ("config --format markdown", "As the document has it:")),
    see=("run", "metrics", "docs/configuration.md"),
)
