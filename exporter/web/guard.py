"""HTTP/1.1 under limits: how many connections, how long a request may take, how long its head may be.

uvicorn has no clock for a request's head, for a reader that stalls or for a client that never speaks; this has one
deadline per connection, armed while a request is under way and disarmed once its last byte has left. An application
that needs longer for one request calls the extension `deadline` of its scope with the seconds from now, in the loop's
thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds and bytes. `on_reject` hears the status of every request that no handler saw: 400, 408, 431 or 503."""

    connections: int = 64
    header_timeout: float = 5.0
    request_timeout: float = 10.0
    keep_alive: int = 30
    head: int = 8192
    on_reject: Callable[[int], None] = lambda _code: None


class HeadTooLongError(ValueError):
    """A request's head is longer than the limit."""


class GuardedProtocol(HttpToolsProtocol):
    """One connection. Subclasses set `limits`."""

    limits: Limits

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.timeout_keep_alive = self.limits.keep_alive
        self._deadline: asyncio.TimerHandle | None = None
        self._began = 0.0
        self._in_head = False
        self._head_bytes = 0
        self._too_long = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        if len(self.connections) >= self.limits.connections:
            self.transport = transport
            self._reject(HTTPStatus.SERVICE_UNAVAILABLE)
            return
        super().connection_made(OneWriteTransport(transport, self.loop))
        # So `resume_writing` comes when the buffer is empty. Not 0: asyncio's TLS would take that for always full.
        transport.set_write_buffer_limits(high=1, low=0)
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._deadline is None:
            self._begin()
        super().data_received(data)
        self._head_bytes = self._head_bytes + len(data) if self._in_head else 0
        if self._head_bytes > self.limits.head and not self.transport.is_closing():
            self._reject(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_message_begin(self) -> None:
        self._in_head = True
        super().on_message_begin()
        self.scope["extensions"] = {"deadline": self._extend}  # type: ignore[dict-item] # ASGI's own are mappings

    def on_headers_complete(self) -> None:
        self._in_head = False
        if len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > self.limits.head:
            self._too_long = True
            raise HeadTooLongError
        if self.cycle is None or self.cycle.response_complete:
            self._arm(self.limits.request_timeout)
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.loop.call_soon(self._settle)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._settle()

    def send_400_response(self, msg: str) -> None:
        self._reject(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE if self._too_long else HTTPStatus.BAD_REQUEST)

    def _extend(self, seconds: float) -> None:
        if not self.transport.is_closing():  # the client may have gone while its answer was made
            self._began = self.loop.time()
            self._arm(seconds)

    def _begin(self) -> None:
        self._began = self.loop.time()
        self._arm(self.limits.header_timeout)

    def _arm(self, seconds: float) -> None:
        self._disarm()
        self._deadline = self.loop.call_at(self._began + seconds, self._expire)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _settle(self) -> None:
        """The request is over once its response has left; what is not read keeps the deadline."""
        if self.cycle is not None and self.cycle.response_complete and not self.transport.get_write_buffer_size():
            self._disarm()

    def _expire(self) -> None:
        self.limits.on_reject(HTTPStatus.REQUEST_TIMEOUT)
        self.transport.abort()

    def _reject(self, status: HTTPStatus) -> None:
        self.limits.on_reject(status)
        body = f"{status.phrase}\n"
        head = f"HTTP/1.1 {status} {status.phrase}\r\ncontent-type: text/plain; charset=utf-8\r\n"
        rest = f"content-length: {len(body)}\r\nconnection: close\r\n\r\n{body}"
        self.transport.write((head + rest).encode())
        self.transport.close()


class OneWriteTransport(asyncio.Transport):
    """Joins what is written in one turn of the loop, so that head and body leave together."""

    def __init__(self, inner: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._inner = inner
        self._loop = loop
        self._waiting: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._waiting:
            self._loop.call_soon(self._flush)
        self._waiting.append(bytes(data))

    def _flush(self) -> None:
        if self._waiting:
            data = b"".join(self._waiting)
            self._waiting.clear()
            self._inner.write(data)

    def close(self) -> None:
        self._flush()
        self._inner.close()

    def abort(self) -> None:
        self._waiting.clear()
        self._inner.abort()

    def is_closing(self) -> bool:
        return self._inner.is_closing()

    def get_write_buffer_size(self) -> int:
        return self._inner.get_write_buffer_size() + sum(map(len, self._waiting))

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._inner.get_extra_info(name, default)

    def pause_reading(self) -> None:
        self._inner.pause_reading()

    def resume_reading(self) -> None:
        self._inner.resume_reading()
