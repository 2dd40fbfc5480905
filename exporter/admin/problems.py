"""What went wrong, as RFC 9457 says it. No sentence repeats what was asked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from exporter.domain.cancel import Outcome, Refusal
from exporter.domain.failures import Failed

MEDIA_TYPE = "application/problem+json"

STATUS_OF_OUTCOME: Mapping[Outcome, int] = {
    Outcome.PLANNED: 200,
    Outcome.DONE: 200,
    Outcome.ALREADY_GONE: 200,
    Outcome.NOT_FOUND: 404,
    Outcome.PARTIAL: 500,
    Outcome.CONFLICT: 409,
    Outcome.REFUSED: 422,
    Outcome.UNAVAILABLE: 503,
    Outcome.INTERRUPTED: 503,
    Outcome.AUDIT_FAILED: 503,
}
STATUS_OF_REFUSAL: Mapping[Refusal, int] = {
    Refusal.BAD_REQUEST: 400,
    Refusal.UNAUTHENTICATED: 401,
    Refusal.FORBIDDEN: 403,
    Refusal.NAMESPACE: 404,
    Refusal.COUNT: 409,
    Refusal.BUSY: 409,
    Refusal.BAD_ID: 422,
    Refusal.CONFIRM: 422,
    Refusal.CLUSTER: 422,
    Refusal.TOO_MANY: 422,
    Refusal.UNLABELLED: 422,
    Refusal.LIMITED: 429,
}
TITLES: Mapping[str, str] = {
    "already_gone": "Nothing of the search is left",
    "audit_failed": "The audit record could not be written",
    "bad_id": "Not the id of a search",
    "bad_request": "Not a request that is understood",
    "busy": "The search is being cancelled already",
    "cluster": "The cluster must be named",
    "confirm": "The confirmation is not the id",
    "conflict": "An object changed while it was to be deleted",
    "content_type": "Only JSON is understood",
    "count": "The number of objects is not the expected one",
    "done": "The search is cancelled",
    "forbidden": "The caller may not do that",
    "host": "Not a host that this listener answers for",
    "interrupted": "The exporter is ending",
    "limited": "Too many requests",
    "method": "Not a method of this path",
    "namespace": "No such namespace here",
    "not_found": "Nothing of this name is known",
    "origin": "Requests of web pages are refused",
    "partial": "Something of the search is left",
    "path": "No such path",
    "planned": "This is what would be done",
    "refused": "The cancel was refused",
    "size": "The body is too large",
    "too_many": "The search has more objects than may be deleted",
    "unauthenticated": "The caller is not known",
    "unavailable": "The answer cannot be had now",
    "unlabelled": "The objects of the search do not carry its label",
}


@dataclass(slots=True)  # not frozen: an exception's traceback is assigned to
class Problem(Exception):  # noqa: N818 - the word of RFC 9457
    """An answer that is no success. `name` is the end of its type; `refusal` is what a cancel counts it as."""

    status: int
    name: str
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)
    refusal: Refusal = Refusal.BAD_REQUEST


def refused(why: Refusal, detail: str, *, status: int = 0, retry_after: float = 0.0) -> Problem:
    """The problem for a refusal; `retry_after` in seconds."""
    headers = {"retry-after": str(max(1, math.ceil(retry_after)))} if retry_after else {}
    if why is Refusal.UNAUTHENTICATED:
        headers["www-authenticate"] = "Bearer"
    return Problem(status or STATUS_OF_REFUSAL[why], why.value, detail, headers, why)


def unavailable(failure: Failed) -> Problem:
    """The problem for an API that does not say what must be known."""
    wait = {"retry-after": str(math.ceil(failure.retry_after))} if failure.retry_after else {}
    return Problem(503, "unavailable", f"the Kubernetes API did not answer: {failure.word}", wait)


def body_of(problem: Problem, more: Mapping[str, object] | None = None) -> bytes:
    """The problem document; `more` are further members."""
    document = {
        "type": f"about:blank#{problem.name}",
        "title": TITLES[problem.name],
        "status": problem.status,
        "detail": problem.detail,
    }
    return msgspec.json.encode({**(more or {}), **document}) + b"\n"
