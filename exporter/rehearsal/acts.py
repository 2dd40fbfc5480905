"""What a rehearsal plays: a search that succeeds, a label on a node, an MPIJob. Each act yields what it finds.

Whatever an act makes carries the run's label and is left to exporter.rehearsal.leftovers. Acts raise Failed.
"""

from __future__ import annotations

from collections.abc import Iterator

from exporter.domain.identity import ID_LABEL
from exporter.rehearsal import manifests
from exporter.rehearsal.batch import Job
from exporter.rehearsal.manifests import RUN_LABEL, Manifest, Search
from exporter.rehearsal.stage import Finding, PageError, Stage, found, skipped, until
from exporter.rehearsal.tally import of_jobs, of_page, words

_SECONDS = 2
_NOT_SHOWN = "the search is not on the page"


def play_search(stage: Stage) -> Iterator[Finding]:
    """Setup, then submit and batches, then the finalizer, each when the one before has ended."""
    search = manifests.new_search(stage.run, stage.image, seconds=_SECONDS)
    steps = (
        ("setup", [manifests.setup(search)]),
        ("submit and batches", [manifests.submit(search), *manifests.batches(search)]),
        ("finalizer", [manifests.finalizer(search)]),
    )
    for what, jobs in steps:
        finding = _step(stage, search, what, jobs)
        yield finding
        if finding.verdict == "failed":
            return
    yield phase_of(stage, search, "phase of the search", "succeeded")


def phase_of(stage: Stage, search: Search, what: str, wanted: str) -> Finding:
    """Whether the page comes to this phase."""

    def look() -> tuple[str, bool]:
        try:
            view = stage.page.search(search.id)
        except PageError as error:
            return str(error), False
        return (str(view.phase), view.phase == wanted) if view else (_NOT_SHOWN, False)

    seen, good = until(look, stage.wait)
    return found(what, wanted, seen, good=good)


def agreed(stage: Stage, search: Search, what: str, *, ended: bool) -> Finding:
    """Whether the page comes to say what the API says of each Job, with all of them `ended` well or all alive."""
    wanted = "succeeded" if ended else "live"

    def look() -> tuple[tuple[str, str], bool]:
        jobs = jobs_of(stage, search)
        real = of_jobs(jobs)
        there = sum(job.state == wanted for job in jobs)
        told = f"{there} of {len(jobs)} Jobs {wanted}; of them on the page: {words(real)}"
        try:
            view = stage.page.search(search.id)
        except PageError as error:
            return (told, str(error)), False
        if view is None:
            return (told, _NOT_SHOWN), False
        page = of_page(view)
        ready = bool(jobs) and all(job.state == wanted for job in jobs)
        return (told, words(page) + ("" if ready else _unready(jobs, wanted))), ready and page == real

    (real, page), good = until(look, stage.wait)
    return found(what, real, page, good=good)


def jobs_of(stage: Stage, search: Search) -> list[Job]:
    return stage.batch.jobs(f"{ID_LABEL}={search.id}")


def play_node(stage: Stage, node: str) -> Iterator[Finding]:
    """A label of our own goes on a node and off again; the page has as many nodes as before."""
    before = stage.core.node(node)
    if before is None:
        yield found("label on a node", f"node {node}", "there is no such node", good=False)
        return
    counted = _nodes(stage)
    on = stage.core.label_node(node, RUN_LABEL, stage.run)
    value = on.labels.get(RUN_LABEL, "it is not there")
    yield found(f"label {RUN_LABEL} on a node", stage.run, value, good=value == stage.run)
    stage.core.label_node(node, RUN_LABEL, None)
    off = stage.core.node(node)
    same = off is not None and off.labels == before.labels
    yield found("label off again", "the labels of before", "they are" if same else "other labels", good=same)
    after, good = until(lambda: ((seen := _nodes(stage)), seen == counted), stage.wait)
    yield found("nodes on the page", counted, after, good=good)


def play_mpi(stage: Stage) -> Iterator[Finding]:
    """A suspended MPIJob: the page counts as many in the namespace as the API has."""
    what = "MPIJobs on the page"
    if stage.custom is None:
        yield skipped(what, "the cluster serves no MPIJob")
        return
    made = stage.custom
    made.create(manifests.mpi_job(stage.run, stage.image))

    def look() -> tuple[tuple[str, str], bool]:
        real = len(made.listed(""))
        try:
            page = stage.page.mpi_jobs()
        except PageError as error:
            return (str(real), str(error)), False
        return (str(real), "none is told of" if page is None else str(page)), page == real

    (real, page), good = until(look, stage.wait)
    yield found(what, real, page, good=good)


def _step(stage: Stage, search: Search, what: str, jobs: list[Manifest]) -> Finding:
    for job in jobs:
        stage.batch.create(job)
    return agreed(stage, search, what, ended=True)


def _unready(jobs: list[Job], wanted: str) -> str:
    names = [f"{job.stored.name} ({job.state})" for job in jobs if job.state != wanted]
    return f"; not {wanted}: {', '.join(names) or 'no Job is there'}"


def _nodes(stage: Stage) -> str:
    try:
        number = stage.page.nodes()
    except PageError as error:
        return str(error)
    return "not known" if number is None else str(number)
