"""What the command `cancel` is made of: exit codes, how it ends early, and the two ways to a cancel. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from exporter.cancel.documents import PlanDocument, ResultDocument, StageProgress
from exporter.domain.cancel import Outcome

DONE, USAGE, PARTIAL, REFUSED, NOT_FOUND, CONFLICT, UNAVAILABLE, INTERRUPTED = 0, 2, 3, 4, 5, 6, 7, 130

WHOLE_ID = re.compile(r"job-[0-9a-f]{32}")
"""What ElasticBLAST makes: nothing need be looked up for it."""
EXIT_CODES: Mapping[Outcome, int] = {
    Outcome.DONE: DONE,
    Outcome.ALREADY_GONE: DONE,
    Outcome.PLANNED: DONE,
    Outcome.PARTIAL: PARTIAL,
    Outcome.INTERRUPTED: PARTIAL,
    Outcome.REFUSED: REFUSED,
    Outcome.NOT_FOUND: NOT_FOUND,
    Outcome.CONFLICT: CONFLICT,
    Outcome.UNAVAILABLE: UNAVAILABLE,
    Outcome.AUDIT_FAILED: UNAVAILABLE,
}
"""A Ctrl-C of this command's own user is INTERRUPTED instead."""


class EndError(Exception):
    """The command ends with this exit code and this sentence."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


class UnreachableError(EndError):
    """Nothing listens there, or nothing answers."""

    def __init__(self, sentence: str) -> None:
        super().__init__(UNAVAILABLE, sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One search and where it is. `what` is for people, such as `blastp nr`; what is not known is empty."""

    cluster: str
    namespace: str
    id: str
    openapi_id: str = ""
    phase: str = ""
    what: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for. Without `expected_count` any number of Jobs may go: batches end while the plan is read."""

    place: Place
    expected_count: int | None
    dry_run: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """How far a cancel is; `stage` is empty before it has a plan."""

    stage: str = ""
    stages: Sequence[StageProgress] = ()


class Run(Protocol):
    """One cancel that has begun. `key` names it for whoever comes back; empty where nobody can."""

    @property
    def key(self) -> str: ...

    def moment(self) -> Moment: ...

    def result(self) -> ResultDocument | None:
        """None until it has ended. Raises EndError."""

    def give_up(self) -> bool:
        """Stop what can be stopped from here, and say whether that is so; else it goes on elsewhere."""


class Way(Protocol):
    """Through a daemon, or directly on the cluster. Every method raises EndError."""

    @property
    def words(self) -> str:
        """Who deletes, for people."""

    def find(self, text: str) -> list[Place]:
        """The searches that the text may mean."""

    def plan(self, place: Place) -> PlanDocument | None:
        """What a cancel would do; None where nothing carries the id."""

    def begin(self, wish: Wish) -> Run: ...
