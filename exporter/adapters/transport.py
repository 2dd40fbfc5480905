"""Requests with a wall deadline and a byte cap, and watches that can be cut. What goes wrong is a `Failed`."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Literal, Protocol

from exporter.adapters.errors import failure_of, failure_of_status, http_date
from exporter.adapters.kube_client import ERRORS, Body, Query, Request, Response
from exporter.adapters.line import Line, Reaper
from exporter.adapters.lines import LineSplitter
from exporter.domain.failures import Failed, Word

OnRequest = Callable[[str, str], None]

_CHUNK = 64 * 1024
_IDLE_SECONDS = 60.0
_KEPT_CODES = frozenset({401, 403, 404, 409, 410, 429})
_VERBS = {"GET": "get", "POST": "create", "PATCH": "patch", "DELETE": "delete"}


class Way(Protocol):
    """One kept connection, and where it leads. `send` raises ERRORS, or Failed where there is no way yet."""

    def send(self, request: Request, *, timeout: tuple[float, float]) -> Response: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx answer. `date`: the server's clock in Unix seconds, if it says."""

    body: bytes
    date: float | None


class Transport:
    """One connection at a time to the API server, for one thread; `abort` alone may come from another."""

    def __init__(
        self,
        name: str,
        channel: Way,
        line: Line,
        *,
        reaper: Reaper,
        connect_timeout: float,
        renew: Callable[[], bool],
        on_request: OnRequest | None,
    ) -> None:
        self.name = name
        self._channel = channel
        self._line = line
        self._reaper = reaper
        self._connect_timeout = connect_timeout
        self._renew = renew
        self._on_request = on_request
        self._used_at = time.monotonic()

    def get(
        self,
        path: str,
        query: Query | None = None,
        *,
        budget: float,
        cap: int,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """GET within `budget` seconds of wall time (name resolution aside) and `cap` bytes. Raises Failed.

        Asked once more, at once, when a kept connection turns out closed or a 401 brings another token to light.
        """
        return self._call(Request("GET", path, query, None, headers), budget=budget, cap=cap)

    def send(
        self,
        method: Literal["POST", "PATCH", "DELETE"],
        path: str,
        body: Body | None = None,
        query: Query | None = None,
        *,
        budget: float,
        cap: int,
    ) -> Answer:
        """POST, PATCH (a merge patch) or DELETE, exactly once. Raises Failed; without an HTTP status in it the outcome
        is unknown."""
        return self._call(Request(method, path, query, body), budget=budget, cap=cap)

    def stream(
        self,
        path: str,
        query: Query | None = None,
        *,
        connect_budget: float,
        silence: float,
        line_cap: int,
    ) -> Generator[list[bytes], None, None]:
        """Yield the lines of a watch in batches as they arrive, until the server ends it between two lines. The first
        batch is empty: it says that the server has agreed to the watch.

        Raises Failed: `timeout` when no byte came for `silence` seconds, `garbled` for a line cut short, `oversize`
        for one longer than `line_cap`. Close the generator to hang up,
        before anything else is asked: what it closes is the line, whoever uses it by then.
        """
        timer = self._reaper.arm(self._line, connect_budget)
        try:
            response = self._open(Request("GET", path, query), budget=connect_budget, silence=silence, verb="watch")
        finally:
            self._reaper.disarm(timer)
        try:
            yield []
            yield from self._batches(response, LineSplitter(line_cap))
        finally:
            response.close()
            self._hang_up()

    def abort(self) -> None:
        """Cut the connection for good: a call that waits fails within milliseconds, later ones at once."""
        self._line.shut("abort")

    def interrupt(self) -> None:
        """Cut what is under way: a call that waits fails within milliseconds. Later ones are not touched."""
        self._line.shut("deadline")

    def close(self) -> None:
        """Close the connection."""
        self._hang_up()

    def _hang_up(self) -> None:
        self._channel.close()
        self._line.release()

    def _call(self, request: Request, *, budget: float, cap: int) -> Answer:
        timer = self._reaper.arm(self._line, budget)
        try:
            response = self._open(request, budget=budget, silence=budget, verb=_VERBS[request.method])
            return Answer(self._read(response, cap), http_date(response.headers.get("Date")))
        finally:
            self._reaper.disarm(timer)
            self._used_at = time.monotonic()

    def _open(self, request: Request, *, budget: float, silence: float, verb: str) -> Response:
        """Return a 2xx response whose body is still to be read. Only a GET is ever sent twice."""
        if time.monotonic() - self._used_at > _IDLE_SECONDS:
            self._hang_up()
        self._line.begin()
        timeout = (min(self._connect_timeout, budget), silence)
        response, failure = self._attempt(request, timeout, verb)
        if failure is not None and request.method == "GET" and self._may_repeat(failure):
            response, failure = self._attempt(request, timeout, verb)
        if response is None:
            raise failure or Failed(Word.BUG)
        return response

    def _attempt(
        self, request: Request, timeout: tuple[float, float], verb: str
    ) -> tuple[Response, None] | tuple[None, Failed]:
        status = 0
        try:
            response = self._channel.send(request, timeout=timeout)
            status = response.status
        except (*ERRORS, Failed) as error:
            failure = self._failure(error)
        finally:
            if self._on_request is not None:
                self._on_request(verb, code_word(status))
        if 200 <= status <= 299:
            return response, None
        if status:
            failure = failure_of_status(status, response.headers, now=time.time())
            response.close()
        self._hang_up()
        return None, failure

    def _may_repeat(self, failure: Failed) -> bool:
        """A kept connection that the server had closed, or a token that has been replaced."""
        if failure.word is Word.UNAUTHENTICATED:
            return self._renew()
        return not self._line.dialed and not self._line.cut and failure.word in (Word.CONNECT, Word.TLS)

    def _read(self, response: Response, cap: int) -> bytes:
        """Read the whole body. The cap counts decoded bytes: a server may compress without being asked."""
        body = BytesIO()  # what it gives in the end is no copy
        whole = False
        try:
            while chunk := response.read(_CHUNK):
                if body.tell() + len(chunk) > cap:
                    raise Failed(Word.OVERSIZE, f"more than {cap} bytes")
                body.write(chunk)
            if self._line.cut:
                raise ConnectionAbortedError
            whole = True
        except ERRORS as error:
            raise self._failure(error) from None
        finally:
            if not whole:
                response.close()
                self._hang_up()
        response.release_conn()
        return body.getvalue()

    def _batches(self, response: Response, lines: LineSplitter) -> Iterator[list[bytes]]:
        """Hand out what has arrived before raising anything."""
        failure: Failed | None = None
        ended = False
        while not ended:
            try:
                chunk = response.read1(_CHUNK)
                lines.feed(chunk)
                ended = not chunk
            except (*ERRORS, Failed) as error:
                failure, ended = self._failure(error), True
            if ended or lines.has_batch() or not self._line.readable():
                yield from lines.batches()
        if self._line.cut:
            raise self._failure(ConnectionAbortedError())
        if failure is not None and failure.word is not Word.GARBLED:
            raise failure
        if lines.cut_short:
            raise Failed(Word.GARBLED, "the last line is cut short")

    def _failure(self, error: Exception) -> Failed:
        if self._line.cut == "abort":
            return Failed(Word.CONNECT, "aborted")
        if self._line.cut == "deadline":
            return Failed(Word.TIMEOUT, "deadline")
        return failure_of(error, now=time.time())


def code_word(status: int) -> str:
    if not status:
        return "none"
    return str(status) if status in _KEPT_CODES else f"{status // 100}xx"
