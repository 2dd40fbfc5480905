"""What is said of a cancel to programs: the JSON documents of the admin port, made of domain values.

Times are Unix seconds. Lists of objects hold at most 500; `count`, `deleted` and `left` are of all. docs/http.md
describes the documents, and the admin port serves their schemas.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Literal

import msgspec

from exporter.cancel.progress import ProgressView
from exporter.domain.cancel import STAGES, ObjectOutcome, Outcome, Plan, Refusal, Result, Spare, Spared, Stage, Target

MOST_OBJECTS = 500


class ObjectItem(msgspec.Struct, frozen=True, kw_only=True):
    """One Job that a cancel would delete. `deleting`: it is being deleted already, and is only awaited."""

    name: str
    uid: str
    created: float
    deleting: bool


class StageItem(msgspec.Struct, frozen=True, kw_only=True):
    """The Jobs of one stage, at most 500."""

    stage: Stage
    objects: list[ObjectItem]


class SparedItem(msgspec.Struct, frozen=True, kw_only=True):
    """One Job of the search that stays, and why."""

    name: str
    uid: str
    role: str
    why: Spare


class PlanDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What a cancel would do now. `command` does it; it is empty where nothing would be deleted."""

    cluster: str
    namespace: str
    id: str
    digest: str
    count: int
    stages: list[StageItem]
    spared: list[SparedItem]
    phase: str | None
    command: str


class DoneItem(msgspec.Struct, frozen=True, kw_only=True):
    """One Job, and what came of it. `word` tells why a delete failed."""

    name: str
    uid: str
    role: str
    result: ObjectOutcome
    word: str | None = None


class LeftItem(msgspec.Struct, frozen=True, kw_only=True):
    """One Job that still lived at the last look."""

    name: str
    uid: str
    role: str


class ResultDocument(msgspec.Struct, frozen=True, kw_only=True):
    """How a cancel ended. `deleted` deletes were accepted, `left` Jobs still lived at the last look."""

    cluster: str
    namespace: str
    id: str
    outcome: Outcome
    refusal: Refusal | None
    detail: str
    digest: str
    dry_run: bool
    objects: list[DoneItem]
    deleted: int
    remaining: list[LeftItem]
    left: int
    spared: list[SparedItem]
    began: float
    ended: float


class StageProgress(msgspec.Struct, frozen=True, kw_only=True):
    """One stage: Jobs seen in all, deletes accepted, Jobs seen gone."""

    stage: Stage
    total: int
    deleted: int
    gone: int


class ProgressDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A cancel that runs or has ended; `outcome` and `result` are null until then."""

    key: str
    cluster: str
    namespace: str
    id: str
    dry_run: bool
    outcome: Outcome | None
    stage: Literal["finalizer", "submit", "setup", "blast", "verify"] | None
    stages: list[StageProgress]
    began: float
    result: ResultDocument | None


def plan_document(plan: Plan, *, cluster: str, phase: str | None) -> PlanDocument:
    """The plan, as it may be served."""
    return PlanDocument(
        cluster=cluster,
        namespace=plan.namespace,
        id=plan.search,
        digest=plan.digest,
        count=len(plan.targets),
        stages=[StageItem(stage=stage, objects=_objects(plan.of(stage))) for stage in STAGES],
        spared=_spared(plan.spared),
        phase=phase,
        command=command_of(plan, cluster) if plan.targets else "",
    )


def command_of(plan: Plan, cluster: str) -> str:
    """The command that cancels the search. All its parts are names that a shell takes as they are."""
    place = f" --cluster {cluster}" if cluster else ""
    return f"elasticblast-exporter cancel {plan.search} --namespace {plan.namespace}{place}"


def result_document(result: Result, *, cluster: str, dry_run: bool) -> ResultDocument:
    """The result, as it may be served."""
    done = (
        DoneItem(
            name=one.target.name,
            uid=one.target.uid,
            role=one.target.role or "",
            result=one.result,
            word=one.word.value if one.word else None,
        )
        for one in result.objects
    )
    return ResultDocument(
        cluster=cluster,
        namespace=result.plan.namespace,
        id=result.plan.search,
        outcome=result.outcome,
        refusal=result.refusal,
        detail=result.detail,
        digest=result.plan.digest,
        dry_run=dry_run,
        objects=list(islice(done, MOST_OBJECTS)),
        deleted=result.deleted,
        remaining=[
            LeftItem(name=one.name, uid=one.uid, role=one.role or "") for one in result.remaining[:MOST_OBJECTS]
        ],
        left=len(result.remaining),
        spared=_spared(result.plan.spared),
        began=result.began,
        ended=result.ended,
    )


def stages_of(view: ProgressView) -> list[StageProgress]:
    """The stages of a cancel under way."""
    return [StageProgress(stage=one.stage, total=one.total, deleted=one.deleted, gone=one.gone) for one in view.stages]


def _objects(targets: Iterable[Target]) -> list[ObjectItem]:
    items = (ObjectItem(name=one.name, uid=one.uid, created=one.created, deleting=one.deleting) for one in targets)
    return list(islice(items, MOST_OBJECTS))


def _spared(spared: Iterable[Spared]) -> list[SparedItem]:
    items = (
        SparedItem(name=one.target.name, uid=one.target.uid, role=one.target.role or one.target.app, why=one.why)
        for one in spared
    )
    return list(islice(items, MOST_OBJECTS))
