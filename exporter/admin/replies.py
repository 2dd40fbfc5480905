"""Answers as bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from exporter.admin.problems import MEDIA_TYPE, STATUS_OF_OUTCOME, STATUS_OF_REFUSAL, Problem, body_of
from exporter.cancel.documents import ResultDocument
from exporter.cancel.ticket import Ticket
from exporter.domain.cancel import Outcome

_POLL_AGAIN = "1"
_TRY_AGAIN = "10"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer."""

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def problem_reply(problem: Problem, members: Mapping[str, object] | None = None) -> Reply:
    """The answer that a problem is; `members` are further ones of its document."""
    body = body_of(problem, members)
    return Reply(status=problem.status, content_type=MEDIA_TYPE, body=body, headers=dict(problem.headers))


def document_reply(document: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A document as JSON."""
    body = msgspec.json.encode(document) + b"\n"
    return Reply(status=status, content_type="application/json", body=body, headers=headers or {})


def accepted_reply(ticket: Ticket) -> Reply:
    """A cancel that goes on, and where to look for it."""
    headers = {"location": f"/v1/cancels/{ticket.key}", "retry-after": _POLL_AGAIN}
    return document_reply(ticket.document(), 202, headers)


def result_reply(result: ResultDocument) -> Reply:
    """A result document; where it is no success, a problem that has all its members too."""
    status, name = STATUS_OF_OUTCOME[result.outcome], result.outcome.value
    if status == 200:
        return document_reply(result)
    if result.outcome is Outcome.REFUSED and result.refusal is not None:
        name, status = result.refusal.value, STATUS_OF_REFUSAL[result.refusal]
    headers = {"retry-after": _TRY_AGAIN} if status == 503 else {}
    return problem_reply(Problem(status, name, result.detail, headers), msgspec.to_builtins(result))
