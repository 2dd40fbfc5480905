"""Requests to a daemon's admin port, each sent once, and the caller's token."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from exporter.adapters.tokens import LONGEST_TOKEN, checked_token
from exporter.cli.cancel.values import USAGE, EndError, UnreachableError
from exporter.cli.daemon import BadUrlError, connection_to, why

DEFAULT_URL = "http://127.0.0.1:9851"
_MOST_BYTES = 32 * 1024 * 1024
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    content: bytes


class Client:
    """One daemon and one caller. `timeout` seconds bound each step of a request."""

    def __init__(self, url: str, token: str, *, ca_file: Path | None = None, timeout: float = 20.0) -> None:
        """Raises EndError for an address that cannot be used, or that would carry the token in clear."""
        try:
            connection_to(url, timeout, example=DEFAULT_URL).close()
        except BadUrlError as error:
            raise EndError(USAGE, str(error)) from None
        parts = urlsplit(url)
        if token and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise EndError(USAGE, f"{url} would carry the token in clear: use https, or a port-forward.")
        self.url = url.rstrip("/")
        self._base = parts.path.rstrip("/")
        self._token = token
        self._timeout = timeout
        self._tls = _trusted(ca_file) if parts.scheme == "https" else None

    def knock(self) -> None:
        """Raises UnreachableError if nothing accepts a connection."""
        connection = self._connection()
        try:
            connection.connect()
        except OSError as error:
            raise self._unreachable(error) from None
        finally:
            connection.close()

    def ask(self, method: str, path: str, body: Mapping[str, object] | None = None, key: str = "") -> Answer:
        """Raises UnreachableError; what became of the request is not known then."""
        headers = {"Accept": "application/json", "Idempotency-Key": key}
        headers["Authorization"] = f"Bearer {self._token}" if self._token else ""
        headers["Content-Type"] = "" if body is None else "application/json"
        content = None if body is None else msgspec.json.encode(body)
        connection = self._connection()
        try:
            connection.request(method, self._base + path, content, {k: text for k, text in headers.items() if text})
            response = connection.getresponse()
            return Answer(response.status, response.read(_MOST_BYTES))
        except (OSError, HTTPException) as error:
            raise self._unreachable(error) from None
        finally:
            connection.close()

    def _connection(self) -> HTTPConnection:
        return connection_to(self.url, self._timeout, tls=self._tls)

    def _unreachable(self, error: Exception) -> UnreachableError:
        return UnreachableError(f"No answer from {self.url}: {why(error)}.")


def token_of(file: Path | None, text: str) -> str:
    """The caller's token from a file, else from the environment's text, else none. Raises EndError."""
    try:
        if file is None:
            return checked_token(text) if text else ""
        with file.open("rb") as opened:
            return checked_token(opened.read(2 * LONGEST_TOKEN).decode("ascii", "replace"))
    except OSError as error:
        raise EndError(USAGE, f"--token-file {file}: {error.strerror or 'cannot be read'}") from None
    except ValueError as error:
        raise EndError(USAGE, f"The caller's token cannot be used: {error}.") from None


def _trusted(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError):
        raise EndError(USAGE, f"--ca-file {ca_file} is no PEM file of authorities.") from None
