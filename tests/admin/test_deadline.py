"""A request that may take long gets its time, and no other."""

from __future__ import annotations

import asyncio
import threading

from starlette.types import Receive, Scope, Send

from exporter.web.guard import Limits
from tests.support.waiting import wait_for
from tests.web.wire import dial, head, listening, parse, until_closed

TIGHT = Limits(header_timeout=0.2, request_timeout=0.3)


async def slow(scope: Scope, _receive: Receive, send: Send) -> None:
    """Takes 0.6 s, and says so beforehand where the path is /long."""
    if scope["path"] == "/long":
        scope["extensions"]["deadline"](5.0)
    await asyncio.sleep(0.6)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


def ask(port: int, *paths: str) -> list[bytes]:
    """The answers on one connection."""
    answers = []
    with dial(port) as client:
        for path in paths:
            client.sendall(head(path))
            answers.append(client.recv(65536))
    return answers


def test_a_request_that_says_it_takes_longer_is_answered() -> None:
    with listening(slow, limits=TIGHT) as server:
        assert ask(server.port, "/long")[0].startswith(b"HTTP/1.1 200 ")


def test_the_next_request_of_the_connection_has_the_usual_time() -> None:
    with listening(slow, limits=TIGHT) as server:
        first, second = ask(server.port, "/long", "/short")
        assert parse(first).code == 200
        assert second == b""


def test_a_request_that_does_not_is_cut() -> None:
    with listening(slow, limits=TIGHT) as server, dial(server.port) as client:
        client.sendall(head("/short"))
        assert until_closed(client) == b""


def test_a_client_that_has_gone_gets_no_deadline_any_more() -> None:
    """It would be counted as a request that took too long."""
    rejected: list[int] = []
    asked, over = threading.Event(), threading.Event()

    async def late(scope: Scope, receive: Receive, _send: Send) -> None:
        """Asks for a moment more once the client has hung up."""
        asked.set()
        while (await receive())["type"] != "http.disconnect":
            pass
        scope["extensions"]["deadline"](0.05)
        await asyncio.sleep(0.2)
        over.set()

    limits = Limits(header_timeout=5.0, request_timeout=5.0, on_reject=rejected.append)
    with listening(late, limits=limits) as server:
        with dial(server.port) as client:
            client.sendall(head("/"))
            wait_for(asked.is_set)
        wait_for(over.is_set)
    assert rejected == []
