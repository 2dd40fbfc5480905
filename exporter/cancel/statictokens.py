"""Callers known by a static token, where there is no cluster to ask: the file holds digests, never a token."""

from __future__ import annotations

import hmac
import logging
import re
import secrets
import threading
import time
from hashlib import sha256
from pathlib import Path

from exporter.logs import Transitions, event

LOG = logging.getLogger("exporter.tokens")
_MOST_BYTES = 64 * 1024
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
_LINE = re.compile(rf"({_NAME}):sha256:([0-9a-f]{{64}})")
_RANDOM_BYTES = 32
Entry = tuple[str, str]


class TokensError(Exception):
    """The tokens file cannot be used. Says the line, never what is in it."""


def new_token(name: str = "operator") -> tuple[str, str]:
    """A new token and the line `name:sha256:<hex>` for the tokens file. Raises ValueError for a bad name."""
    if not re.fullmatch(_NAME, name):
        raise ValueError("a name is 1 to 63 letters, digits, dots, dashes or underscores")
    token = secrets.token_urlsafe(_RANDOM_BYTES)
    return token, f"{name}:sha256:{_digest(token)}"


class TokenFile:
    """Reads the file again when it changes, and keeps what it had while the new one cannot be used.

    Several lines may have one name, so that a token can be replaced without a gap. Blank lines and lines that begin
    with `#` are passed over.
    """

    def __init__(self, path: Path) -> None:
        """Raises TokensError if there is no usable file now."""
        self._path = path
        self._lock = threading.Lock()
        self._told = Transitions(time.monotonic)
        self._stamp = _stamp(path)
        self._entries = _read(path)

    def caller(self, token: str) -> str | None:
        """The name of the caller whose token it is. Takes any text, and compares with every line whatever it finds."""
        digest = _digest(token)
        found: str | None = None
        for name, expected in self._current():
            if hmac.compare_digest(expected, digest):
                found = name
        return found

    def _current(self) -> tuple[Entry, ...]:
        with self._lock:
            stamp = _stamp(self._path)
            if stamp != self._stamp:
                self._reread(stamp)
            return self._entries

    def _reread(self, stamp: tuple[int, ...] | None) -> None:
        try:
            self._entries = _read(self._path)
        except TokensError as error:
            said = self._told.note("tokens", "failed", problem=str(error))
            if said is not None:
                event(LOG, logging.WARNING, "tokens_reload_failed", **said)
            return
        self._stamp = stamp
        self._told.note("tokens", "ok")
        event(LOG, logging.INFO, "tokens_reloaded", callers=len(self._entries))


def _digest(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _stamp(path: Path) -> tuple[int, ...] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def _read(path: Path) -> tuple[Entry, ...]:
    try:
        with path.open("rb") as file:
            raw = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise TokensError(f"the tokens file {path} cannot be read: {error.strerror}") from None
    if len(raw) > _MOST_BYTES:
        raise TokensError(f"the tokens file {path} is larger than 64 KiB")
    entries = tuple(_entries(path, raw.decode("utf-8", "replace")))
    if not entries:
        raise TokensError(f"the tokens file {path} has no line")
    return entries


def _entries(path: Path, text: str) -> list[Entry]:
    entries = []
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = _LINE.fullmatch(stripped)
        if match is None:
            raise TokensError(f"the tokens file {path}, line {number}, is not name:sha256:<64 hexadecimal digits>")
        entries.append((match[1], match[2]))
    return entries
