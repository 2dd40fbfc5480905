"""What a running daemon says: one GET of its status document."""

from __future__ import annotations

import socket
import ssl
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from exporter.web.status_json import MEDIA_TYPE, Report, decode

_MOST_BYTES = 32 * 1024 * 1024


class NoDaemonError(Exception):
    """Nothing useful answers; the message says why, in a few words."""


class BadUrlError(Exception):
    """The URL cannot be used; the message says why."""


def ask(url: str, *, timeout: float) -> Report:
    """The report of the daemon at `url`. `timeout` seconds bound each step. Raises NoDaemonError, BadUrlError."""
    connection = _connection(url, timeout)
    try:
        connection.request("GET", urlsplit(url).path or "/", headers={"Accept": MEDIA_TYPE})
        response = connection.getresponse()
        body = response.read(_MOST_BYTES + 1)
    except (OSError, HTTPException) as error:
        raise NoDaemonError(_why(error)) from None
    finally:
        connection.close()
    if response.status != 200:
        raise NoDaemonError(f"it answered HTTP {response.status}")
    if len(body) > _MOST_BYTES:
        raise NoDaemonError("its answer is too long")
    return _decoded(body)


def _connection(url: str, timeout: float) -> HTTPConnection:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.scheme not in ("http", "https") or not url.isprintable() or " " in url:
        raise BadUrlError(f"--url {url!r} is not an address such as http://127.0.0.1:9850")
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return kind(host, port, timeout=timeout)


def _decoded(body: bytes) -> Report:
    try:
        return decode(body)
    except (ValueError, RecursionError):
        raise NoDaemonError("what answers is not this version's exporter") from None


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, socket.gaierror):
        return "the name is not known"
    if isinstance(error, ssl.SSLError):
        return "its certificate is not trusted"
    return "the connection failed"
