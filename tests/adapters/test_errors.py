"""Every exception that a library is known to raise, and the word it becomes."""

from __future__ import annotations

import socket
import ssl
from http.client import BadStatusLine, IncompleteRead, RemoteDisconnected

import msgspec
import pydantic
import pytest
from kubernetes.client.exceptions import ApiException
from urllib3 import exceptions as urllib3_errors

from exporter.adapters.errors import failure_of, failure_of_status, retry_after
from exporter.domain.failures import Failed, Word

NOW = 1_795_330_800.0  # Sun, 22 Nov 2026 07:00:00 GMT


def caused(error: BaseException, cause: BaseException) -> BaseException:
    error.__cause__ = cause
    return error


def pydantic_error() -> pydantic.ValidationError:
    try:
        pydantic.TypeAdapter(int).validate_python("secret")
    except pydantic.ValidationError as error:
        return error
    raise AssertionError


def tls_error(wrapped: ssl.SSLError) -> ApiException:
    """What the client makes of a TLS error."""
    try:
        try:
            raise urllib3_errors.SSLError(wrapped)
        except urllib3_errors.SSLError:
            raise ApiException(status=0, reason="SSLError\nsecret")  # noqa: B904 - as the client does
    except ApiException as error:
        return error


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (socket.gaierror(-2, "secret"), Word.DNS),
        (urllib3_errors.NameResolutionError("secret", None, socket.gaierror()), Word.DNS),
        (ConnectionRefusedError("secret"), Word.CONNECT),
        (OSError(113, "secret"), Word.CONNECT),
        (urllib3_errors.NewConnectionError(None, "secret"), Word.CONNECT),
        (urllib3_errors.ProtocolError("secret", RemoteDisconnected("secret")), Word.CONNECT),
        (urllib3_errors.ProtocolError("secret", ConnectionResetError()), Word.CONNECT),
        (urllib3_errors.MaxRetryError(None, "/secret", ConnectionRefusedError()), Word.CONNECT),
        (ssl.SSLCertVerificationError("secret"), Word.TLS),
        (tls_error(ssl.SSLCertVerificationError("secret")), Word.TLS),
        (tls_error(ssl.SSLEOFError("secret")), Word.CONNECT),
        (ApiException(status=0, reason="secret"), Word.TLS),
        (TimeoutError("secret"), Word.TIMEOUT),
        (urllib3_errors.ReadTimeoutError(None, "/secret", "secret"), Word.TIMEOUT),
        (urllib3_errors.ConnectTimeoutError("secret"), Word.TIMEOUT),
        (urllib3_errors.ProtocolError("secret", IncompleteRead(b"secret")), Word.GARBLED),
        (urllib3_errors.ProtocolError("secret", BadStatusLine("secret")), Word.GARBLED),
        (urllib3_errors.DecodeError("secret"), Word.GARBLED),
        (msgspec.DecodeError("secret"), Word.GARBLED),
        (pydantic_error(), Word.GARBLED),
        (ValueError("Invalid header value b'Bearer secret'"), Word.GARBLED),
        (UnicodeDecodeError("utf-8", b"secret", 0, 1, "secret"), Word.GARBLED),
        (RecursionError("secret"), Word.GARBLED),
        (KeyError("secret"), Word.BUG),
        (caused(RuntimeError("secret"), TimeoutError()), Word.TIMEOUT),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(value),
)
def test_an_exception_is_a_word_and_its_text_stays_inside(error: BaseException, word: Word) -> None:
    failure = failure_of(error)
    assert failure.word is word
    assert "secret" not in str(failure)


def test_a_failure_stays_what_it_is() -> None:
    failure = Failed(Word.INCOMPLETE, "400 pages")
    assert failure_of(failure) is failure


@pytest.mark.fault(31)
@pytest.mark.parametrize(
    ("status", "word"),
    [
        (302, Word.SERVER),
        (400, Word.SERVER),
        (401, Word.UNAUTHENTICATED),
        (403, Word.DENIED),
        (404, Word.ABSENT),
        (405, Word.SERVER),
        (408, Word.TIMEOUT),
        (409, Word.CONFLICT),
        (410, Word.GONE),
        (415, Word.SERVER),
        (418, Word.SERVER),
        (422, Word.SERVER),
        (429, Word.THROTTLED),
        (500, Word.SERVER),
        (503, Word.SERVER),
        (504, Word.TIMEOUT),
    ],
)
def test_a_status_is_a_word(status: int, word: Word) -> None:
    error = ApiException(status=status, reason="secret")
    assert failure_of(error) == failure_of_status(status, {}) == Failed(word, f"HTTP {status}")


def test_503_with_a_wait_is_throttled() -> None:
    assert failure_of_status(503, {"Retry-After": "2"}) == Failed(Word.THROTTLED, "HTTP 503", 2.0)
    assert failure_of_status(503, {"Retry-After": "soon"}).word is Word.SERVER


@pytest.mark.fault(33)
@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("0", 1.0),
        ("301", 300.0),
        ("9" * 400, 300.0),
        ("Sun, 22 Nov 2026 07:00:30 GMT", 30.0),
        ("Sun, 22 Nov 2020 07:00:30 GMT", 1.0),
        ("Sun, 22 Nov 9999 07:00:30 GMT", 300.0),
        ("-5", None),
        ("soon", None),
        ("1e9", None),
        ("1.5", None),
        ("٣", None),
        ("Sun, 99 Nov 2026 07:00:30 GMT", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_clamped_and_garbage_is_ignored(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, now=NOW) == seconds
