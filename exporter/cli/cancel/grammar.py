"""The manuals of `cancel` and `token`."""

from __future__ import annotations

import argparse
from pathlib import Path

from exporter.cli.flags import ADMIN, CONFIGURATION, MEANING_OF_ID, TERMINAL, configuration, seconds
from exporter.cli.manual import Manual

_LONGEST_REASON = 200
_CANCEL = """\
It asks a running daemon through its admin port: the one that --url or ELASTICBLAST_EXPORTER_ADMIN_URL names, else one
on http://127.0.0.1:9851. Your token is read from --token-file, else from ELASTICBLAST_EXPORTER_ADMIN_TOKEN; it is never
an argument. Where no URL is given and nothing listens, and with --direct, --kubeconfig or --context, it does the same
in this process with your own rights on the cluster (`check --cancel person` says whether they are enough), and keeps
the audit records in --audit.

It shows the plan and asks you to type the short id: the last 8 characters of the search id, as at the end of the names
of its Jobs. Then it deletes, in this order: finalizer, submit Job; when their pods are gone the search's own setup
Jobs, then the batches; and it looks until nothing is left, twice. Jobs that have ended stay, and so do the shared
database setup and everything of other searches.

Ctrl-C: a daemon goes on, and the command to look again is printed; directly on the cluster it stops after the Job in
hand and says what is left. Either way the same command can be run again.
"""
_NEW_CALLER = """\
For admin.callers: tokens, where there is no cluster to ask who calls. The token is printed once, on standard output,
and is kept nowhere; the file that admin.tokens_file names holds its SHA-256 digest. A running daemon reads that file
again when it changes. Remove the line to take the token away; two lines of one name allow a change without a gap.
"""


def _cancel_flags(command: argparse.ArgumentParser) -> None:
    command.add_argument("id", metavar="ID", help=MEANING_OF_ID)
    command.add_argument("--dry-run", action="store_true", help="delete nothing, but have the API server check it all")
    command.add_argument("--yes", action="store_true", help="do not ask")
    command.add_argument(
        "--reason",
        type=_reason,
        default="",
        metavar="TEXT",
        help=f"why, for the audit, {_LONGEST_REASON} characters at most (default: none)",
    )
    command.add_argument(
        "--expected-count",
        type=_count,
        metavar="N",
        help="refuse unless N Jobs would go (default: any number, as batches end meanwhile)",
    )
    command.add_argument(
        "--wait",
        type=seconds(0),
        metavar="SECONDS",
        help="how long to watch it; without a daemon it stops then (default: until it ends)",
    )
    command.add_argument("--cluster", metavar="NAME", help="only in this cluster (default: in all)")
    command.add_argument(
        "--output", choices=("table", "json"), default="table", help="for eyes or for programs (default %(default)s)"
    )
    _daemon_flags(command)
    direct = command.add_argument_group("directly on the cluster")
    direct.add_argument("--direct", action="store_true", help="ask no daemon")
    direct.add_argument(
        "--audit",
        type=Path,
        metavar="FILE",
        help="where the audit records go (default $XDG_STATE_HOME/elasticblast-exporter/audit.jsonl)",
    )
    configuration(command)


def _daemon_flags(command: argparse.ArgumentParser) -> None:
    daemon = command.add_argument_group("through a daemon")
    daemon.add_argument("--url", metavar="URL", help="its admin port (default http://127.0.0.1:9851)")
    daemon.add_argument(
        "--token-file", type=Path, metavar="FILE", help="file with your token (default: that of the environment)"
    )
    daemon.add_argument(
        "--ca-file",
        type=Path,
        metavar="FILE",
        help="PEM file of the authorities that may sign its certificate (default: those of the system)",
    )
    daemon.add_argument(
        "--key", default="", metavar="KEY", help="look at a cancel that has begun earlier (default: begin one)"
    )


def _token_flags(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", metavar="NAME", help="who it is for, as the audit will say")
    command.add_argument(
        "--file",
        type=Path,
        metavar="FILE",
        help="add the line to this file, of mode 0600 if it is new (default: print the line, too)",
    )


def _count(text: str) -> int:
    count = int(text)
    if count < 0:
        raise ValueError
    return count


def _reason(text: str) -> str:
    if len(text) > _LONGEST_REASON:
        raise argparse.ArgumentTypeError(f"has more than {_LONGEST_REASON} characters")
    return text


CANCEL = Manual(
    name="cancel",
    summary="Stop exactly one search, after showing what that means; nothing else is touched.",
    text=_CANCEL,
    flags=_cancel_flags,
    exits={
        0: "nothing of it lives any more, or the dry run was accepted",
        2: "usage, or the ID fits several searches",
        3: "partial: some of it still lives, or --wait was over; run it again",
        4: "refused, nothing was deleted",
        5: "no search has this ID",
        6: "conflict: somebody kept changing its Jobs",
        7: "the daemon or the cluster cannot be asked, or the audit record cannot be written",
        130: "interrupted by Ctrl-C",
    },
    environment={
        **ADMIN,
        "XDG_STATE_HOME": "where the audit file is (default: ~/.local/state)",
        **CONFIGURATION,
        **TERMINAL,
    },
    examples=(
        ("cancel 4fa1c09be377 --dry-run", "What would happen:"),
        ('cancel 2d6e172d --reason "wrong database"', "Stop it, and say why:"),
        (
            "cancel job-172d2e6e --url https://exporter.example.org:9851 --token-file ~/.elb-token",
            "Through a daemon elsewhere:",
        ),
        ("cancel job-172d2e6e --direct --namespace blast", "With your own rights, without a daemon:"),
        ("cancel job-172d2e6e --yes --output json", "In a script:"),
    ),
    see=("status", "check", "token", "docs/cancel.md"),
)
TOKEN = Manual(
    name="token",
    summary="Make a token for the admin port.",
    text=_NEW_CALLER,
    flags=_token_flags,
    exits={0: "made", 1: "the file cannot be written", 2: "usage"},
    examples=(
        ("token alice", ""),
        ("token alice --file /etc/elasticblast-exporter/tokens > alice.token", "For a daemon that runs:"),
    ),
    see=("cancel", "docs/security.md", "docs/http.md"),
)
