"""How far a cancel is, for whoever asks while it runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from exporter.domain.cancel import STAGES, Stage, Target, stage_of

Step = Stage | Literal["verify"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageView:
    """One stage: objects seen in all, deletes accepted, objects seen gone."""

    stage: Stage
    total: int = 0
    deleted: int = 0
    gone: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressView:
    """A moment of a cancel: the stage it is in and since when it runs, Unix seconds; empty before it has a plan."""

    stage: Step | Literal[""] = ""
    began: float = 0.0
    stages: tuple[StageView, ...] = ()


class Progress:
    """Told by the saga, read from any thread. `changed` hears of every new stage, in the saga's thread."""

    def __init__(self, changed: Callable[[Step], None] | None = None) -> None:
        self._changed = changed
        self._lock = threading.Lock()
        self._stage: Step | Literal[""] = ""
        self._began = 0.0
        self._seen: dict[str, Stage] = {}
        self._deleted: set[str] = set()
        self._living: set[str] = set()

    def began(self, at: float) -> None:
        """The cancel begins."""
        with self._lock:
            self._began = at

    def enter(self, stage: Step) -> None:
        """The cancel works at this stage now."""
        with self._lock:
            new = stage != self._stage
            self._stage = stage
        if new and self._changed is not None:
            self._changed(stage)

    def looked(self, living: Iterable[Target], at: Collection[Stage] = STAGES) -> None:
        """Of these stages these objects, and no others, are there."""
        found: Mapping[str, Stage] = {one.uid: stage for one in living if (stage := stage_of(one)) in at and stage}
        with self._lock:
            others = {uid for uid in self._living if self._seen[uid] not in at}
            self._seen.update(found)
            self._living = others | found.keys()

    def deleted(self, target: Target) -> None:
        """The API server has accepted a delete."""
        with self._lock:
            self._deleted.add(target.uid)

    def snapshot(self) -> ProgressView:
        """The present moment."""
        with self._lock:
            return ProgressView(
                stage=self._stage, began=self._began, stages=tuple(self._view(stage) for stage in STAGES)
            )

    def _view(self, stage: Stage) -> StageView:
        uids = {uid for uid, one in self._seen.items() if one == stage}
        return StageView(
            stage=stage,
            total=len(uids),
            deleted=len(uids & self._deleted),
            gone=len(uids - self._living),
        )
