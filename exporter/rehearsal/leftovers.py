"""What rehearsals have made and is still there: found by its label, and taken away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from exporter.domain.failures import Failed, Word
from exporter.rehearsal.batch import Batch
from exporter.rehearsal.core import Core
from exporter.rehearsal.custom import Custom
from exporter.rehearsal.manifests import RUN_LABEL
from exporter.rehearsal.rest import Stored
from exporter.rehearsal.stage import until


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """Names of what was taken away, of what is still there, and what could not be looked at and why."""

    removed: Sequence[str]
    left: Sequence[str]
    unseen: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Thing:
    name: str
    remove: Callable[[], object]


def sweep(
    core: Core, batch: Batch, custom: Custom | None, namespace: str, *, run: str = "", wait: float = 60.0
) -> Swept:
    """Take away what one run has made, or any run without `run`, and look until it is gone.

    A namespace goes last, and only if a rehearsal has made it. What fails is told, and the rest goes on.
    """
    broom = _Broom(core, batch, custom, namespace, f"{RUN_LABEL}={run}" if run else RUN_LABEL, run)
    removed: set[str] = set()

    def look() -> tuple[_Round, bool]:
        seen = broom.round()
        removed.update(seen.there)
        return seen, not seen.there and not seen.again

    last, _ = until(look, wait)
    return Swept(removed=sorted(removed - set(last.there)), left=sorted(last.there), unseen=sorted(last.unseen))


@dataclass(slots=True)
class _Round:
    """What was there; what could not be looked at, and whether another look may help."""

    there: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    again: bool = False


@dataclass(frozen=True, slots=True)
class _Broom:
    core: Core
    batch: Batch
    custom: Custom | None
    namespace: str
    selector: str
    run: str

    def round(self) -> _Round:
        """Ask for the end of everything that is there."""
        seen = _Round()
        for what, look in (("Jobs", self._jobs), ("MPIJobs", self._mpi_jobs), ("nodes", self._nodes)):
            _take(what, look, seen)
        if not seen.there:
            _take("the namespace", self._namespaces, seen)
        return seen

    def _jobs(self) -> list[_Thing]:
        jobs = [job.stored for job in self.batch.jobs(self.selector)]
        return [_Thing(f"Job {job.name}", _deletion(self.batch.delete, job)) for job in jobs]

    def _mpi_jobs(self) -> list[_Thing]:
        if self.custom is None:
            return []
        return [_Thing(f"MPIJob {one.name}", _deletion(self.custom.delete, one)) for one in self._custom_objects()]

    def _custom_objects(self) -> list[Stored]:
        try:
            return self.custom.listed(self.selector) if self.custom else []
        except Failed as failure:
            if failure.word is Word.ABSENT:
                return []
            raise

    def _nodes(self) -> list[_Thing]:
        return [_Thing(f"label of node {one.name}", self._unlabel(one.name)) for one in self.core.nodes(self.selector)]

    def _unlabel(self, node: str) -> Callable[[], object]:
        return lambda: self.core.label_node(node, RUN_LABEL, None)

    def _namespaces(self) -> list[_Thing]:
        own = self.core.namespace(self.namespace)
        made = own.labels.get(RUN_LABEL) if own else None
        if own is None or not made or (self.run and made != self.run):
            return []
        return [_Thing(f"namespace {own.name}", _deletion(self.core.delete_namespace, own))]


def _take(what: str, look: Callable[[], list[_Thing]], seen: _Round) -> None:
    """Who may not even look at nodes, namespaces or MPIJobs has made none of them."""
    try:
        things = look()
        seen.there += [thing.name for thing in things]
        for thing in things:
            thing.remove()
    except Failed as failure:
        denied = failure.word is Word.DENIED
        seen.again = seen.again or not denied
        if what == "Jobs" or not denied:
            seen.unseen.append(f"{what} ({failure.word})")


def _deletion(delete: Callable[[str, str], None], thing: Stored) -> Callable[[], object]:
    def ask() -> None:
        if not thing.deleting:
            delete(thing.name, thing.uid)

    return ask
