"""A TCP proxy on 127.0.0.1 that can delay, cut, refuse or swallow what passes through it."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
import time

from tests.support.controlplane_files import free_port

_CHUNK = 64 * 1024
_LOOK = 0.05


class Proxy:
    """Forwards every connection to `target`, a port on 127.0.0.1; with `others` to each of them in turn.

    `latency` (seconds) delays each piece on its way. While `swallow` is true what arrives is thrown away, and
    connections stay open even if the other side ends them; while `refuse` is true new ones are closed at once.
    """

    def __init__(self, target: int, *others: int) -> None:
        self.port = free_port()
        self.latency = 0.0
        self.swallow = False
        self.refuse = False
        self._targets = itertools.cycle([target, *others])
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()

    @property
    def connections(self) -> int:
        """How many connections pass through it now."""
        with self._lock:
            return len(self._open) // 2

    def cut(self) -> int:
        """End every connection; returns how many there were."""
        with self._lock:
            ends = list(self._open)
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        return len(ends) // 2

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if not self.refuse:
                threading.Thread(target=self._connect, args=(client, next(self._targets)), daemon=True).start()
            else:
                client.close()

    def _connect(self, client: socket.socket, target: int) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", target), timeout=5.0)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        with self._lock:
            self._open |= {client, server}
        back = threading.Thread(target=self._pump, args=(server, client), daemon=True)
        back.start()
        self._pump(client, server)
        back.join()
        with self._lock:
            self._open -= {client, server}
        client.close()
        server.close()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        """Pass on what `source` sends until either side ends."""
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                if self.latency:
                    time.sleep(self.latency)
                if not self.swallow:
                    sink.sendall(data)
        while self.swallow:
            time.sleep(_LOOK)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            source.shutdown(socket.SHUT_RDWR)
