"""The problem documents of the admin port as sentences and exit codes. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from exporter.cli.cancel.values import EXIT_CODES, REFUSED, UNAVAILABLE, EndError
from exporter.cli.table import printable
from exporter.domain.cancel import Outcome, Refusal

_HINTS: Mapping[str, str] = {
    "unauthenticated": "Give your token with --token-file; with the cluster's own callers it is "
    "`kubectl create token SERVICEACCOUNT --audience elasticblast-exporter`.",
    "forbidden": "You need the right to delete jobs.batch in that namespace; `check --cancel person` prints the Role.",
    "count": "The search has changed since the plan was shown. Run the command again.",
    "unlabelled": "An old client made its Jobs without the label elb-job-id. Delete them by name with kubectl.",
    "busy": "Another cancel is under way. Try again in a minute.",
    "limited": "Too many requests. Try again in a minute.",
    "too_many": "It has more Jobs than admin.max_objects allows.",
}


class _Problem(msgspec.Struct, frozen=True):
    type: str = ""
    title: str = ""
    detail: str = ""


def problem(status: int, content: bytes) -> EndError:
    """The end that an answer which is no success means."""
    try:
        told = msgspec.json.decode(content, type=_Problem)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        told = _Problem()
    name = told.type.rpartition("#")[2]
    sentence = printable(told.detail or told.title or f"What answers there is not the admin port: HTTP {status}.")
    hint = _HINTS.get(name, "")
    return EndError(_code(status, name), f"{sentence} {hint}".rstrip())


def _code(status: int, name: str) -> int:
    if name in set(Refusal):
        return REFUSED
    if name in set(Outcome):
        return EXIT_CODES[Outcome(name)]
    return REFUSED if name and 400 <= status < 500 else UNAVAILABLE
