"""The HTTP face of the store: reading, watching, writing, deleting and reviews, with Kubernetes' errors."""

from __future__ import annotations

import gzip
import random
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from exporter.simulator import access as rights
from exporter.simulator import meter, writing
from exporter.simulator.access import Access, User
from exporter.simulator.errors import ApiError, bad_request, no_such_path
from exporter.simulator.kinds import Kind
from exporter.simulator.paging import Pager
from exporter.simulator.paths import Address, discovery, parse, resource_of
from exporter.simulator.reviews import OPEN_TO_ALL, REVIEWS
from exporter.simulator.selectors import by_labels
from exporter.simulator.store import Store
from exporter.simulator.watch import Watch, WatchOptions

Intercept = Callable[[Request], Awaitable[Response | None]]
VERSION = {"major": "1", "minor": "36", "gitVersion": "v1.36.3", "platform": "linux/amd64"}
_GZIP_FROM = 128 * 1024
_SEEN = 10_000
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request as it came in. `body` is what it carried; `user` is empty if the token was refused."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes
    user: str


class Api:
    """Serves one store. `intercept` sees every request first and may answer it: that is where tests make faults.

    `seen` keeps the newest requests; without `metered` metrics.k8s.io is not installed. `bookmark_every` and
    `watch_timeout` (a range) are real seconds.
    """

    def __init__(
        self,
        store: Store,
        access: Access,
        *,
        token_age: float = 300.0,
        bookmark_every: float = 60.0,
        watch_timeout: tuple[float, float] = (300.0, 600.0),
    ) -> None:
        self.store = store
        self.access = access
        self.pager = Pager(store, token_age=token_age)
        self.bookmark_every = bookmark_every
        self.watch_timeout = watch_timeout
        self.intercept: Intercept | None = None
        self.metered = True
        self.closing = False
        self.seen: deque[Seen] = deque(maxlen=_SEEN)
        self.app = Starlette(
            routes=[
                Route("/version", self._version),
                *(Route(path, _ok) for path in ("/livez", "/readyz", "/healthz")),
                *(Route(f"/{root}{rest}", self._handle, methods=_METHODS)
                  for root in ("api", "apis") for rest in ("", "/{rest:path}")),
            ]
        )  # fmt: skip

    async def _version(self, request: Request) -> Response:
        return _json(msgspec.json.encode(VERSION))

    async def _handle(self, request: Request) -> Response:
        body = await request.body()
        user: User | None = None
        try:
            if self.intercept and (answer := await self.intercept(request)) is not None:
                return answer
            user = self.access.user_of(request.headers.get("authorization"))
            return self._answer(request, user, body)
        except ApiError as error:
            return _json(msgspec.json.encode(error.body()), error.status, error.headers)
        finally:
            self._remember(request, body, user)

    def _remember(self, request: Request, body: bytes, user: User | None) -> None:
        path, query = request.url.path, dict(request.query_params)
        name = user.name if user else ""
        self.seen.append(Seen(method=request.method, path=path, query=query, body=body, user=name))

    def _answer(self, request: Request, user: User, body: bytes) -> Response:
        address = parse(request.url.path)
        if not address.plural:
            return _json(msgspec.json.encode(discovery(request.url.path, self.served)))
        if review := REVIEWS.get((address.group, address.plural)):
            if address.plural not in OPEN_TO_ALL or user is rights.ANONYMOUS:
                self._require(user, "create", address)
            return _json(msgspec.json.encode(review(self.access, user, writing.decoded(body))), 201)
        resource = resource_of(address, self.served)
        if resource in meter.KINDS:
            return self._measured(request, user, address, meter.KINDS[resource])
        if request.method == "GET" and not address.name:
            return self._many(request, user, address, resource)
        self._require(user, _verb(request, address), address)
        if request.method == "GET":
            entry = self.store.entry(resource, address.namespace, address.name)
            return _json(entry.whole(self.store.kind(resource)))
        content_type = request.headers.get("content-type", "")
        status, answer = writing.write(
            self.store, resource, address, request.method, body, dict(request.query_params), content_type
        )
        return _json(msgspec.json.encode(answer), status)

    @property
    def served(self) -> dict[str, Kind]:
        """What this server serves now: the kinds of the store, and usage where there is a meter."""
        return {**self.store.kinds, **(meter.KINDS if self.metered else {})}

    def _measured(self, request: Request, user: User, address: Address, kind: Kind) -> Response:
        """A list from metrics.k8s.io, which can neither be paged nor watched."""
        if request.method != "GET" or address.name:
            raise no_such_path()
        self._require(user, "list", address)
        matches = by_labels(request.query_params.get("labelSelector", ""))
        items = meter.samples(self.store, kind, address.namespace, matches)
        return _packed(request, _list_body(kind, {}, b",".join(map(msgspec.json.encode, items))))

    def _require(self, user: User, verb: str, address: Address) -> None:
        wanted = rights.Request(
            verb=verb,
            group=address.group,
            resource=address.plural,
            namespace=address.namespace,
            name=address.name,
            subresource=address.subresource,
        )
        self.access.require(user, wanted)

    # Many objects

    def _many(self, request: Request, user: User, address: Address, resource: str) -> Response:
        query = request.query_params
        watching = query.get("watch") in ("1", "true")
        self._require(user, "watch" if watching else "list", address)
        labels, fields = query.get("labelSelector", ""), query.get("fieldSelector", "")
        matches = self.store.selector(resource, labels, fields)
        version = _number(query.get("resourceVersion", ""), "invalid resource version")
        if watching:
            timeout = _number(query.get("timeoutSeconds", ""), "timeoutSeconds")
            options = WatchOptions(
                resource=resource,
                namespace=address.namespace,
                matches=matches,
                since=version or None,
                timeout=timeout or random.uniform(*self.watch_timeout),  # noqa: S311 - jitter
                bookmark_every=self.bookmark_every if query.get("allowWatchBookmarks") in ("1", "true") else None,
                initial_events=query.get("sendInitialEvents") in ("1", "true"),
            )
            return self._watch(options)
        limit = _number(query.get("limit", ""), "limit")
        page = self.pager.page(resource, address.namespace, matches, limit, query.get("continue", ""))
        metadata: dict[str, Any] = {"resourceVersion": str(page.rv)}
        if page.token:
            metadata["continue"] = page.token
            if not labels and not fields:
                metadata["remainingItemCount"] = page.remaining
        kind = self.store.kind(resource)  # the items of custom resources say what they are, those of others do not
        items = b",".join([entry.whole(kind) if kind.custom else entry.raw for entry in page.entries])
        return _packed(request, _list_body(kind, metadata, items))

    def _watch(self, options: WatchOptions) -> Response:
        watch = Watch(self.store, options, lambda: self.closing)
        return StreamingResponse(watch.lines(), headers={"Content-Type": "application/json", **_NO_CACHE})


_NO_CACHE = {"Cache-Control": "no-cache, private"}


async def _ok(_: Request) -> Response:
    return PlainTextResponse("ok")


def _verb(request: Request, address: Address) -> str:
    if request.method == "DELETE" and not address.name:
        return "deletecollection"
    return {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}[request.method]


def _number(text: str, field: str) -> int:
    if not text:
        return 0
    if not text.isascii() or not text.isdigit():
        raise bad_request(f'{field}: Invalid value: "{text}": invalid syntax')
    return int(text)


def _list_body(kind: Kind, metadata: dict[str, Any], items: bytes) -> bytes:
    head = f'{{"kind":"{kind.kind}List","apiVersion":"{kind.api_version}","metadata":'.encode()
    return head + msgspec.json.encode(metadata) + b',"items":[' + items + b"]}\n"


def _packed(request: Request, body: bytes) -> Response:
    if len(body) < _GZIP_FROM or "gzip" not in request.headers.get("accept-encoding", ""):
        return _json(body)
    return _json(gzip.compress(body, 1), headers={"Content-Encoding": "gzip"})


def _json(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(body, status, {"Content-Type": "application/json", **_NO_CACHE, **(headers or {})})
