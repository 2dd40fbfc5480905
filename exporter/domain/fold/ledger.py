"""The ledger of one cluster: every fold in one place, so that Jobs, pods and nodes find each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from exporter.domain.fold.counts import Counts
from exporter.domain.fold.endings import Endings
from exporter.domain.fold.events import EventFold
from exporter.domain.fold.jobs import JobFold
from exporter.domain.fold.nodes import NodeFold
from exporter.domain.fold.pods import PodFold
from exporter.domain.records import ClaimRecord, EventRecord, JobRecord, NodeRecord, PodRecord, Record, Uid
from exporter.domain.rules import Rules

T = TypeVar("T")
_PER_STEP = 100  # records of a listing: one or two milliseconds
_DELETED_KEPT = 10_000  # Jobs and pods whose story a watch may tell again from the version of the first list


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much detail is shown and kept; what is over is counted, but for claims, of which `claims` is the most of a
    namespace."""

    searches_shown: int = 100
    searches_kept: int = 2000
    db_pairs: int = 20
    pools: int = 20
    claims: int = 20


class Ledger:
    """Records and tallies of one cluster. Its owner's lock guards it; it reads no clock and does no I/O.

    `now` is Unix seconds. A listing is the whole truth about one resource of one namespace; `gap` is how many
    seconds passed since the resource was last heard from, None for its first listing, which moves no counter.
    """

    def __init__(self, *, rules: Rules, limits: Limits, counts: Counts) -> None:
        self.rules = rules
        self.limits = limits
        self.counts = counts
        endings = Endings(rules=rules, counts=counts, pairs=limits.db_pairs)
        self.jobs = JobFold(endings=endings, counts=counts)
        self.nodes = NodeFold(counts=counts, limit=limits.pools)
        self.pods = PodFold(jobs=self.jobs, nodes=self.nodes, counts=counts, rules=rules)
        self.events = EventFold(counts=counts, nodes=self.nodes)
        self.claims: dict[Uid, ClaimRecord] = {}
        self.warm_dbs: frozenset[str] = frozenset()
        self.warm_dbs_over: frozenset[str] = frozenset()
        self._deleted: dict[Uid, None] = {}

    def seen(self, record: Record, now: float, *, silent: bool = False) -> None:
        """Fold one object that was added or changed. One that was seen deleted never comes back: its uid is its own."""
        if record.uid in self._deleted:
            return
        match record:
            case JobRecord():
                for uid in (*self.jobs.seen(record, now), record.uid):
                    self.pods.bind(uid)
            case PodRecord():
                self.pods.seen(record, now)
            case NodeRecord():
                self.nodes.seen(record)
            case ClaimRecord():
                self.claims[record.uid] = record
            case EventRecord():
                self.events.seen(record, silent=silent)

    def gone(self, record: Record, now: float) -> None:
        """Fold the deletion of one object; the record is its last state, which is believed first."""
        match record:
            case JobRecord():
                if record.uid in self.jobs.entries:
                    self.jobs.seen(record, now)
            case PodRecord():
                if record.uid in self.pods.entries:
                    self.pods.seen(record, now)
        self.drop(record.uid, now=now)
        if isinstance(record, JobRecord | PodRecord):
            self._deleted[record.uid] = None
        if len(self._deleted) > _DELETED_KEPT:
            del self._deleted[next(iter(self._deleted))]

    def drop(self, uid: Uid, *, gap: float = 0.0, now: float = 0.0) -> None:
        """Forget one object that is not there any more, after `gap` seconds in which nobody looked."""
        job = self.jobs.gone(uid, gap=gap)
        if job is not None:
            self.pods.orphan(job)
        self.pods.gone(uid)
        self.nodes.gone(uid)
        self.events.gone(uid)
        self.claims.pop(uid, None)

    def listed(
        self, resource: str, namespace: str, records: Sequence[Record], now: float, *, gap: float | None
    ) -> None:
        """Replace what is known of a resource by a complete listing: what is missing from it is gone."""
        for _ in self.listing(resource, namespace, records, now, gap=gap):
            pass

    def listing(
        self,
        resource: str,
        namespace: str,
        records: Sequence[Record],
        now: float,
        *,
        gap: float | None,
        step: int = _PER_STEP,
    ) -> Iterator[None]:
        """As `listed`, a part at each step. Events of other resources and namespaces may be folded between two steps;
        nothing may be evaluated or frozen, for the old and the new truth stand side by side until the last one."""
        since = self.jobs.news_since(namespace, now, gap=gap)
        listed: set[Uid] = set()
        for part in _parts(records, step):
            self._fold_part(resource, part, now, since=since, silent=gap is None)
            listed.update(record.uid for record in part)
            yield
        for missing in _parts(self._missing(resource, namespace, listed), step):
            for uid in missing:
                self.drop(uid, gap=self.jobs.unseen_for(uid, gap or 0.0), now=now)
            yield

    def _fold_part(self, resource: str, part: Sequence[Record], now: float, *, since: float, silent: bool) -> None:
        if resource == "jobs":
            self.jobs.begin_listing(since=since, silent=silent)
        if resource == "pods":
            self.pods.begin_listing(silent=silent)
        try:
            for record in part:
                self._deleted.pop(record.uid, None)  # a watch also says deleted of what its selector stopped matching
                self.seen(record, now, silent=silent)
        finally:
            self.jobs.end_listing()
            self.pods.end_listing()

    def _missing(self, resource: str, namespace: str, uids: set[Uid]) -> list[Uid]:
        match resource:
            case "jobs":
                return self.jobs.missing(namespace, uids)
            case "pods":
                return self.pods.missing(namespace, uids)
            case "nodes":
                return self.nodes.missing(uids)
            case "persistentvolumeclaims":
                return [uid for uid, claim in self.claims.items() if claim.namespace == namespace and uid not in uids]
        return self.events.missing(namespace, uids)


def _parts(items: Sequence[T], step: int) -> Iterator[Sequence[T]]:
    return (items[start : start + step] for start in range(0, len(items), step))
