"""A handler that never blocks its caller: lines wait in a bounded queue for a thread that writes them."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import select
import threading
import time

_CHUNK = select.PIPE_BUF
"""A pipe that polls as writable takes this many bytes without blocking."""
_STEP = 0.1


class QueuedHandler(logging.Handler):
    """Writes to a file descriptor. Lines are dropped and counted if the queue is full or the descriptor broken."""

    def __init__(self, fd: int, *, most_lines: int = 10_000) -> None:
        super().__init__()
        self._fd = os.dup(fd)  # a number that nobody else can close and reuse
        self._lines: queue.Queue[tuple[bytes, int]] = queue.Queue(maxsize=most_lines)
        self._counting = threading.Lock()
        self._dropped = 0
        self._told = 0
        self._deadline = float("inf")
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    def dropped(self) -> int:
        """Lines lost so far."""
        with self._counting:
            return self._dropped

    def waiting(self) -> int:
        """Lines that are queued."""
        return self._lines.qsize()

    def emit(self, record: logging.LogRecord) -> None:
        """Queues the line, after a word about lines that were lost before it."""
        if self._closing():
            self._lose(1)
            return
        try:
            lost = self.dropped()
            if lost > self._told and self._put(_loss(lost - self._told), 0):
                self._told = lost
            if not self._put(record, 1):
                self._lose(1)
        except Exception:  # noqa: BLE001 a line is never worth the work of its caller
            self._lose(1)

    def _put(self, record: logging.LogRecord, weight: int) -> bool:
        """False if the queue is full. `weight` is what the loss of the line adds to the count."""
        try:
            self._lines.put_nowait((self.format(record).encode("utf-8", "replace") + b"\n", weight))
        except queue.Full:
            return False
        return True

    def _lose(self, count: int) -> None:
        with self._counting:
            self._dropped += count

    def close(self, timeout: float = 1.0) -> None:
        """Writes what is queued, for at most `timeout` seconds; what is left then is dropped and counted."""
        if not self._closing():
            self._deadline = time.monotonic() + timeout
            with contextlib.suppress(queue.Full):  # a full queue keeps the writer awake by itself
                self._lines.put_nowait((b"", 0))
            self._thread.join(timeout + 2 * _STEP)
            if not self._thread.is_alive():
                os.close(self._fd)
        super().close()

    def _run(self) -> None:
        while True:
            try:
                line, weight = self._lines.get(timeout=_STEP)
            except queue.Empty:
                if self._closing():
                    return
                continue
            if not self._write(line):
                self._lose(weight)

    def _closing(self) -> bool:
        return self._deadline != float("inf")

    def _write(self, line: bytes) -> bool:
        """True when all of it is out; waits while the reader is slow, gives up when closing takes too long."""
        poll = select.poll()
        poll.register(self._fd, select.POLLOUT)
        try:
            while line:
                if time.monotonic() > self._deadline:
                    return False
                if poll.poll(_STEP * 1000):
                    line = line[os.write(self._fd, line[:_CHUNK]) :]
        except OSError:
            return False
        return True


def _loss(count: int) -> logging.LogRecord:
    record = logging.LogRecord("exporter.logs", logging.WARNING, "", 0, "log lines were dropped", (), None)
    record.fields = {"count": count}
    return record
