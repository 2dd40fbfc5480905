"""The endpoints: from a request that came in to an answer. Blocks; runs in a thread of its own."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from exporter.admin import documents, openapi, page
from exporter.admin.door import Door
from exporter.admin.gate import Asked, Route, check_head, key_of, query_of, route_of
from exporter.admin.problems import Problem, refused, unavailable
from exporter.admin.replies import Reply, accepted_reply, document_reply, problem_reply, result_reply
from exporter.admin.wish import CancelRequest, namespace_of, search_of, way_of, wish_of
from exporter.cancel.audit import AuditError
from exporter.cancel.callers import Callers, Reason, UnknownCaller
from exporter.cancel.desk import Closed, Desk, Refused
from exporter.cancel.documents import plan_document
from exporter.cancel.order import Order
from exporter.cancel.rates import Rates
from exporter.cancel.tally import Tally
from exporter.cancel.ticket import Ticket
from exporter.domain.cancel import Refusal
from exporter.domain.failures import Failed
from exporter.domain.snapshots import View
from exporter.logs import event

LOG = logging.getLogger("exporter.admin")
_LOOK = 60.0  # seconds for reviews and a live look
_SPARE = 10.0  # seconds beyond `wait` for the answer to leave
_SAYS: Mapping[Reason, str] = {
    "invalid": "the token is nobody's",
    "audience": "the token was made for another audience",
    "limited": "the token before was nobody's; wait a second",
}
Extend = Callable[[float], None]
Trail = dict[str, object]
"""What is known of a cancel's request so far, for the audit; empty until it is asked who is asking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desktop:
    """What the endpoints work with. `hosts` are lower-case names; `by_address` limits all requests of an address."""

    desk: Desk
    callers: Callers
    tally: Tally
    view: Callable[[], View | None]
    hosts: frozenset[str]
    by_address: Rates


class Service:
    """Thread-safe."""

    def __init__(self, given: Desktop) -> None:
        self._given = given
        self._desk = given.desk
        self._door = Door(given.callers, given.tally)

    def opened(self, asked: Asked) -> Route:
        """What can be judged by the head alone. Raises Problem."""
        route = route_of(asked)
        check_head(asked, route, self._given.hosts)
        return route

    def answer(self, asked: Asked, route: Route, body: bytes, extend: Extend) -> Reply:
        """The answer to a request whose head is good. `extend` gives it so many seconds from now."""
        trail: Trail = {}
        try:
            return self._answer(asked, route, body, extend, trail)
        except Problem as error:
            problem = error
        except UnknownCaller as unknown:
            why = Refusal.LIMITED if unknown.reason == "limited" else Refusal.UNAUTHENTICATED
            problem = refused(why, _SAYS[unknown.reason], retry_after=unknown.retry_after)
        except Failed as failure:
            problem = unavailable(failure)
        except Exception as error:  # noqa: BLE001 - whoever asks is told that it is not them
            event(LOG, logging.ERROR, "request_failed", handler=route.name, exc=error)
            problem = Problem(500, "unavailable", "a fault of the exporter")
        if route.name == "cancel" and problem.status < 500:
            self._note(problem.refusal, trail)
        return problem_reply(problem)

    def _answer(self, asked: Asked, route: Route, body: bytes, extend: Extend, trail: Trail) -> Reply:
        wish = wish_of(body) if route.name == "cancel" else None
        if wait := self._given.by_address.take(asked.source):
            raise refused(Refusal.LIMITED, "this address asks too often", retry_after=wait)
        if route.name == "openapi":
            return document_reply(openapi.document())
        if route.name == "page":
            return Reply(status=200, content_type="text/html; charset=utf-8", body=page.html(), headers=page.HEADERS)
        trail |= {"request_id": secrets.token_hex(8), "source": asked.source}
        token = self._door.token(asked)
        query = query_of(asked, route)
        extend(_LOOK)
        if wish is not None:
            return self._cancel(asked, route, wish, token, extend, trail)
        if route.name == "plan":
            return self._plan(asked, route, query, token)
        if route.name == "progress":
            return self._progress(asked, route, token)
        return self._searches(asked, query, token)

    def _searches(self, asked: Asked, query: Mapping[str, str], token: str) -> Reply:
        """The searches of every namespace whose Jobs the caller may list; a cluster that is down hides no other's."""
        ways = self._desk.ways
        cluster, namespace = query.get("cluster"), query.get("namespace")
        chosen = list(ways.values()) if cluster is None else [way_of(ways, cluster, echoed=False)]
        spaces = {way.name: way.namespaces if namespace is None else [namespace_of(way, namespace)] for way in chosen}
        places = [(name, space) for name, inside in spaces.items() for space in inside]
        allowed, silent = self._door.listable(token, asked.source, places)
        return document_reply(documents.searches(self._given.view(), allowed, silent))

    def _plan(self, asked: Asked, route: Route, query: Mapping[str, str], token: str) -> Reply:
        search = search_of(route.part)
        way = way_of(self._desk.ways, query.get("cluster"), echoed=False)
        namespace = namespace_of(way, query.get("namespace"))
        caller = self._door.identify(way.name, token, asked.source)
        self._door.require(caller, "list", (way.name, namespace))
        plan = self._desk.plan(way.name, namespace, search)
        if not plan.targets and not plan.spared:
            raise Problem(404, "not_found", "no Job of this namespace is of that search")
        phase = documents.phase_of(self._given.view(), way.name, namespace, str(search))
        return document_reply(plan_document(plan, cluster=way.name, phase=phase))

    def _progress(self, asked: Asked, route: Route, token: str) -> Reply:
        """Who may list the Jobs may see the cancel. A caller is asked for also where there is none."""
        ticket = self._desk.ticket(route.part)
        cluster = ticket.order.cluster if ticket else next(iter(self._desk.ways), "")
        caller = self._door.identify(cluster, token, asked.source)
        if ticket is None:
            raise Problem(404, "not_found", "no cancel of the last hour has this key")
        self._door.require(caller, "list", (cluster, ticket.order.namespace))
        return document_reply(ticket.document())

    def _cancel(
        self, asked: Asked, route: Route, wish: CancelRequest, token: str, extend: Extend, trail: Trail
    ) -> Reply:
        search = search_of(route.part)
        key = key_of(asked)
        if wish.confirm != str(search):
            raise refused(Refusal.CONFIRM, "the member confirm must repeat the id of the path")
        way = way_of(self._desk.ways, wish.cluster, echoed=True)
        namespace = namespace_of(way, wish.namespace)
        trail |= {"cluster": way.name, "namespace": namespace, "id": str(search), "dry_run": wish.dry_run}
        caller = self._door.identify(way.name, token, asked.source)
        trail |= {"caller": caller.name, "caller_uid": caller.uid, "groups": caller.groups_digest}
        self._door.require(caller, "delete", (way.name, namespace))
        order = Order(
            search=search,
            namespace=namespace,
            cluster=way.name,
            dry_run=wish.dry_run,
            expected_count=wish.expected_count,
            reason=wish.reason,
            caller=caller.name,
            caller_uid=caller.uid,
            groups=caller.groups_digest,
            source=asked.source,
            request_id=str(trail["request_id"]),
        )
        ticket = self._submitted(order, key)
        extend(wish.wait + _SPARE)
        result = ticket.wait(wish.wait)
        return result_reply(result) if result else accepted_reply(ticket)

    def _submitted(self, order: Order, key: str) -> Ticket:
        try:
            return self._desk.submit(order, key=key)
        except Refused as error:
            status = 422 if error.reused else 0
            raise refused(error.why, error.detail, status=status, retry_after=error.retry_after) from None
        except Closed:
            raise Problem(503, "unavailable", "the exporter is ending", {"retry-after": "10"}) from None
        except AuditError:
            raise Problem(503, "audit_failed", "nothing was done, because it cannot be recorded") from None

    def _note(self, why: Refusal, trail: Mapping[str, object]) -> None:
        """Count a refused cancel, and record it if it came as far as to the question who asks."""
        if trail:
            self._desk.refused(why, trail)
        else:
            self._given.tally.refused(why)
