"""The ASGI application of the admin port: reads a small body, asks the service in a thread, closes the connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from exporter.admin.gate import Asked, check_body_size
from exporter.admin.problems import Problem
from exporter.admin.replies import Reply, problem_reply
from exporter.admin.service import Extend, Service

_HEADERS = {
    "cache-control": "no-store",
    "connection": "close",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
}


class GoneError(Exception):
    """The client has hung up before its request was whole."""


def build_admin(service: Service, on_request: Callable[[str, int], None]) -> ASGIApp:
    """`on_request` hears the handler and the status of every answer: admin and the name of the route, or other."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        handler = "other"
        asked = _asked(scope)
        try:
            route = service.opened(asked)
            handler = route.name
            body = await _body(receive) if route.name == "cancel" else b""
            reply = await run_in_threadpool(service.answer, asked, route, body, _extender(scope))
        except Problem as problem:
            reply = problem_reply(problem)
        except GoneError:
            return
        on_request(f"admin_{handler}", reply.status)
        await _send(send, reply)

    return app


def _asked(scope: Scope) -> Asked:
    client = scope.get("client")
    return Asked(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]],
        source=client[0] if client else "",
    )


async def _body(receive: Receive) -> bytes:
    """The whole body; 413 as soon as it is too long."""
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise GoneError
        body += message.get("body", b"")
        check_body_size(len(body))
        if not message.get("more_body", False):
            return body


def _extender(scope: Scope) -> Extend:
    """Moves the deadline of the request, from any thread."""
    loop, extend = asyncio.get_running_loop(), scope["extensions"]["deadline"]

    def from_any_thread(seconds: float) -> None:
        loop.call_soon_threadsafe(extend, seconds)

    return from_any_thread


async def _send(send: Send, reply: Reply) -> None:
    headers = {
        **_HEADERS,
        "content-type": reply.content_type,
        "content-length": str(len(reply.body)),
        **reply.headers,
    }
    encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": encoded})
    await send({"type": "http.response.body", "body": reply.body})
