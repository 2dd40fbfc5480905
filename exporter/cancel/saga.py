"""The cancel of one search, in the order that leaves no false marker behind.

Finalizer Jobs go first, then submit Jobs; only when both, and their pods, are gone does the search's own setup go, then
its batches: a finalizer that outlives them takes their absence for success. What appears meanwhile is treated the same
way. It is over when two complete looks, some seconds apart, have found nothing.

Every step starts from what is there now, so a cancel that was cut off at any point is repeated, not resumed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from exporter.adapters.clock import Clock
from exporter.cancel.api import JobsApi
from exporter.cancel.audit import AuditError
from exporter.cancel.order import Order, Times
from exporter.cancel.progress import Progress
from exporter.cancel.records import outcomes
from exporter.cancel.stages import Audit, Halt, Work, intend, keep, rehearse
from exporter.cancel.sweep import sweep
from exporter.domain.cancel import FIRST_STAGES, ObjectResult, Outcome, Plan, Refusal, Result, Target, make_plan
from exporter.domain.failures import Failed
from exporter.domain.identity import SearchId
from exporter.domain.text import clean

_EVENT_REASON = "SearchCancelled"
_REQUEST_LENGTH = 64


def plan(search: SearchId, *, api: JobsApi) -> Plan:
    """What a cancel would do now, unlabelled Jobs included. Raises Failed."""
    return make_plan(api.namespace, search, [*api.jobs_of(search), *api.unlabelled(search)])


def run(
    order: Order,
    *,
    api: JobsApi,
    audit: Audit,
    times: Times,
    progress: Progress,
    stop: Callable[[], bool],
    clock: Clock,
    requested: Callable[[], None] = lambda: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Result:
    """Cancel one search; what goes wrong is in the result. `requested` is called between the intent's audit record and
    the first DELETE. `audit` raises AuditError when a record could not be kept."""
    began = clock.wall()
    work = Work(
        order=order,
        api=api,
        audit=audit,
        times=times,
        progress=progress,
        stop=stop,
        clock=clock,
        sleep=sleep,
        until=clock.mono() + times.whole,
    )
    progress.began(began)
    result = _attempt(work, began, requested)
    return _recorded(work, result)


def _attempt(work: Work, began: float, requested: Callable[[], None]) -> Result:
    try:
        first = plan(work.order.search, api=work.api)
        strays = not first.targets and _strays(work, first)
    except Failed as failure:
        nothing = Plan(namespace=work.order.namespace, search=str(work.order.search))
        return _result(work, nothing, began, Outcome.UNAVAILABLE, detail=f"the API could not be read: {failure.word}")
    if strays:
        return _result(work, first, began, Outcome.PARTIAL, detail="pods live on whose Jobs are gone")
    if not first.targets:
        return _nothing_to_do(work, first, began)
    if refusal := _refusal(work, first):
        return _result(work, first, began, Outcome.REFUSED, *refusal)
    try:
        if work.order.dry_run:
            rehearse(work, first)
            return _result(work, first, began, Outcome.PLANNED, detail=_count(first))
        intend(work, first)
        keep(work, first)
        requested()
        work.api.tell(_witness(first), _EVENT_REASON, _announcement(work.order))
        gone_at = sweep(work)
    except Halt as halt:
        _look_once_more(work, halt)
        return _result(work, first, began, halt.outcome, halt.refusal, halt.detail)
    contested = any(one.result == "conflict" for one in work.results.values())
    outcome = Outcome.CONFLICT if contested else Outcome.DONE
    return _result(work, first, began, outcome, last_pod_gone=gone_at)


def _strays(work: Work, first: Plan) -> bool:
    spared = {one.target.uid for one in first.spared}
    return any(pod.owner not in spared for pod in work.api.pods_left(work.order.search))


def _nothing_to_do(work: Work, first: Plan, began: float) -> Result:
    reasons = {one.why for one in first.spared}
    if reasons == {"unlabelled"}:
        detail = "its Jobs carry no label that names it"
        return _result(work, first, began, Outcome.REFUSED, Refusal.UNLABELLED, detail)
    return _result(work, first, began, Outcome.ALREADY_GONE if reasons else Outcome.NOT_FOUND)


def _refusal(work: Work, first: Plan) -> tuple[Refusal, str] | None:
    expected, count = work.order.expected_count, len(first.targets)
    if any(one.why == "unlabelled" and one.target.role in FIRST_STAGES for one in first.spared):
        return Refusal.UNLABELLED, "a finalizer or submit Job of it carries no label that names it"
    if expected is not None and expected != count:
        return Refusal.COUNT, _count(first)
    return (Refusal.TOO_MANY, _count(first)) if count > work.times.max_objects else None


def _count(first: Plan) -> str:
    return f"{len(first.targets)} objects"


def _witness(first: Plan) -> Target:
    """The Job that bears the Event: the finalizer, else the newest."""
    return next(iter(first.of("finalizer")), None) or max(first.targets, key=lambda target: target.created)


def _announcement(order: Order) -> str:
    request = clean(order.request_id, _REQUEST_LENGTH)
    return f"elasticblast-exporter deletes the Jobs of this search{f' (request {request})' if request else ''}"


def _look_once_more(work: Work, halt: Halt) -> None:
    """See what is left; when the program stops there is no time for it."""
    if halt.outcome is Outcome.INTERRUPTED or not work.sent:
        return
    with suppress(Failed):
        keep(work, make_plan(work.order.namespace, work.order.search, work.api.jobs_of(work.order.search)))


def _result(
    work: Work,
    first: Plan,
    began: float,
    outcome: Outcome,
    refusal: Refusal | None = None,
    detail: str = "",
    last_pod_gone: float | None = None,
) -> Result:
    return Result(
        outcome=outcome,
        plan=first,
        refusal=refusal,
        detail=detail,
        objects=tuple(_told(work, target) for target in work.seen.values()),
        remaining=tuple(work.living.values()),
        began=began,
        ended=work.clock.wall(),
        last_pod_gone=last_pod_gone,
    )


def _told(work: Work, target: Target) -> ObjectResult:
    """What came of a target: told by its delete, else by whether it is still there."""
    there = target.uid in work.living
    return work.results.get(target.uid) or ObjectResult(target=target, result="left" if there else "already_gone")


def _recorded(work: Work, result: Result) -> Result:
    """The result, which has been audited. Without objects deleted a failing audit is the result."""
    try:
        for record in outcomes(work.order, result):
            work.audit(record)
    except AuditError:
        why = "the audit record could not be written"
        outcome = result.outcome if work.sent else Outcome.AUDIT_FAILED
        return replace(result, outcome=outcome, detail=f"{result.detail}; {why}" if result.detail else why)
    return result
