"""A listener for one test, and a client that says exactly what it is told."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from starlette.types import ASGIApp

from exporter.domain.snapshots import View
from exporter.metrics.family import Sample
from exporter.web.app import Check, Pages, build_app
from exporter.web.guard import Limits
from exporter.web.page import Page
from exporter.web.server import HttpServer, HttpSettings
from exporter.web.tls import TlsFiles
from tests.web.families import family

THINGS = family(name="elb_things", labels=("state",))


def page_of(number: int, series: int = 1) -> Page:
    """A page on which every series has its generation as value."""
    return Page(number, lambda: (Sample(THINGS, (f"s{n}",), number) for n in range(series)))


@dataclass
class Fixed:
    """What the application under test serves, and what it said about its requests."""

    page: Page = field(default_factory=lambda: page_of(1))
    view: View | None = None
    live: Sequence[Check] = ()
    ready: Sequence[Check] = ()
    seen: list[tuple[str, int]] = field(default_factory=list)

    def app(self) -> ASGIApp:
        return build_app(
            Pages(
                page=lambda: self.page,
                view=lambda: self.view,
                live=lambda: self.live,
                ready=lambda: self.ready,
                on_request=lambda handler, code: self.seen.append((handler, code)),
            )
        )


@contextmanager
def listening(
    app: ASGIApp,
    *,
    limits: Limits | None = None,
    tls: TlsFiles | None = None,
    address: str = "127.0.0.1",
    port: int = 0,
) -> Iterator[HttpServer]:
    server = HttpServer(app, HttpSettings(address=address, port=port, tls=tls, limits=limits or Limits()))
    server.start()
    try:
        yield server
    finally:
        server.stop(0.2)


@dataclass(frozen=True)
class Answer:
    code: int
    headers: dict[str, str]
    body: bytes


def dial(port: int, address: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection((address, port), timeout=5)


def head(path: str = "/metrics", method: str = "GET", **headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "host: x", *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def ask(port: int, path: str = "/metrics", method: str = "GET", **headers: str) -> Answer:
    """One request on a connection of its own; the body is all that came before the server closed."""
    with dial(port) as client:
        client.sendall(head(path, method, connection="close", **headers))
        return parse(until_closed(client))


def until_closed(client: socket.socket) -> bytes:
    """Everything that comes; a reset ends it like a farewell."""
    parts: list[bytes] = []
    try:
        while data := client.recv(65536):
            parts.append(data)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def parse(raw: bytes) -> Answer:
    top, _, body = raw.partition(b"\r\n\r\n")
    status, *lines = top.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return Answer(int(status.split()[1]), headers, body)


def eventually(condition: Callable[[], bool], seconds: float = 3.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()
