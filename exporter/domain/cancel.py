"""What a cancel of one search would delete, what it spares and why, and what came of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, get_args

from exporter.domain.failures import Word
from exporter.domain.identity import SearchId
from exporter.domain.records import Evidence, Role

Stage = Literal["finalizer", "submit", "setup", "blast"]
STAGES: tuple[Stage, ...] = get_args(Stage)
FIRST_STAGES: tuple[Stage, ...] = ("finalizer", "submit")
LAST_STAGES: tuple[Stage, ...] = ("setup", "blast")
Spare = Literal["terminal", "shared", "foreign", "unlabelled"]
ObjectOutcome = Literal["deleted", "already_gone", "conflict", "failed", "left"]
OWN_SETUP = "init-ssd-"


class Outcome(StrEnum):
    """How a cancel ended."""

    PLANNED = "planned"
    DONE = "done"
    ALREADY_GONE = "already_gone"
    NOT_FOUND = "not_found"
    PARTIAL = "partial"
    CONFLICT = "conflict"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    INTERRUPTED = "interrupted"
    AUDIT_FAILED = "audit_failed"


class Refusal(StrEnum):
    """Why a cancel was refused before anything was deleted."""

    BAD_ID = "bad_id"
    CONFIRM = "confirm"
    COUNT = "count"
    TOO_MANY = "too_many"
    NAMESPACE = "namespace"
    CLUSTER = "cluster"
    UNLABELLED = "unlabelled"
    FORBIDDEN = "forbidden"
    UNAUTHENTICATED = "unauthenticated"
    LIMITED = "limited"
    BUSY = "busy"
    BAD_REQUEST = "bad_request"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One Job as read live. `version` is its resourceVersion, `created` Unix seconds; `role` None: not one of ours."""

    uid: str
    name: str
    namespace: str
    version: str
    role: Role | None
    app: str
    search: str
    evidence: Evidence
    created: float
    terminal: bool = False
    deleting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePod:
    """One pod that may still do something. `owner` is the uid of its controller, empty without one."""

    name: str
    owner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spared:
    """A Job that says it is of the search and is not deleted."""

    target: Target
    why: Spare


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a cancel would delete, in order of stage and name; what is being deleted already is only awaited."""

    namespace: str
    search: str
    targets: tuple[Target, ...] = ()
    spared: tuple[Spared, ...] = ()

    def of(self, *stages: Stage) -> tuple[Target, ...]:
        """The targets of these stages."""
        return tuple(target for target in self.targets if stage_of(target) in stages)

    @property
    def digest(self) -> str:
        """SHA-256 over namespace, id and uids, in hexadecimal: the same for the same objects in any order."""
        lines = [self.namespace, self.search, *sorted(target.uid for target in self.targets)]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectResult:
    """What came of one target; `word` tells why a delete failed."""

    target: Target
    result: ObjectOutcome
    word: Word | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a cancel. Times are Unix seconds; `remaining` is what still lived at the last look.

    `last_pod_gone` is when the last pod of the search was seen gone, None unless that was seen.
    """

    outcome: Outcome
    plan: Plan
    refusal: Refusal | None = None
    detail: str = ""
    objects: tuple[ObjectResult, ...] = ()
    remaining: tuple[Target, ...] = ()
    began: float = 0.0
    ended: float = 0.0
    last_pod_gone: float | None = None

    @property
    def deleted(self) -> int:
        """How many deletes the API server has accepted."""
        return sum(one.result == "deleted" for one in self.objects)


def stage_of(target: Target) -> Stage | None:
    """The stage whose delete takes the target; None for one that no cancel may delete, whatever its labels."""
    if target.role == "setup":
        return "setup" if target.name.startswith(OWN_SETUP) else None
    return target.role if target.role in ("finalizer", "submit", "blast") else None


def belongs(target: Target, namespace: str, search: SearchId) -> bool:
    """Say whether the Job's own label names exactly this search, in this namespace."""
    return target.evidence == "label" and target.search == str(search) and target.namespace == namespace


def why_spared(target: Target) -> Spare | None:
    """Why a Job of the search is not deleted; None for one that is."""
    if target.evidence != "label":
        return "unlabelled"
    if stage_of(target) is None:
        return "shared" if target.role == "setup" else "foreign"
    return "terminal" if target.terminal else None


def make_plan(namespace: str, search: SearchId, targets: Iterable[Target]) -> Plan:
    """Sort what was read into what goes and what stays. What names another search or namespace is left out."""
    found = {target.uid: target for target in targets if (target.search, target.namespace) == (str(search), namespace)}
    ordered = sorted(found.values(), key=_place)
    reasons = {target.uid: why_spared(target) for target in ordered}
    return Plan(
        namespace=namespace,
        search=str(search),
        targets=tuple(target for target in ordered if reasons[target.uid] is None),
        spared=tuple(Spared(target=target, why=why) for target in ordered if (why := reasons[target.uid])),
    )


def _place(target: Target) -> tuple[int, str, str]:
    stage = stage_of(target)
    return (STAGES.index(stage) if stage else len(STAGES), target.name, target.uid)
