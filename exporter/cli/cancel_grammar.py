"""The manual of `cancel` and `token`, and their flags."""

from __future__ import annotations

import argparse
from pathlib import Path

_LONGEST_REASON = 200
SUMMARY = "Stop exactly one search, after showing what that means; nothing else is touched."
MANUAL = """\
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
EXAMPLES = """\
examples:
  elasticblast-exporter cancel 4fa1c09be377 --dry-run
  elasticblast-exporter cancel 2d6e172d --reason "wrong database"
  elasticblast-exporter cancel job-172d2e6e --url https://exporter.example.org:9851 --token-file ~/.elb-token
  elasticblast-exporter cancel job-172d2e6e --direct --namespace blast
  elasticblast-exporter cancel job-172d2e6e --yes --output json

exit codes:
  0 nothing of it lives any more, or the dry run was accepted    2 usage, or the ID fits several searches
  3 partial: some of it still lives, or --wait was over; run it again    4 refused, nothing was deleted
  5 no search has this ID    6 conflict: somebody kept changing its Jobs    7 the daemon or the cluster cannot be asked,
  or the audit record cannot be written    130 interrupted by Ctrl-C
"""
NEW_CALLER = "Make a token for the admin port."
NEW_CALLER_MANUAL = """\
For admin.callers: tokens, where there is no cluster to ask who calls. The token is printed once, on standard output,
and is kept nowhere; the file that admin.tokens_file names holds its SHA-256 digest. A running daemon reads that file
again when it changes. Remove the line to take the token away; two lines of one name allow a change without a gap.
"""
NEW_CALLER_EXAMPLES = """\
examples:
  elasticblast-exporter token alice
  elasticblast-exporter token alice --file /etc/elasticblast-exporter/tokens > alice.token

exit codes: 0 made, 1 the file cannot be written, 2 usage
"""


def cancel_flags(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "id",
        metavar="ID",
        help="search id or the beginning of it, its last 8 characters, or the 12 characters of the OpenAPI id",
    )
    command.add_argument("--dry-run", action="store_true", help="delete nothing, but have the API server check it all")
    command.add_argument("--yes", action="store_true", help="do not ask")
    command.add_argument("--reason", type=_reason, default="", metavar="TEXT", help="why, for the audit")
    command.add_argument(
        "--expected-count",
        type=_count,
        metavar="N",
        help="refuse unless N Jobs would go (default: any number, as batches end meanwhile)",
    )
    command.add_argument(
        "--wait", type=_seconds, metavar="SECONDS", help="how long to watch it; without a daemon it stops then"
    )
    command.add_argument("--cluster", metavar="NAME", help="only in this cluster")
    command.add_argument("--output", choices=("table", "json"), default="table", help="default %(default)s")
    daemon = command.add_argument_group("through a daemon")
    daemon.add_argument("--url", help="its admin port (default http://127.0.0.1:9851)")
    daemon.add_argument("--token-file", type=Path, metavar="FILE", help="file with your token")
    daemon.add_argument("--ca-file", type=Path, metavar="FILE", help="authorities that may sign its certificate")
    daemon.add_argument("--key", default="", metavar="KEY", help="look at a cancel that has begun earlier")
    direct = command.add_argument_group("directly on the cluster")
    direct.add_argument("--direct", action="store_true", help="ask no daemon")
    direct.add_argument(
        "--audit",
        type=Path,
        metavar="FILE",
        help="where the audit records go (default $XDG_STATE_HOME/elasticblast-exporter/audit.jsonl)",
    )


def token_flags(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", metavar="NAME", help="who it is for, as the audit will say")
    command.add_argument("--file", type=Path, metavar="FILE", help="add the line to this file (mode 0600 if it is new)")


def _count(text: str) -> int:
    count = int(text)
    if count < 0:
        raise ValueError
    return count


def _reason(text: str) -> str:
    if len(text) > _LONGEST_REASON:
        raise argparse.ArgumentTypeError(f"has more than {_LONGEST_REASON} characters")
    return text


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < float("inf"):
        raise ValueError
    return seconds
