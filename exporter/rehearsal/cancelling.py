"""The second search of a rehearsal: it is cancelled while it sleeps, and a neighbour shows that nothing else moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from exporter.domain.identity import ID_LABEL
from exporter.rehearsal import manifests
from exporter.rehearsal.acts import agreed, jobs_of, phase_of
from exporter.rehearsal.manifests import RUN_LABEL, Search
from exporter.rehearsal.stage import Finding, Stage, found, until

_SECONDS = 1800


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """What the admin port says in the end: an outcome, or why there is none, and how many Jobs it deleted."""

    outcome: str
    deleted: int


Cancel = Callable[[str, int], Cancelled]
"""Cancels the search of this id, of which so many Jobs live."""


def play_cancel(stage: Stage, cancel: Cancel) -> Iterator[Finding]:
    """Raises Failed."""
    doomed = manifests.new_search(stage.run, stage.image, seconds=_SECONDS)
    neighbour = manifests.new_search(stage.run, stage.image, seconds=_SECONDS)
    for search in (neighbour, doomed):
        for job in (*manifests.batches(search), manifests.finalizer(search)):
            stage.batch.create(job)
    for search, what in ((neighbour, "a neighbour lives"), (doomed, "a search to cancel lives")):
        finding = agreed(stage, search, what, ended=False)
        yield finding
        if finding.verdict == "failed":
            return
    before, jobs = _others(stage, doomed), len(jobs_of(stage, doomed))
    told = cancel(doomed.id, jobs)
    good = told == Cancelled(outcome="done", deleted=jobs)
    yield found("cancel", f"done, {jobs} Jobs deleted", f"{told.outcome}, {told.deleted} Jobs deleted", good=good)
    if good:
        left, none = until(lambda: ((names := _left(stage, doomed)), not names), stage.wait)
        yield found("left of it", "nothing", ", ".join(left) or "nothing", good=none)
        yield phase_of(stage, doomed, "phase of the cancelled search", "cancelled")
    moved = sorted(set(before.values()) - {before[uid] for uid in before.keys() & _others(stage, doomed).keys()})
    yield found(
        "everything else of this rehearsal",
        f"{len(before)} Jobs and pods stay",
        f"gone or going: {', '.join(moved)}" if moved else f"{len(before)} Jobs and pods stay",
        good=not moved and bool(before),
    )


def _left(stage: Stage, search: Search) -> list[str]:
    pods = stage.core.pods(stage.namespace, f"{ID_LABEL}={search.id}")
    return [f"Job {job.stored.name}" for job in jobs_of(stage, search)] + [f"pod {pod.name}" for pod in pods]


def _others(stage: Stage, search: Search) -> dict[str, str]:
    """What the run has made beside this search and nobody deletes, by uid."""
    selector = f"{RUN_LABEL}={stage.run},{ID_LABEL}!={search.id}"
    jobs = [(job.stored, "Job") for job in stage.batch.jobs(selector)]
    pods = [(pod, "pod") for pod in stage.core.pods(stage.namespace, selector)]
    return {one.uid: f"{kind} {one.name}" for one, kind in (*jobs, *pods) if not one.deleting}
