"""The order of a cancel: the way is cleared, what is open is deleted, until nothing is found twice."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager

from exporter.cancel.stages import Halt, Work, ask, delete_all, first_stage_pods, look, pause
from exporter.domain.cancel import FIRST_STAGES, LAST_STAGES, Outcome, Plan, Stage, Target

_PER_POLL = 200  # objects waited for that make a look one `poll` rarer: each look reads them all


def sweep(work: Work) -> float:
    """Delete until two complete looks, `settle` apart, have found nothing; return when the last pod was seen gone, in
    Unix seconds. Raises Halt."""
    empty_at: float | None = None
    gone_at = 0.0
    while True:
        clear_the_way(work)
        plan = look(work, unfinished=True)
        if not plan.targets:
            plan = look(work)
        if plan.targets or wait_for_pods(work, plan):
            empty_at = None
            take(work, plan)
            continue
        work.progress.enter("verify")
        now = work.clock.mono()
        if empty_at is None:
            empty_at, gone_at = now, work.clock.wall()
        if now - empty_at >= work.times.settle:
            return gone_at
        pause(work, empty_at + work.times.settle - now)


def clear_the_way(work: Work) -> None:
    """Delete finalizer Jobs, then submit Jobs, and wait until they and their pods are gone. Raises Halt."""
    with _within(work, work.times.stage_one, "finalizer or submit Jobs, or pods of theirs, have not gone in time"):
        while True:
            plan = look(work, first_stages=True)
            if not plan.targets and not first_stage_pods(work):
                return
            if any(map(work.gave_up, plan.targets)):
                raise Halt(Outcome.CONFLICT, "a finalizer or submit Job keeps changing")
            for stage in FIRST_STAGES:
                _delete_stage(work, stage, _open(work, plan.of(stage)))
            pause(work, work.times.poll)


def take(work: Work, plan: Plan) -> None:
    """Delete what is open of setup and blast, then wait a while. A new finalizer or submit Job ends it early: the way
    is to be cleared again. Raises Halt."""
    if plan.of(*FIRST_STAGES):
        return
    if plan.targets and all(map(work.gave_up, plan.targets)):
        raise Halt(Outcome.CONFLICT, f"{len(plan.targets)} objects keep changing")
    waves = [(stage, wave) for stage in LAST_STAGES for wave in _waves(work, _open(work, plan.of(stage)))]
    for stage, wave in waves:
        if look(work, first_stages=True).targets or first_stage_pods(work):
            return
        _delete_stage(work, stage, wave)
    pause(work, work.times.poll * (1 + len(plan.targets) / _PER_POLL))


def wait_for_pods(work: Work, plan: Plan) -> bool:
    """Wait until no pod of the search lives on without its Job, and say whether one did. Raises Halt."""
    others = {one.target.uid for one in plan.spared}
    others |= {uid for uid, one in work.results.items() if one.result == "conflict"}
    waited = False
    with _within(work, work.times.stage_one, "pods live on whose Jobs are gone"):
        while any(pod.owner not in others for pod in ask(work, lambda: work.api.pods_left(work.order.search))):
            waited = True
            pause(work, work.times.poll)
    return waited


def _delete_stage(work: Work, stage: Stage, targets: Sequence[Target]) -> None:
    if targets:
        work.progress.enter(stage)
        delete_all(work, targets)


def _open(work: Work, targets: Sequence[Target]) -> list[Target]:
    return [target for target in targets if not target.deleting and not work.gave_up(target)]


def _waves(work: Work, targets: Sequence[Target]) -> list[Sequence[Target]]:
    return [targets[first : first + work.times.wave] for first in range(0, len(targets), work.times.wave)]


@contextmanager
def _within(work: Work, seconds: float, late: str) -> Generator[None, None, None]:
    """Bound every wait inside by `seconds` from now."""
    before = work.until, work.late
    ends = work.clock.mono() + seconds
    if ends < work.until:
        work.until, work.late = ends, late
    try:
        yield
    finally:
        work.until, work.late = before
