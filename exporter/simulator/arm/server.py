"""The simulated Azure as a running thing: a port, a thread, a certificate authority."""

from __future__ import annotations

import socket
import tempfile
import threading
import time
from pathlib import Path

import uvicorn

from exporter.simulator.arm.api import Api
from exporter.simulator.arm.authority import Authority
from exporter.simulator.arm.entra import Entra, Identity
from exporter.simulator.arm.model import Estate
from exporter.simulator.arm.moves import Moves
from exporter.simulator.clock import SimClock

TENANT = "11111111-2222-3333-4444-555555555555"
CLIENT = "66666666-7777-8888-9999-000000000000"
_START_SECONDS = 10.0
_SETTLE_SECONDS = 0.1


class ArmSimulator:
    """ARM and Entra on one https origin of 127.0.0.1. Usable as a context manager.

    `url` is both the ARM base URL and the authority; `ca_file` is what a client must trust; `token_file` holds the
    federated token of the one identity that is there from the start (`CLIENT` of `TENANT`). `api` has the knobs for
    faults, `estate` what there is, `moves` what happens to it, `authority` more certificates.
    """

    def __init__(self, *, clock: SimClock | None = None, lifetime: float = 3600.0) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="simulated-azure-")
        directory = Path(self._directory.name)
        clock = clock or SimClock()
        self.authority = Authority(directory)
        self.ca_file = self.authority.ca_file
        self.token_file = directory / "federated-token"
        self.token_file.write_text("a-projected-token")
        self.estate = Estate()
        self.moves = Moves(estate=self.estate, clock=clock)
        self.entra = Entra(clock, tenant=TENANT, lifetime=lifetime)
        self.entra.identities[CLIENT] = Identity(client=CLIENT, assertion="a-projected-token", secret="a secret")  # noqa: S106 - it opens only this
        self.api = Api(self.estate, self.entra, self.moves, clock)
        self.url = ""
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._server: uvicorn.Server | None = None

    def start(self) -> None:
        """Listen and serve."""
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        certificate, key = self.authority.pair
        config = uvicorn.Config(
            self.api.app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            date_header=False,
            ssl_certfile=certificate,
            ssl_keyfile=key,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        server = threading.Thread(target=self._server.run, args=([listener],), name="simulator-arm", daemon=True)
        mover = threading.Thread(target=self._settle, name="simulator-moves", daemon=True)
        self._threads = [server, mover]
        server.start()
        self._await_start()
        mover.start()

    def stop(self) -> None:
        """End the listener and remove the keys."""
        self._stopping.set()
        if self._server is not None:
            self._server.force_exit = True  # clients keep their connections
            self._server.should_exit = True
        for thread in self._threads:
            thread.join(_START_SECONDS)
        self._directory.cleanup()

    def __enter__(self) -> ArmSimulator:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _settle(self) -> None:
        while not self._stopping.wait(_SETTLE_SECONDS):
            self.moves.settle()

    def _await_start(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while self._server is not None and not self._server.started:
            if time.monotonic() > deadline or not self._threads[0].is_alive():
                raise RuntimeError("the simulated Azure has not started")
            time.sleep(0.005)
