"""Bearer tokens: given once, or in a file that the kubelet replaces."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Protocol

from exporter.adapters.clock import Clock
from exporter.domain.azure.credential import end_of

LONGEST_TOKEN = 16 * 1024
_JUST_CHANGED = 5.0  # seconds
REREAD_SECONDS = 60.0


def checked_token(text: str) -> str:
    """Return the token without white space around it. Raises ValueError, which does not show it, for a bad one."""
    token = text.strip()
    if not token or len(token) > LONGEST_TOKEN or not (token.isascii() and token.isprintable()) or " " in token:
        raise ValueError("the token is empty, too long or not printable")
    return token


class Tokens(Protocol):
    """`current()` is the token to send now; `renew()` looks for another one and says whether there is. `ends_at`: when
    the token ends, Unix seconds, None where that is not known."""

    @property
    def ends_at(self) -> float | None: ...

    def current(self) -> str: ...

    def renew(self) -> bool: ...


class FixedToken:
    """A token that never changes."""

    def __init__(self, text: str) -> None:
        """Raises ValueError for text that cannot be a token."""
        self._token = checked_token(text)
        self.ends_at = end_of(self._token)

    def __repr__(self) -> str:
        return "FixedToken(***)"

    def current(self) -> str:
        return self._token

    def renew(self) -> bool:
        return False


class TokenFile:
    """Reads the file again every 60 s and when told to; keeps the old token while the file cannot be read."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Raises OSError or ValueError if there is no usable token now."""
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._token = self._read()
        self.ends_at = end_of(self._token)
        self._read_at = clock.mono()
        self._changed_at = float("-inf")

    def __repr__(self) -> str:
        return f"TokenFile({self._path})"

    def current(self) -> str:
        with self._lock:
            if self._clock.mono() - self._read_at >= REREAD_SECONDS:
                self._reread()
            return self._token

    def renew(self) -> bool:
        with self._lock:
            before = self._token
            self._reread()
            if self._token != before:
                self._changed_at = self._read_at
            # Who is refused while another one has just found the new token was refused with the old one.
            return self._clock.mono() - self._changed_at < _JUST_CHANGED

    def _reread(self) -> None:
        self._read_at = self._clock.mono()
        try:
            self._token = self._read()
        except (OSError, ValueError):
            return
        self.ends_at = end_of(self._token)

    def _read(self) -> str:
        with self._path.open("rb") as file:
            return checked_token(file.read(2 * LONGEST_TOKEN).decode("ascii", "replace"))
