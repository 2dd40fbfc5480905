"""Any exception of a client library, as one of our words.

Libraries are known by the names of their classes, so that this file imports none. The text of an exception never goes
into a `Failed`: it can hold headers, bodies and tokens.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from http.client import HTTPException, IncompleteRead
from socket import gaierror

from exporter.domain.failures import Failed, Word

SHORTEST_WAIT = 1.0
LONGEST_WAIT = 300.0

_OF_STATUS = {
    401: Word.UNAUTHENTICATED,
    403: Word.DENIED,
    404: Word.ABSENT,
    408: Word.TIMEOUT,
    409: Word.CONFLICT,
    410: Word.GONE,
    429: Word.THROTTLED,
    504: Word.TIMEOUT,
}
_OF_CLASS = {
    "NameResolutionError": Word.DNS,
    "TimeoutError": Word.TIMEOUT,
    "ReadTimeoutError": Word.TIMEOUT,
    "ConnectTimeoutError": Word.TIMEOUT,
    "ServiceResponseTimeoutError": Word.TIMEOUT,
    "ServiceRequestTimeoutError": Word.TIMEOUT,
    "SSLError": Word.TLS,
    "NewConnectionError": Word.CONNECT,
    "ClientAuthenticationError": Word.UNAUTHENTICATED,
    "DecodeError": Word.GARBLED,
    "ProtocolError": Word.GARBLED,
    "LocationValueError": Word.GARBLED,
}
_DEEPEST = 8


def failure_of(error: BaseException, *, now: float | None = None) -> Failed:
    """Return the failure that `error` stands for. `now` (Unix seconds) reads a Retry-After that is a date."""
    if isinstance(error, Failed):
        return error
    status = getattr(error, "status", None) or getattr(error, "status_code", None)
    if isinstance(status, int):
        return failure_of_status(status, getattr(error, "headers", None) or {}, now=now)
    causes = list(_causes(error))
    for cause in reversed(causes):
        word = _word(cause)
        if word is not None:
            return Failed(word, type(cause).__name__)
    if any(type(cause).__name__ == "ApiException" for cause in causes):
        return Failed(Word.TLS, "TLS")
    return Failed(Word.BUG, type(error).__name__)


def failure_of_status(status: int, headers: Mapping[str, str], *, now: float | None = None) -> Failed:
    """Return the failure that an answer with this status is; header names are looked up as given by HTTP."""
    wait = retry_after(headers.get("Retry-After"), now=now)
    word = _OF_STATUS.get(status, Word.SERVER)
    if status == 503 and wait is not None:
        word = Word.THROTTLED
    return Failed(word, f"HTTP {status}", wait)


def retry_after(value: str | None, *, now: float | None = None) -> float | None:
    """Return the wait in seconds, within 1 and 300, that a Retry-After header asks for; None for garbage."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        wait = float(text[:9])
    else:
        date = http_date(text)
        if date is None or now is None:
            return None
        wait = date - now
    return min(max(wait, SHORTEST_WAIT), LONGEST_WAIT)


def http_date(value: str | None) -> float | None:
    """Return the Unix seconds of an HTTP date, None for anything else."""
    if not value or len(value) > 64:
        return None
    try:
        return parsedate_to_datetime(value).timestamp()
    except (ValueError, OverflowError):
        return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and those inside it, outermost first."""
    current: BaseException | None = error
    for _ in range(_DEEPEST):
        if current is None:
            return
        yield current
        current = _inner(current)


def _inner(error: BaseException) -> BaseException | None:
    for inside in (getattr(error, "reason", None), getattr(error, "inner_exception", None), *error.args):
        if isinstance(inside, BaseException):
            return inside
    return error.__cause__ or (error.__context__ if type(error).__name__ == "ApiException" else None)


def _word(error: BaseException) -> Word | None:
    named = next((_OF_CLASS[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in _OF_CLASS), None)
    if isinstance(error, gaierror):
        return Word.DNS
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return Word.CONNECT
    if isinstance(error, IncompleteRead):
        return Word.GARBLED
    if named is not None:
        return named
    if isinstance(error, OSError):
        return Word.CONNECT
    if isinstance(error, HTTPException | ValueError | RecursionError):
        return Word.GARBLED
    return None
