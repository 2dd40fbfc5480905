"""A server on a raw socket that does what it is told, at the level of bytes, and records what it was asked."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import TracebackType

Script = Callable[["Peer"], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass(slots=True)
class Peer:
    """One accepted connection. `number` counts connections from 0; `closing` is set when the server stops."""

    socket: socket.socket
    number: int
    asked: list[Asked]
    closing: threading.Event
    _buffer: bytearray = field(default_factory=bytearray)

    def read(self) -> Asked | None:
        """The next request, None when the client has closed."""
        while b"\r\n\r\n" not in self._buffer:
            if not self._fill():
                return None
        head, _, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", "0"))
        self._buffer = bytearray(rest)
        while len(self._buffer) < length and self._fill():
            pass
        method, target, _ = first.split(" ")
        request = Asked(method, target, headers, bytes(self._buffer[:length]))
        del self._buffer[:length]
        self.asked.append(request)
        return request

    def send(self, *parts: bytes) -> None:
        self.socket.sendall(b"".join(parts))

    def answer(self, body: bytes = b"{}", status: str = "200 OK", **headers: str) -> None:
        """A whole answer; keyword `Retry_After` is the header `Retry-After`."""
        self.send(head(status, Content_Length=str(len(body)), **headers), body)

    def drip(self, data: bytes, every: float) -> None:
        """Send byte by byte until the client goes away."""
        for byte in data:
            if self.closing.wait(every):
                return
            self.send(bytes([byte]))

    def stall(self, seconds: float = 30.0) -> None:
        """Say nothing until the test ends, or for `seconds`."""
        self.closing.wait(seconds)

    def half_close(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Close with RST in place of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def _fill(self) -> bool:
        chunk = self.socket.recv(65536)
        self._buffer += chunk
        return bool(chunk)


def head(status: str = "200 OK", **headers: str) -> bytes:
    """The head of an answer; keyword `Content_Length` is the header `Content-Length`."""
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def chunk(data: bytes) -> bytes:
    """One piece of a chunked body; the last one is empty."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


class Hostile:
    """Plays `script` on every connection, each in its own thread, from entry to exit."""

    def __init__(self, script: Script, *, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self.accepted = 0
        self._script = script
        self._tls = tls
        self._closing = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Hostile:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for live in self._sockets:
            with contextlib.suppress(OSError):
                live.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5.0)

    def _start(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                live, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(live)
            self._start(self._serve, live, self.accepted)
            self.accepted += 1

    def _serve(self, live: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError), live, self._wrapped(live) as wrapped:
            self._script(Peer(wrapped, number, self.asked, self._closing))

    @contextlib.contextmanager
    def _wrapped(self, live: socket.socket) -> Iterator[socket.socket]:
        if self._tls is None:
            yield live
        else:
            with self._tls.wrap_socket(live, server_side=True) as wrapped:
                yield wrapped
