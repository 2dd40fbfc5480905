"""An ASGI application on a port: uvicorn in a thread of its own, under the limits of `guard`."""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from exporter.web.guard import GuardedProtocol, Limits
from exporter.web.tls import TlsFiles, TlsKeeper

_BACKLOG = 128
_TLS_POLL_TICKS = 10  # uvicorn ticks every 0.1 s
_TLS_SHUTDOWN = 2.0
_START_TIMEOUT = 10.0


class ListenError(Exception):
    """The address cannot be listened on."""

    def __init__(self, address: str, port: int, why: str) -> None:
        super().__init__(f"cannot listen on {address} port {port}: {why}")
        self.address = address
        self.port = port


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """`port` 0 is any free one. The address `::` also takes IPv4 where the kernel can."""

    address: str
    port: int
    tls: TlsFiles | None = None
    limits: Limits = field(default_factory=Limits)


class HttpServer:
    """One listener. `start` returns once it accepts; `port` is then the real one."""

    def __init__(self, app: ASGIApp, settings: HttpSettings) -> None:
        self.port = settings.port
        self._app = app
        self._settings = settings
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Raises ListenError when the address is taken or not ours, TlsError when the TLS files do not load."""
        tls = None if self._settings.tls is None else TlsKeeper(self._settings.tls)
        listener = _listen(self._settings.address, self._settings.port)
        self.port = listener.getsockname()[1]
        self._server = _Server(_config(self._app, self._settings.limits), listener, self._settings, tls)
        self._thread = threading.Thread(target=self._server.run, name=f"http-{self.port}", daemon=True)
        self._thread.start()
        if not self._server.accepting.wait(_START_TIMEOUT):
            raise ListenError(self._settings.address, self.port, "the server does not start")

    def stop(self, grace: float = 2.0) -> None:
        """Refuses new connections, gives requests under way `grace` seconds, then cuts them. May be called twice."""
        if self._server is None or self._thread is None:
            return
        self._server.config.timeout_graceful_shutdown = grace  # type: ignore[assignment] # asyncio takes a float
        self._server.should_exit = True
        self._thread.join(grace + _TLS_SHUTDOWN + 1.0)


class _Server(uvicorn.Server):
    def __init__(
        self, config: uvicorn.Config, listener: socket.socket, settings: HttpSettings, tls: TlsKeeper | None
    ) -> None:
        super().__init__(config)
        self.accepting = threading.Event()
        self._listener = listener
        self._settings = settings
        self._tls = tls

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, but with deadlines for the TLS handshake and farewell, which it leaves at 60 s and 30 s."""
        options: dict[str, Any] = {}
        if self._tls is not None:
            options = {
                "ssl": self._tls.context,
                "ssl_handshake_timeout": self._settings.limits.header_timeout,
                "ssl_shutdown_timeout": _TLS_SHUTDOWN,
            }
        loop = asyncio.get_running_loop()
        server = await loop.create_server(self._protocol, sock=self._listener, backlog=_BACKLOG, **options)
        self.servers = [server]
        self.started = True
        self.accepting.set()

    async def on_tick(self, counter: int) -> bool:
        if self._tls is not None and counter % _TLS_POLL_TICKS == 0:
            self._tls.refresh()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)

    def _protocol(self) -> asyncio.Protocol:
        protocol: type[asyncio.Protocol] = self.config.http_protocol_class
        return protocol(config=self.config, server_state=self.server_state, app_state={})  # type: ignore[call-arg] # uvicorn's own


def _config(app: ASGIApp, limits: Limits) -> uvicorn.Config:
    config = uvicorn.Config(
        app,
        http=type("LimitedProtocol", (GuardedProtocol,), {"limits": limits}),
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=limits.keep_alive,
    )
    config.load()
    return config


def _listen(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    both = address == "::" and socket.has_dualstack_ipv6()
    try:
        return socket.create_server((address, port), family=family, backlog=_BACKLOG, dualstack_ipv6=both)
    except OSError as error:
        why = "it is in use" if error.errno == errno.EADDRINUSE else str(error.strerror or error)
        raise ListenError(address, port, why) from error
