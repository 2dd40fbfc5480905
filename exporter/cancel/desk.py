"""Where cancels are handed in: one for each search, two at once in all, each in a thread of its own."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial

from exporter.adapters.clock import Clock
from exporter.adapters.transport import Transport
from exporter.cancel import saga
from exporter.cancel.api import JobsApi
from exporter.cancel.audit import AuditError
from exporter.cancel.memory import Memory, Place
from exporter.cancel.order import Order, Times
from exporter.cancel.rates import Rates
from exporter.cancel.records import outcomes
from exporter.cancel.tally import Tally
from exporter.cancel.ticket import Ticket, same_wish
from exporter.domain.cancel import Outcome, Plan, Refusal, Result
from exporter.domain.identity import SearchId
from exporter.logs import event

LOG = logging.getLogger("exporter.cancel")
Record = Mapping[str, object]
_BUSY_RETRY = 5.0
_PATIENCE = 0.75  # of the time to stop; what is left of it is for a cancel whose requests have been cut


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClusterWay:
    """How to act on one cluster. `api` gives a namespace's API with connections of its own, `transport` a connection
    for reviews; `requested` hears, with namespace and id, that a first DELETE is about to be sent, `withdrawn` that
    none was accepted after all, `ended` that no more will be sent."""

    name: str
    namespaces: tuple[str, ...]
    api: Callable[[str], JobsApi]
    transport: Callable[[], Transport]
    requested: Callable[[str, str], None]
    withdrawn: Callable[[str, str], None]
    ended: Callable[[str, str], None]
    close: Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskLimits:
    """`per_caller` and `in_all` are requests a minute; an ended cancel is remembered for `remember` seconds."""

    at_once: int = 2
    per_caller: float = 6.0
    in_all: float = 30.0
    remember: float = 3600.0
    tickets: int = 256


class Refused(Exception):  # noqa: N818 - reads as an outcome
    """Not taken, and nothing was done. `reused`: the key was used for something else before."""

    def __init__(self, why: Refusal, detail: str, *, retry_after: float = 0.0, reused: bool = False) -> None:
        super().__init__(detail)
        self.why = why
        self.detail = detail
        self.retry_after = retry_after
        self.reused = reused


class Closed(Exception):  # noqa: N818 - reads as an outcome
    """The desk is closing: nothing is taken any more."""


class Desk:
    """Thread-safe. `audit` raises AuditError when a record could not be kept."""

    def __init__(
        self,
        *,
        audit: Callable[[Record], None],
        tally: Tally,
        clock: Clock,
        times: Times | None = None,
        limits: DeskLimits | None = None,
    ) -> None:
        self._audit = audit
        self._tally = tally
        self._clock = clock
        self._times = times or Times()
        self._limits = limits or DeskLimits()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._ways: dict[str, ClusterWay] = {}
        self._retired: list[ClusterWay] = []
        self._running: dict[Place, tuple[Ticket, ClusterWay, threading.Thread]] = {}
        self._asking: dict[Place, JobsApi] = {}
        self._memory = Memory(seconds=self._limits.remember, tickets=self._limits.tickets, clock=clock.mono)
        self._callers = Rates(self._limits.per_caller, clock.mono)
        self._all = Rates(self._limits.in_all, clock.mono)

    @property
    def ways(self) -> Mapping[str, ClusterWay]:
        """The clusters by name."""
        return self._ways

    def follow(self, ways: Mapping[str, ClusterWay]) -> None:
        """From now on act on these clusters. One that is dropped is closed when its last cancel has ended."""
        with self._lock:
            old, self._ways = self._ways, dict(ways)
            kept = {id(way) for way in ways.values()}
            self._retired += [way for way in old.values() if id(way) not in kept]
        self._close_retired()

    def plan(self, cluster: str, namespace: str, search: SearchId) -> Plan:
        """What a cancel would do now. Raises Failed."""
        with closing(self._ways[cluster].api(namespace)) as api:
            return saga.plan(search, api=api)

    def submit(self, order: Order, *, key: str = "") -> Ticket:
        """Begin the cancel, or give the ticket of the one that it repeats or joins.

        A repeat has the key of an earlier order and asks for the same. A cancel of a search that is being cancelled
        joins, if it expects as many objects. Raises Refused, Closed; AuditError if joining cannot be recorded.
        """
        with self._lock:
            if self._stopping.is_set():
                raise Closed
            if before := self._memory.ticket(key):
                return _repeated(order, *before)
            self._admit(order)
            ticket, joined = self._joined(order), True
            if ticket is None:
                ticket, joined = self._begin(order, key), False
            self._memory.keep(key or ticket.key, order, ticket)
        if joined:
            self._write(_about(order) | {"event": "cancel_joined", "joined": ticket.order.request_id})
        return ticket

    def ticket(self, key: str) -> Ticket | None:
        """The cancel with this key, while it is remembered."""
        with self._lock:
            found = self._memory.ticket(key)
            return found[1] if found else None

    def running(self) -> list[Ticket]:
        """The cancels under way."""
        with self._lock:
            return [ticket for ticket, _, _ in self._running.values()]

    def refused(self, why: Refusal, record: Record) -> None:
        """Count and record a refusal; that the record cannot be kept changes nothing for who is refused."""
        self._tally.refused(why)
        try:
            self._write({"event": "cancel_refused", "refusal": why.value, **record})
        except AuditError:
            return

    def stop(self, timeout: float) -> None:
        """Take no more; what runs finishes the object in hand and ends as interrupted. Waits so many seconds; an API
        that does not answer is hung up on before that, so that the end is recorded."""
        with self._lock:
            self._stopping.set()
            threads = [thread for _, _, thread in self._running.values()]
        ends = self._clock.mono() + timeout
        self._join(threads, ends - timeout * (1.0 - _PATIENCE))
        with self._lock:
            for api in self._asking.values():
                api.abort()
        self._join(threads, ends)

    def _join(self, threads: Sequence[threading.Thread], ends: float) -> None:
        for thread in threads:
            thread.join(max(ends - self._clock.mono(), 0.0))

    def _admit(self, order: Order) -> None:
        wait = self._callers.take(order.caller) or self._all.take("")
        if wait:
            raise Refused(Refusal.LIMITED, "too many cancels are asked for", retry_after=wait)

    def _joined(self, order: Order) -> Ticket | None:
        """The cancel of the same search that runs. Raises Refused if it is another kind of cancel."""
        place = order.cluster, order.namespace, str(order.search)
        if place not in self._running:
            return None
        ticket = self._running[place][0]
        dry = order.dry_run or ticket.order.dry_run
        if dry or order.expected_count not in (None, ticket.order.expected_count):
            raise Refused(Refusal.BUSY, "the search is being cancelled already", retry_after=_BUSY_RETRY)
        return ticket

    def _begin(self, order: Order, key: str) -> Ticket:
        if len(self._running) >= self._limits.at_once:
            raise Refused(Refusal.LIMITED, "as many cancels run as may run at once", retry_after=_BUSY_RETRY)
        way = self._ways.get(order.cluster)
        if way is None:
            raise Refused(Refusal.CLUSTER, "the cluster is not followed any more")
        place = order.cluster, order.namespace, str(order.search)
        told = None if order.dry_run else partial(self._tally.stage, *place)
        ticket = Ticket(key or secrets.token_hex(16), order, self._clock.wall(), told)
        thread = threading.Thread(target=self._work, args=(ticket, way), name="cancel", daemon=True)
        thread.start()  # its end waits for the lock
        self._running[place] = ticket, way, thread
        return ticket

    def _work(self, ticket: Ticket, way: ClusterWay) -> None:
        if not ticket.order.dry_run:
            self._tally.began(*ticket.search, ticket.asked_at)
        try:
            result = self._carried_out(ticket, way)
        except Exception as error:  # noqa: BLE001 - whoever waits must hear of an end, and of the fault
            event(LOG, logging.ERROR, "cancel_failed", exc=error)
            result = _broken(ticket, self._clock.wall())
            with suppress(Exception):  # the fault may be the audit's own
                for record in outcomes(ticket.order, result):
                    self._write(record)
        self._tally.ended(ticket.order.cluster, result)
        if result.refusal is not None:
            self._tally.refused(result.refusal)
        with self._lock:
            if not ticket.order.dry_run and (result.deleted or result.outcome is Outcome.DONE):
                self._memory.deleted(ticket.search)
            del self._running[ticket.search]
        ticket.finish(result, self._clock.mono())
        self._close_retired()
        _tell(ticket, result)

    def _carried_out(self, ticket: Ticket, way: ClusterWay) -> Result:
        order, outcome = ticket.order, None
        asked: list[bool] = []

        def requested() -> None:
            asked.append(True)
            way.requested(order.namespace, str(order.search))

        try:
            with self._api(ticket, way) as api:
                result = saga.run(
                    order,
                    api=api,
                    audit=self._write,
                    times=self._times,
                    progress=ticket.progress,
                    stop=self._stopping.is_set,
                    clock=self._clock,
                    requested=requested,
                )
            outcome = result.outcome
        finally:
            if asked:
                way.ended(order.namespace, str(order.search))
            if asked and outcome is not Outcome.DONE and not self._has_deleted(ticket):
                way.withdrawn(order.namespace, str(order.search))
        return self._recalled(ticket, result)

    def _has_deleted(self, ticket: Ticket) -> bool:
        """Whether this cancel, or one before it, has deleted something of the search."""
        with self._lock:
            return ticket.has_deleted or self._memory.was_deleted(ticket.search)

    @contextmanager
    def _api(self, ticket: Ticket, way: ClusterWay) -> Generator[JobsApi, None, None]:
        with closing(way.api(ticket.order.namespace)) as api:
            with self._lock:
                self._asking[ticket.search] = api
            try:
                yield api
            finally:
                with self._lock:
                    del self._asking[ticket.search]

    def _recalled(self, ticket: Ticket, result: Result) -> Result:
        """What is not there was cancelled here a while ago, or never was."""
        with self._lock:
            known = self._memory.was_deleted(ticket.search)
        if result.outcome is not Outcome.NOT_FOUND or not known:
            return result
        return Result(
            outcome=Outcome.ALREADY_GONE,
            plan=result.plan,
            detail="it was cancelled here before",
            began=result.began,
            ended=result.ended,
        )

    def _write(self, record: Record) -> None:
        try:
            self._audit(record)
        except AuditError as error:
            self._tally.audit_failed()
            event(LOG, logging.ERROR, "audit_failed", problem=str(error))
            raise

    def _close_retired(self) -> None:
        with self._lock:
            used = {id(way) for _, way, _ in self._running.values()}
            over = [way for way in self._retired if id(way) not in used]
            self._retired = [way for way in self._retired if id(way) in used]
        for way in over:
            way.close()


def _repeated(order: Order, before: Order, ticket: Ticket) -> Ticket:
    if not same_wish(before, order):
        raise Refused(Refusal.BAD_REQUEST, "the key was used for another request", reused=True)
    return ticket


def _broken(ticket: Ticket, now: float) -> Result:
    """The end of a cancel that a fault of ours stopped."""
    plan = Plan(namespace=ticket.order.namespace, search=str(ticket.order.search))
    outcome = Outcome.PARTIAL if ticket.has_deleted else Outcome.UNAVAILABLE
    return Result(outcome=outcome, plan=plan, detail="a fault of the exporter", began=ticket.asked_at, ended=now)


def _about(order: Order) -> dict[str, object]:
    return {
        "request_id": order.request_id,
        "caller": order.caller,
        "caller_uid": order.caller_uid,
        "groups": order.groups,
        "source": order.source,
        "cluster": order.cluster,
        "namespace": order.namespace,
        "id": str(order.search),
        "reason": order.reason,
    }


def _tell(ticket: Ticket, result: Result) -> None:
    cluster, namespace, search = ticket.search
    good = result.outcome in (Outcome.DONE, Outcome.ALREADY_GONE, Outcome.PLANNED)
    event(
        LOG,
        logging.INFO if good else logging.WARNING,
        "cancel_ended",
        cluster=cluster or None,
        namespace=namespace,
        elb_job_id=search,
        outcome=result.outcome.value,
        refusal=result.refusal.value if result.refusal else None,
        dry_run=ticket.order.dry_run,
        deleted=result.deleted,
        left=len(result.remaining),
        request_id=ticket.order.request_id,
    )
