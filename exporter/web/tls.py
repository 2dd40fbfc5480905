"""The listener's TLS: a certificate that can be replaced while the listener runs."""

from __future__ import annotations

import logging
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from exporter.logs import Transitions, event

LOG = logging.getLogger("exporter.tls")
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
    exist keep what they have. A load that fails is told once, then every five minutes; one that succeeds each time.
    """

    def __init__(self, files: TlsFiles) -> None:
        """Raises TlsError when the files cannot be loaded."""
        self._files = files
        self._told = Transitions(time.monotonic)
        try:
            self._stamp = _stamp(files)
            self.context = self._current = _load(files)
        except (OSError, ValueError) as error:
            raise TlsError(f"{files.certificate}, {files.key}: {error}") from error
        self.context.sni_callback = self._hand_over

    def refresh(self) -> None:
        """Loads the files if they changed; the new pair is served from then on."""
        try:
            stamp = _stamp(self._files)
            if stamp == self._stamp:
                return
            self._current = _load(self._files)
        except (OSError, ValueError) as error:
            said = self._told.note("certificate", "failed", problem=str(error))
            if said is not None:
                event(LOG, logging.WARNING, "tls_reload_failed", **said)
            return
        self._stamp = stamp
        self._told.note("certificate", "ok")
        event(LOG, logging.INFO, "tls_reloaded", file=str(self._files.certificate))

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
