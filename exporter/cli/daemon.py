"""What a running daemon says: one GET of its status document, and the way to its ports."""

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
    connection = connection_to(url, timeout)
    try:
        connection.request("GET", urlsplit(url).path or "/", headers={"Accept": MEDIA_TYPE})
        response = connection.getresponse()
        body = response.read(_MOST_BYTES + 1)
    except (OSError, HTTPException) as error:
        raise NoDaemonError(why(error)) from None
    finally:
        connection.close()
    if response.status != 200:
        raise NoDaemonError(f"it answered HTTP {response.status}")
    if len(body) > _MOST_BYTES:
        raise NoDaemonError("its answer is too long")
    return _decoded(body)


def connection_to(
    url: str, timeout: float, *, tls: ssl.SSLContext | None = None, example: str = "http://127.0.0.1:9850"
) -> HTTPConnection:
    """A connection that is not open yet. Raises BadUrlError."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.scheme not in ("http", "https") or not url.isprintable() or " " in url:
        raise BadUrlError(f"--url {url!r} is not an address such as {example}")
    if parts.scheme == "https":
        return HTTPSConnection(host, port, timeout=timeout, context=tls)
    return HTTPConnection(host, port, timeout=timeout)


def _decoded(body: bytes) -> Report:
    try:
        return decode(body)
    except (ValueError, RecursionError):
        raise NoDaemonError("what answers is not this version's exporter") from None


def why(error: Exception) -> str:
    """What an error of a connection means, in a few words."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, socket.gaierror):
        return "the name is not known"
    if isinstance(error, ssl.SSLError):
        return "its certificate is not trusted"
    return "the connection failed"
