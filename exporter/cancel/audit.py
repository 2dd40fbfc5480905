"""The audit: one JSON line of at most 16 KiB per intent, outcome and refusal, out of the process before anything is
deleted.

Every record has `time` (RFC 3339) and `audit: true`; whoever writes long lists deals them out over several records.
"""

from __future__ import annotations

import os
import select
import stat
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from functools import partial

import msgspec

from exporter.logs.clean import clean, clean_value

STDOUT = "-"
MOST_BYTES = 16 * 1024
_CHUNK = select.PIPE_BUF
"""A pipe that polls as writable takes this many bytes without blocking."""


class AuditError(Exception):
    """A record was not written and flushed: what it speaks of must not be done."""


class AuditSink:
    """Writes records to a file, or to stdout for `-`. Safe for several threads; each call ends within `deadline`
    seconds, also when nobody reads stdout. A file is opened anew for each record, so it may be moved away any time."""

    def __init__(self, target: str, *, deadline: float = 5.0, now: Callable[[], float] = time.time) -> None:
        self._target = target
        self._deadline = deadline
        self._now = now
        self._lock = threading.Lock()
        self._torn = False

    def __call__(self, record: Mapping[str, object]) -> None:
        """Write one record. Raises AuditError."""
        data = line_of(record, self._now()) + b"\n"
        ends = time.monotonic() + self._deadline
        if not self._lock.acquire(timeout=self._deadline):
            raise AuditError("another record does not get through")
        try:
            self._write(b"\n" + data if self._torn else data, ends)
            self._torn = False
        except OSError as error:
            raise AuditError(type(error).__name__) from None
        finally:
            self._lock.release()

    def _write(self, data: bytes, ends: float) -> None:
        if self._target == STDOUT:
            self._pour(1, data, ends)
            return
        with closing(_File(self._target)) as file:
            self._pour(file.number, data, ends)
            os.fsync(file.number)

    def _pour(self, number: int, data: bytes, ends: float) -> None:
        rest = memoryview(data)
        poll = select.poll()
        poll.register(number, select.POLLOUT)
        while rest:
            ready = poll.poll(max(ends - time.monotonic(), 0.0) * 1000)
            if not ready:
                raise TimeoutError
            if ready[0][1] & (select.POLLERR | select.POLLNVAL):
                raise BrokenPipeError
            self._torn = True
            rest = rest[os.write(number, rest[:_CHUNK]) :]


class _File:
    """An audit file that is open for one record. Never a link, a directory or a pipe."""

    def __init__(self, path: str) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        self.number = os.open(path, flags, 0o600)
        if not stat.S_ISREG(os.fstat(self.number).st_mode):
            os.close(self.number)
            raise OSError("not a regular file")

    def close(self) -> None:
        os.close(self.number)


def line_of(record: Mapping[str, object], at: float) -> bytes:
    """The record as a line without its end, every value cleaned. Raises AuditError if it is too long."""
    moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    own = {"time": moment, "audit": True}
    line = msgspec.json.encode(own | {name: _cleaned(name, value) for name, value in record.items()} | own)
    if len(line) > MOST_BYTES:
        raise AuditError("the record is too long")
    return line


def _cleaned(name: str, value: object) -> object:
    if value is None:
        return None
    if isinstance(value, Mapping):
        return {clean(str(key)): _cleaned(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return list(map(partial(_cleaned, name), value))
    return clean_value(name, value)
