"""A cancel that takes one request at a time, when it is let."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from exporter.adapters.transport import Answer, Transport
from exporter.cancel.api import JobsApi
from exporter.domain.cancel import Result
from exporter.domain.failures import Failed, Word
from tests.cancel.bench import NAMESPACE
from tests.cancel.runs import Asked, Killed, Play

PATIENCE = 30.0
Fate = Literal["answered", "refused", "broken", "busy", "unsent", "unanswered", "killed", "killed_after"]
_REFUSALS = {
    "refused": Failed(Word.DENIED, "HTTP 403"),
    "broken": Failed(Word.SERVER, "HTTP 500"),
    "busy": Failed(Word.THROTTLED, "HTTP 429", 2.0),
    "unsent": Failed(Word.CONNECT, "aborted"),
}


@dataclass(slots=True)
class Turn:
    """What the cancel wants to do next: a request, or to sleep so many seconds."""

    asked: Asked | None
    seconds: float = 0.0


class Stepped:
    """Runs a cancel in a thread that waits before every request and every sleep; `turn` is what it waits for.

    `result` is there once it has ended; a killed one has none.
    """

    def __init__(self, play: Play, run: Callable[[JobsApi, Callable[[float], None]], Result]) -> None:
        self._play = play
        self._ready = threading.Semaphore(0)
        self._go = threading.Semaphore(0)
        self._fate: Fate = "answered"
        self.turn: Turn | None = None
        self.result: Result | None = None
        self.error: BaseException | None = None
        api = JobsApi(_Gated(play.transport, self), NAMESPACE)  # type: ignore[arg-type]  # has what is used of one
        self._thread = threading.Thread(target=self._run, args=(run, api), daemon=True)
        self._thread.start()
        self._await()

    @property
    def over(self) -> bool:
        return self.turn is None

    def step(self, fate: Fate = "answered") -> None:
        """Let it do what it waits for, with this fate, up to its next wait or its end."""
        assert self.turn is not None
        if self.turn.asked is None:
            self._play.bench.clock.advance(self.turn.seconds)
        self._fate = fate
        self._go.release()
        self._await()

    def _await(self) -> None:
        assert self._ready.acquire(timeout=PATIENCE), "the cancel neither asks nor ends"

    def _run(self, run: Callable[[JobsApi, Callable[[float], None]], Result], api: JobsApi) -> None:
        try:
            self.result = run(api, self._sleep)
        except Killed:
            pass
        except BaseException as error:  # noqa: BLE001 - told to the test
            self.error = error
        self.turn = None
        self._ready.release()

    def _sleep(self, seconds: float) -> None:
        if self.wait(Turn(None, seconds)).startswith("killed"):
            raise Killed

    def wait(self, turn: Turn) -> Fate:
        """Announce the turn and wait for its fate."""
        self.turn = turn
        self._ready.release()
        self._go.acquire()
        return self._fate

    def ask(self, asked: Asked, send: Callable[[], Answer]) -> Answer:
        fate = self.wait(Turn(asked))
        if fate == "killed":
            raise Killed
        if fate in _REFUSALS:
            failure = _REFUSALS[fate]
            raise Failed(failure.word, failure.detail, failure.retry_after)
        witness = self._play.witness
        known = len(witness.checks), len(witness.looks)
        answer = send()
        if fate == "answered":
            return answer
        witness.unseen(*known)
        if fate == "killed_after":
            raise Killed
        raise Failed(Word.TIMEOUT, "deadline")


class _Gated:
    def __init__(self, transport: Transport, gate: Stepped) -> None:
        self._transport = transport
        self._gate = gate

    def get(self, path: str, query: Any = None, **options: Any) -> Answer:
        asked = Asked("GET", path, dict(query or {}), {})
        return self._gate.ask(asked, lambda: self._transport.get(path, query, **options))

    def send(self, method: Any, path: str, body: Any = None, query: Any = None, **options: Any) -> Answer:
        asked = Asked(method, path, dict(query or {}), dict(body or {}))
        return self._gate.ask(asked, lambda: self._transport.send(method, path, body, query, **options))
