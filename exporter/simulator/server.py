"""The simulated API server as a running thing: a port, a thread, controllers."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from pathlib import Path

import uvicorn

from exporter.simulator.access import Access, User
from exporter.simulator.api import Api
from exporter.simulator.clock import SimClock
from exporter.simulator.controllers import Controllers
from exporter.simulator.store import Store

_START_SECONDS = 10.0


class Simulator:
    """A Kubernetes API on 127.0.0.1. Usable as a context manager.

    `token` opens it with all rights; more users go into `access.tokens`. `tls` is a pair of PEM files, certificate and
    key. Without `controllers` nothing moves but what the caller moves. `api` has the knobs for faults.
    """

    def __init__(
        self,
        *,
        store: Store | None = None,
        clock: SimClock | None = None,
        port: int = 0,
        tls: tuple[Path, Path] | None = None,
        access: Access | None = None,
        controllers: bool = True,
        token_age: float = 300.0,
        bookmark_every: float = 60.0,
        watch_timeout: tuple[float, float] = (300.0, 600.0),
    ) -> None:
        self.store = store or Store(clock)
        self.access = access or Access()
        self.token = secrets.token_urlsafe(24)
        self.access.tokens[self.token] = User(name="admin", groups=("system:masters",))
        self.api = Api(
            self.store,
            self.access,
            token_age=token_age,
            bookmark_every=bookmark_every,
            watch_timeout=watch_timeout,
        )
        self.controllers = Controllers(self.store) if controllers else None
        self._port = port
        self._tls = tls
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self.url = ""

    def start(self) -> None:
        """Listen and serve; OSError if the port is taken."""
        listener = socket.create_server(("127.0.0.1", self._port))
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else every second answer waits 40 ms
        scheme = "https" if self._tls else "http"
        self.url = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
        certificate, key = self._tls or (None, None)
        config = uvicorn.Config(
            self.api.app,
            log_config=None,
            access_log=False,
            lifespan="off",
            ssl_certfile=certificate,
            ssl_keyfile=key,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name="simulator-http", daemon=True)
        self._thread.start()
        self._await_start()
        if self.controllers:
            self.controllers.start()

    def stop(self, *, abruptly: bool = False) -> None:
        """End the controllers, every watch and the listener; `abruptly`, without waiting for connections to end."""
        if self.controllers:
            self.controllers.stop()
        self.api.closing = True
        self.store.touch()
        if self._server is not None and self._thread is not None:
            self._server.force_exit = abruptly
            self._server.should_exit = True
            self._thread.join(_START_SECONDS)

    def expire_continue_tokens(self) -> None:
        """Make every continue token given out so far too old."""
        self.api.pager.expire()

    def __enter__(self) -> Simulator:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _await_start(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while self._server is not None and not self._server.started:
            if time.monotonic() > deadline or self._thread is None or not self._thread.is_alive():
                raise RuntimeError("the simulated API server has not started")
            time.sleep(0.005)
