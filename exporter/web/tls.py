"""The listener's TLS: a certificate that can be replaced while the listener runs."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class TlsError(Exception):
    """The certificate, its key or the client CA cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """PEM files. With `client_ca` a client must show a certificate that it signed."""

    certificate: Path
    key: Path
    client_ca: Path | None = None
    min_version: Literal["1.2", "1.3"] = "1.2"


class TlsKeeper:
    """Holds `context`, the listener's own, and keeps what it serves the newest pair that loaded whole.

    New files are loaded into a context of their own, and every handshake is handed the last one that loaded. So
    half-written files change nothing, a handshake never sees a new certificate with an old key, and connections that
    exist keep what they have. `failures` counts the loads that failed.
    """

    def __init__(self, files: TlsFiles) -> None:
        """Raises TlsError when the files cannot be loaded."""
        self.failures = 0
        self._files = files
        try:
            self._stamp = _stamp(files)
            self.context = self._current = _load(files)
        except (OSError, ValueError) as error:
            raise TlsError(f"{files.certificate}, {files.key}: {error}") from error
        self.context.sni_callback = self._hand_over

    def refresh(self) -> bool:
        """Loads the files if they changed; True when a new pair is served from now on."""
        try:
            stamp = _stamp(self._files)
            if stamp == self._stamp:
                return False
            self._current = _load(self._files)
        except (OSError, ValueError):
            self.failures += 1
            return False
        self._stamp = stamp
        return True

    def _hand_over(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = self._current


def _load(files: TlsFiles) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[files.min_version]
    context.load_cert_chain(files.certificate, files.key)
    if files.client_ca is not None:
        context.load_verify_locations(files.client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _stamp(files: TlsFiles) -> tuple[tuple[int, int, int], ...]:
    paths = (files.certificate, files.key, files.client_ca)
    stats = [path.stat() for path in paths if path is not None]
    return tuple((stat.st_mtime_ns, stat.st_size, stat.st_ino) for stat in stats)
