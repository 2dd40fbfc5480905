"""The public listener: the metrics page, the probes and the status page. No handler does I/O."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exporter.domain.snapshots import View
from exporter.web import screens
from exporter.web.negotiate import choose_format, gzip_allowed, matches_tag
from exporter.web.page import Page

_HANDLERS = {"/metrics": "metrics", "/livez": "livez", "/readyz": "readyz", "/healthz": "livez", "/": "status"}
_FOR_PEOPLE = ("/searches/", "/api/v1/searches")


@dataclass(frozen=True, slots=True)
class Check:
    """One condition of a probe; `detail` says what is wrong, in our own words."""

    name: str
    ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """Where the handlers get what they serve. Each callable is quick, does no I/O and may be called from any thread.

    `on_request` hears every answered request: a handler out of metrics, livez, readyz, status, other, and the code.
    """

    page: Callable[[], Page]
    view: Callable[[], View | None]
    live: Callable[[], Sequence[Check]]
    ready: Callable[[], Sequence[Check]]
    on_request: Callable[[str, int], None]
    now: Callable[[], float] = time.time


def build_app(pages: Pages) -> ASGIApp:
    """The application of the metrics port; every other path is 404."""

    async def metrics(request: Request) -> Response:
        return _metrics(request, pages.page())

    async def livez(request: Request) -> Response:
        return _probe(request, "livez", pages.live())

    async def readyz(request: Request) -> Response:
        return _probe(request, "readyz", pages.ready())

    routes = [
        Route("/metrics", metrics),
        Route("/livez", livez),
        Route("/healthz", livez),
        Route("/readyz", readyz),
        *screens.routes(pages.view, pages.now),
    ]
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False
    return _counted(app, pages.on_request)


def _metrics(request: Request, page: Page) -> Response:
    form = choose_format(",".join(request.headers.getlist("accept")))
    compressed = gzip_allowed(",".join(request.headers.getlist("accept-encoding")))
    body = page.body(form, compressed=compressed)
    headers = {"etag": body.etag, "vary": "Accept, Accept-Encoding", "cache-control": "no-cache"}
    if matches_tag(",".join(request.headers.getlist("if-none-match")), body.etag):
        return Response(status_code=304, headers=headers)
    if compressed:
        headers["content-encoding"] = "gzip"
    return Response(body.content, headers={**headers, "content-type": form.content_type})


def _probe(request: Request, name: str, checks: Sequence[Check]) -> Response:
    good = all(check.ok for check in checks)
    if good and "verbose" not in request.query_params:
        return PlainTextResponse("ok\n")
    lines = [f"[+] {check.name} ok" if check.ok else f"[-] {check.name} failed: {check.detail}" for check in checks]
    lines.append(f"{name} check {'passed' if good else 'failed'}\n")
    return PlainTextResponse("\n".join(lines), status_code=200 if good else 503)


def _counted(app: ASGIApp, on_request: Callable[[str, int], None]) -> ASGIApp:
    """Adds the headers that every answer has, and counts it: also those that Starlette gives by itself."""

    async def run(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        handler = _HANDLERS.get(path) or ("status" if path.startswith(_FOR_PEOPLE) else "other")

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["x-content-type-options"] = "nosniff"
                headers.setdefault("cache-control", "no-store")
                on_request(handler, message["status"])
            await send(message)

        await app(scope, receive, send_counted)

    return run
