"""The words of `cancel`: the plan as a table, the question, what has been done and what is left. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from exporter.cancel.documents import PlanDocument, ResultDocument, SparedItem, StageItem
from exporter.cli.cancel.values import Place
from exporter.cli.table import Cell, Column, lay_out, paint, printable
from exporter.domain.cancel import Outcome, Spare
from exporter.domain.names import short_id
from exporter.web import plain

_COLUMNS = (
    Column(head="STAGE"),
    Column(head="JOB", flexible=True),
    Column(head="AGE", right=True, keep=1),
    Column(head="NOTE", keep=2),
)
_SHOWN = 8
_TONES: Mapping[Outcome, str] = {Outcome.DONE: "good", Outcome.ALREADY_GONE: "good", Outcome.PLANNED: "busy"}
_TOUCHED = (Outcome.DONE, Outcome.PARTIAL, Outcome.CONFLICT, Outcome.INTERRUPTED)

SPARED: Mapping[Spare, str] = {
    "terminal": "has ended",
    "shared": "serves every search of the namespace",
    "foreign": "carries the id, but is no part of a search",
    "unlabelled": "names the id, but has no label elb-job-id: an old client made it",
}
"""Why a Job stays."""

OUTCOMES: Mapping[Outcome, str] = {
    Outcome.PLANNED: "Nothing was deleted: this was a dry run, and the API server would have accepted it.",
    Outcome.DONE: "Done: nothing of the search lives any more.",
    Outcome.ALREADY_GONE: "Nothing of the search lives any more; there was nothing to delete.",
    Outcome.NOT_FOUND: "No search with this id is there, and none is known to have been cancelled.",
    Outcome.PARTIAL: "Not finished: some of it still lives. It is safe to run the same command again.",
    Outcome.CONFLICT: "Somebody else kept changing some of its Jobs. It is safe to run the same command again.",
    Outcome.REFUSED: "Refused; nothing was deleted.",
    Outcome.UNAVAILABLE: "The cluster could not be asked.",
    Outcome.INTERRUPTED: "Stopped before its end. It is safe to run the same command again.",
    Outcome.AUDIT_FAILED: "An audit record could not be written: whatever has none is not deleted.",
}
"""What each outcome means."""


def plan_lines(
    plan: PlanDocument | None, place: Place, words: str, now: float, *, width: int | None, colour: bool
) -> list[str]:
    """The plan: whose, what goes in which order, what stays and why. `now` is Unix seconds."""
    where = f"namespace {place.namespace}" + (f" of cluster {place.cluster}" if place.cluster else "")
    phase = ((plan and plan.phase) or place.phase).replace("_", " ")
    known = ", ".join(text for text in (place.what, phase) if text)
    lines = [f"Search  {printable(place.id)}", f"Where   {printable(where)}, {printable(words)}"]
    lines += [f"What    {printable(known)}"] if known else []
    rows = [row for stage in plan.stages for row in _rows(stage, _unlisted(plan, stage), now)] if plan else []
    table = lay_out(_COLUMNS, rows, width=width, colour=colour) if rows else ["Nothing of it lives."]
    return [*lines, "", *table, *_spared(plan.spared if plan else ()), ""]


def question(plan: PlanDocument) -> str:
    """What the person types to go on is the short id."""
    jobs = "1 Job" if plan.count == 1 else f"{plan.count} Jobs"
    return (
        f"{jobs} will be deleted, stage by stage, with their pods. This cannot be undone; uploaded results stay.\n"
        f"Type {short_id(plan.id)} (the last 8 characters of the id, as at the end of its Jobs' names) to go on: "
    )


def outcome_lines(result: ResultDocument, *, colour: bool) -> list[str]:
    """How it ended, and what is left."""
    lines = [paint(OUTCOMES[result.outcome], _TONES.get(result.outcome, "bad"), colour=colour)]
    if result.detail:
        lines.append(f"  {printable(result.detail)}")
    if result.deleted or result.outcome in _TOUCHED:
        lines.append(f"  deleted   {_jobs(result.deleted)} in {plain.span(result.ended - result.began)}")
    return [*lines, *_left(result)]


def _rows(stage: StageItem, unlisted: int, now: float) -> Iterator[list[Cell]]:
    for item in stage.objects[:_SHOWN]:
        note = "is being deleted already" if item.deleting else ""
        yield [Cell(stage.stage), Cell(item.name), Cell(plain.span(now - item.created)), Cell(note)]
    more = len(stage.objects) + unlisted - _SHOWN
    if more > 0:
        yield [Cell(stage.stage), Cell(f"… and {more} more"), Cell(""), Cell("")]


def _unlisted(plan: PlanDocument, stage: StageItem) -> int:
    """Objects that the document counts and does not list: only the longest stage, `blast`, outgrows its list."""
    return plan.count - sum(len(one.objects) for one in plan.stages) if stage is plan.stages[-1] else 0


def _spared(spared: Sequence[SparedItem]) -> Iterator[str]:
    """One line for each reason: a search of thousands has thousands that have ended."""
    if not spared:
        return
    yield ""
    yield "Not touched"
    for why, count in sorted(Counter(one.why for one in spared).items()):
        names = [printable(one.name) for one in spared if one.why == why][:2]
        more = f" and {count - len(names)} more" if count > len(names) else ""
        yield f"  {', '.join(names)}{more}: {SPARED[why]}"


def _left(result: ResultDocument) -> Iterator[str]:
    if not result.left:
        return
    yield f"  left      {_jobs(result.left)}"
    yield from (f"    {printable(one.name)}" for one in result.remaining[:_SHOWN])
    if result.left > _SHOWN:
        yield f"    … and {result.left - _SHOWN} more"


def _jobs(count: int) -> str:
    return "1 Job" if count == 1 else f"{count} Jobs"
