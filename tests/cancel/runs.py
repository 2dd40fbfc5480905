"""One cancel on the bench, from the first request to its result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from starlette.responses import JSONResponse, Response

from exporter.adapters.transport import Answer, Transport
from exporter.cancel import saga
from exporter.cancel.api import JobsApi
from exporter.cancel.order import Order, Times
from exporter.cancel.progress import Progress
from exporter.domain.cancel import Plan, Result
from exporter.domain.identity import SearchId
from exporter.simulator.server import Simulator
from tests.cancel.bench import NAMESPACE, A, Bench, fresh, line_to
from tests.cancel.witness import Witness

TIMES = Times(poll=5.0)


class Killed(BaseException):
    """The process dies here."""


def refusal(status: int, **headers: str) -> Response:
    return JSONResponse({"kind": "Status", "code": status}, status, headers)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that is about to be sent, or has been answered."""

    method: str
    path: str
    query: dict[str, Any]
    body: dict[str, Any]

    @property
    def deletes(self) -> bool:
        return self.method == "DELETE"

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


Hook = Callable[[Asked], None]


def nothing(_asked: Asked) -> None:
    """Do nothing."""


class Hooked:
    """A transport that calls `before` each request and `after` each answer; either may raise."""

    def __init__(self, transport: Transport, before: Hook, after: Hook) -> None:
        self._transport = transport
        self.before = before
        self.after = after

    def get(self, path: str, query: Any = None, **options: Any) -> Answer:
        asked = Asked("GET", path, dict(query or {}), {})
        self.before(asked)
        answer = self._transport.get(path, query, **options)
        self.after(asked)
        return answer

    def send(self, method: Any, path: str, body: Any = None, query: Any = None, **options: Any) -> Answer:
        asked = Asked(method, path, dict(query or {}), dict(body or {}))
        self.before(asked)
        answer = self._transport.send(method, path, body, query, **options)
        self.after(asked)
        return answer


@dataclass(slots=True)
class Play:
    """A bench with a witness, and one connection to it."""

    bench: Bench
    witness: Witness
    transport: Transport

    def api(self, before: Hook | None = None, after: Hook = nothing, budget: float = 10.0) -> JobsApi:
        """The API; before each request everyone else acts, if nothing else is said."""
        hooked: Any = Hooked(self.transport, before or (lambda _asked: self.bench.tick()), after)
        return JobsApi(hooked, NAMESPACE, budget=budget)

    def plan(self, search: str = A) -> Plan:
        return saga.plan(SearchId(search), api=self.api(nothing))

    def cancel(
        self,
        search: str = A,
        *,
        api: JobsApi | None = None,
        times: Times = TIMES,
        progress: Progress | None = None,
        stop: Callable[[], bool] = lambda: False,
        audit: saga.Audit | None = None,
        sleep: Callable[[float], None] | None = None,
        requested: Callable[[], None] = lambda: None,
        **order: Any,
    ) -> Result:
        return saga.run(
            Order(search=SearchId(search), namespace=NAMESPACE, **order),
            api=api or self.api(),
            audit=audit or self.witness.audit,
            times=times,
            progress=progress or Progress(),
            stop=stop,
            clock=self.bench.clock,
            requested=requested,
            sleep=sleep or self.bench.tick,
        )


@dataclass(frozen=True, slots=True)
class Server:
    """A listening API server and a connection to it, for one cluster after another."""

    simulator: Simulator
    transport: Transport

    def stage(self, search: str = A) -> Play:
        """A new cluster behind the server, watched by a witness for the search."""
        cluster = fresh(self.simulator)
        witness = Witness(cluster, search)
        self.simulator.api.intercept = witness.intercept
        return Play(cluster, witness, self.transport)


@contextmanager
def serving() -> Iterator[Server]:
    with Simulator(controllers=False) as simulator, line_to(simulator) as (transport,):
        yield Server(simulator, transport)
