"""The steps of a cancel: look, delete this very object, wait. What ends a cancel early is a `Halt`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from exporter.adapters.clock import Clock
from exporter.cancel.api import JobsApi
from exporter.cancel.audit import AuditError
from exporter.cancel.order import Order, Times
from exporter.cancel.progress import Progress
from exporter.cancel.records import intents
from exporter.domain.cancel import (
    FIRST_STAGES,
    STAGES,
    LivePod,
    ObjectOutcome,
    ObjectResult,
    Outcome,
    Plan,
    Refusal,
    Target,
    belongs,
    make_plan,
    stage_of,
)
from exporter.domain.failures import Failed, Word

Answer = TypeVar("Answer")
Audit = Callable[[Mapping[str, object]], None]
_SLICE = 0.25
_FINAL = (Word.DENIED, Word.UNAUTHENTICATED)


class Halt(Exception):  # noqa: N818 - an end, not always an error
    """The cancel goes no further."""

    def __init__(self, outcome: Outcome, detail: str, refusal: Refusal | None = None) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.detail = detail
        self.refusal = refusal


@dataclass(slots=True, kw_only=True)
class Work:
    """One running cancel. `until` (monotonic) bounds every wait, `late` says what has not happened by then.

    `seen` and `living` are by uid: every target ever, and those of the last looks.
    """

    order: Order
    api: JobsApi
    audit: Audit
    times: Times
    progress: Progress
    stop: Callable[[], bool]
    clock: Clock
    sleep: Callable[[float], None] = time.sleep
    until: float
    late: str = "out of time"
    sent: bool = False
    ending: bool = False
    seen: dict[str, Target] = field(default_factory=dict)
    living: dict[str, Target] = field(default_factory=dict)
    results: dict[str, ObjectResult] = field(default_factory=dict)

    def gave_up(self, target: Target) -> bool:
        """Whether the target has been contested too often, or is no longer ours."""
        return (found := self.results.get(target.uid)) is not None and found.result == "conflict"


def look(work: Work, *, first_stages: bool = False, unfinished: bool = False) -> Plan:
    """Read the live objects; those never seen before are audited. Raises Halt."""
    search, api = work.order.search, work.api
    found = ask(work, lambda: api.jobs_of(search, first_stages=first_stages, unfinished=unfinished))
    plan = make_plan(work.order.namespace, search, found)
    intend(work, plan)
    keep(work, plan, first_stages=first_stages)
    return plan


def keep(work: Work, plan: Plan, *, first_stages: bool = False) -> None:
    """Remember what lives."""
    at = FIRST_STAGES if first_stages else STAGES
    others = {uid: one for uid, one in work.living.items() if stage_of(one) not in at}
    work.living = others | {target.uid: target for target in plan.targets}
    work.progress.looked(plan.targets, at)


def intend(work: Work, plan: Plan) -> None:
    """Audit the targets that no record has named so far. Raises Halt if that fails, or if they have become too many."""
    fresh = [target for target in plan.targets if target.uid not in work.seen]
    if not fresh:
        return
    if len(work.seen) + len(fresh) > work.times.max_objects:
        raise Halt(Outcome.PARTIAL, f"more than {work.times.max_objects} objects by now")
    try:
        for record in intents(work.order, plan, fresh, work.clock.wall()):
            work.audit(record)
    except AuditError:
        outcome = Outcome.PARTIAL if work.sent else Outcome.AUDIT_FAILED
        raise Halt(outcome, "the audit record could not be written") from None
    work.seen.update((target.uid, target) for target in fresh)


def first_stage_pods(work: Work) -> list[LivePod]:
    """The living pods of finalizer and submit Jobs, also of those whose Job is gone. Raises Halt."""
    uids = [uid for uid, target in work.seen.items() if stage_of(target) in FIRST_STAGES]
    return ask(work, lambda: work.api.living_pods(work.order.search, uids))


def ask(work: Work, read: Callable[[], Answer]) -> Answer:
    """Read, and again after a failure that may pass. Raises Halt."""
    for left in range(work.times.tries, -1, -1):
        check(work)
        try:
            return read()
        except Failed as failure:
            if not left or failure.word in _FINAL:
                outcome = Outcome.PARTIAL if work.sent else Outcome.UNAVAILABLE
                raise Halt(outcome, f"the API could not be read: {failure.word}") from None
            pause(work, failure.retry_after or work.times.poll)
    raise AssertionError("unreachable")


def check(work: Work, seconds: float = 0.0) -> None:
    """Raise Halt if the program stops, or if so many seconds more are too many."""
    if work.stop():
        raise Halt(Outcome.INTERRUPTED, "the exporter stops")
    if work.clock.mono() + seconds > work.until:
        raise Halt(Outcome.UNAVAILABLE if work.order.dry_run else Outcome.PARTIAL, work.late)


def pause(work: Work, seconds: float) -> None:
    """Wait. Raises Halt if the program stops, or at once if the time does not suffice."""
    check(work, seconds)
    ends = work.clock.mono() + seconds
    while (left := ends - work.clock.mono()) > 0:
        check(work)
        work.sleep(min(left, _SLICE))


def delete_all(work: Work, targets: Sequence[Target]) -> None:
    """Delete the targets, some at a time. Raises Halt after a delete that failed, or when the program stops; deletes
    that were under way are finished, no other is begun."""
    _each(work, targets, _delete_next)
    failed = [one for target in targets if (one := work.results.get(target.uid)) and one.result == "failed"]
    if failed:
        check(work)
        raise Halt(Outcome.PARTIAL, f"{len(failed)} of {len(targets)} deletes failed: {failed[0].word}")


def rehearse(work: Work, plan: Plan) -> None:
    """Ask for every delete as a dry run: rights and admission are tried, nothing changes. Raises Halt."""
    _each(work, [target for target in plan.targets if not target.deleting], _rehearse_next)


def _each(work: Work, targets: Sequence[Target], step: Callable[[Work, Target], None]) -> None:
    """Do `step` for all targets; the first exception stops those not yet begun, and is raised."""
    width = min(work.times.parallel, work.api.width, len(targets))
    if width > 1:
        with ThreadPoolExecutor(width, thread_name_prefix="cancel") as pool:
            list(pool.map(lambda target: _guarded(work, target, step), targets))
    else:
        for target in targets:
            _guarded(work, target, step)


def _guarded(work: Work, target: Target, step: Callable[[Work, Target], None]) -> None:
    if work.ending:
        return
    try:
        check(work)
        step(work, target)
    except BaseException:
        work.ending = True
        raise


def _rehearse_next(work: Work, target: Target) -> None:
    try:
        _send(work, target, dry_run=True)
    except Failed as failure:
        if failure.word is Word.DENIED:
            raise Halt(Outcome.REFUSED, "the API denies the delete", Refusal.FORBIDDEN) from None
        if failure.word not in (Word.ABSENT, Word.CONFLICT):
            raise Halt(Outcome.UNAVAILABLE, f"the dry run failed: {failure.word}") from None


def _delete_next(work: Work, target: Target) -> None:
    found = _delete(work, target)
    work.results[target.uid] = found
    if found.result == "failed":
        work.ending = True
    if found.result == "deleted":
        work.progress.deleted(target)


def _delete(work: Work, target: Target) -> ObjectResult:
    """Delete one object. What is contested, or whose answer is lost, is read again before it is asked for again."""
    current = target
    failure = Failed(Word.BUG)
    for _ in range(work.times.tries + 1):
        try:
            _send(work, current)
            return _told(target, "deleted")
        except Failed as caught:
            failure = caught
        if failure.word is Word.ABSENT:
            return _told(target, "already_gone")
        lost = _is_lost(failure)
        if not lost and failure.word not in (Word.CONFLICT, Word.UNAUTHENTICATED):
            return _told(target, "failed", failure.word)
        try:
            fresh = work.api.read(target.name)
        except Failed as caught:
            return _told(target, "failed", caught.word)
        verdict = _verdict(work, target, fresh, lost=lost)
        if fresh is None or verdict is not None:
            return _told(target, verdict or "already_gone")
        current = fresh
        check(work)
    return _told(target, "conflict" if failure.word is Word.CONFLICT else "failed", failure.word)


def _send(work: Work, target: Target, *, dry_run: bool = False) -> None:
    """Ask for one delete, again only when the API says that it was too busy to do it."""
    while True:
        work.sent = work.sent or not dry_run
        try:
            return work.api.delete(target, dry_run=dry_run)
        except Failed as failure:
            if failure.word is not Word.THROTTLED:
                raise
            pause(work, failure.retry_after or work.times.poll)


def _verdict(work: Work, target: Target, fresh: Target | None, *, lost: bool) -> ObjectOutcome | None:
    """What has become of the object; None: it is what it was, and may be asked for again."""
    if fresh is None or fresh.uid != target.uid or fresh.deleting:
        return "deleted" if lost else "already_gone"
    if not belongs(fresh, work.order.namespace, work.order.search) or stage_of(fresh) != stage_of(target):
        return "conflict"
    return "left" if fresh.terminal else None


def _is_lost(failure: Failed) -> bool:
    """Say whether the API may have done what it was asked although it did not answer, or only that it ran late."""
    return failure.word is Word.TIMEOUT or not failure.detail.startswith("HTTP ")


def _told(target: Target, result: ObjectOutcome, word: Word | None = None) -> ObjectResult:
    return ObjectResult(target=target, result=result, word=word)
