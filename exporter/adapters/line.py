"""The live socket of a transport, and the thread that cuts it at its deadline.

A timeout of the socket module counts from the last byte. Shutting the socket ends any wait on it: for the connection,
the TLS handshake, the head, the body.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import select
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Literal

Cut = Literal["", "deadline", "abort"]
_CHUNK_END = 40  # bytes: more than the CR LF after a chunk is on the wire, also as a TLS record of its own


class Line:
    """One socket at a time, known by a duplicate of its descriptor: TLS takes the original over."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self.cut: Cut = ""
        self.dialed = False

    def begin(self) -> None:
        """A request starts: forget the deadline of the one before. An abort stays."""
        with self._lock:
            self.dialed = False
            if self.cut == "deadline":
                self.cut = ""

    def hold(self, live: socket.socket) -> None:
        """Take a new socket in place of the one before. Raises ConnectionAbortedError if the line is cut."""
        with self._lock:
            self._drop()
            if self.cut:
                raise ConnectionAbortedError
            self._socket = live.dup()
            self.dialed = True

    def shut(self, why: Cut) -> None:
        """Cut the line from any thread: whoever waits on the socket stops waiting."""
        with self._lock:
            if self.cut != "abort":
                self.cut = why
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    def readable(self) -> bool:
        """Say whether the next chunk, or the end, has arrived; what only ends the last chunk does not count."""
        with self._lock:
            if self._socket is None:
                return False
            poll = select.poll()
            poll.register(self._socket, select.POLLIN)
            if not poll.poll(0):
                return False
            try:
                waiting = self._socket.recv(_CHUNK_END + 1, socket.MSG_PEEK)
            except OSError:
                return True
            return not waiting or len(waiting) > _CHUNK_END

    def release(self) -> None:
        """Close the duplicate; the connection then ends when its owner closes it."""
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


@dataclass(order=True, slots=True)
class Timer:
    """A line that is to be cut at `at` (monotonic seconds); no line once disarmed."""

    at: float
    number: int
    line: Line | None = field(compare=False)


class Reaper:
    """Cuts lines at their deadlines, from one thread that lives from the first `arm` to `close`."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._timers: list[Timer] = []
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None
        self._closed = False

    def arm(self, line: Line, seconds: float) -> Timer:
        """Cut `line` in `seconds` from now unless disarmed."""
        with self._changed:
            timer = Timer(time.monotonic() + seconds, next(self._numbers), line)
            heapq.heappush(self._timers, timer)
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            self._changed.notify()
            return timer

    def disarm(self, timer: Timer) -> None:
        """After this the timer does not cut its line any more."""
        with self._changed:
            timer.line = None

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
            thread = self._thread
        if thread is not None:
            thread.join(1.0)

    def _run(self) -> None:
        with self._changed:
            while not self._closed:
                while self._timers and self._timers[0].at <= time.monotonic():
                    timer = heapq.heappop(self._timers)
                    if timer.line is not None:
                        timer.line.shut("deadline")
                wait = self._timers[0].at - time.monotonic() if self._timers else None
                self._changed.wait(wait if wait is None else max(wait, 0.0))
