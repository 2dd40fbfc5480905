"""Watches: batches, silence, cuts, and a hang-up from another thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from exporter.adapters.transport import Transport
from exporter.domain.failures import Failed, Word
from tests.adapters.conftest import Dial
from tests.support.hostile import Hostile, Peer, Script, chunk, head

START = head(Transfer_Encoding="chunked")


def watch(transport: Transport, *, silence: float = 0.5, line_cap: int = 10_000) -> Iterator[list[bytes]]:
    return transport.stream("/watch", {"watch": True}, connect_budget=0.5, silence=silence, line_cap=line_cap)


def sent(*parts: bytes, end: Script = Peer.half_close) -> Script:
    """A server that answers a watch with these bytes."""

    def script(peer: Peer) -> None:
        peer.read()
        peer.send(START, *parts)
        end(peer)
        peer.stall()

    return script


def outcome(stream: Iterator[list[bytes]]) -> tuple[list[bytes], Word | None]:
    """The lines that came, and the word it ended with."""
    lines: list[bytes] = []
    try:
        for batch in stream:
            lines += batch
    except Failed as failure:
        return lines, failure.word
    return lines, None


@pytest.mark.parametrize(
    ("parts", "lines", "word"),
    [
        ([chunk(b"a\nb\n"), chunk(b"")], [b"a", b"b"], None),
        ([chunk(b"a\nb"), chunk(b"c\n"), chunk(b"")], [b"a", b"bc"], None),
        ([chunk(b"a\n\n\nb\n"), chunk(b"")], [b"a", b"b"], None),
        ([chunk(b"")], [], None),
        ([chunk(b"a\n")], [b"a"], None),
        ([chunk(b"a\nb"), chunk(b"")], [b"a"], Word.GARBLED),
        ([chunk(b"a\nb")], [b"a"], Word.GARBLED),
        ([chunk(b"a\n"), b"40\r\nb"], [b"a"], Word.GARBLED),
        ([chunk(b"a\n" + b"x" * 20_000)], [b"a"], Word.OVERSIZE),
        ([chunk(b"a\n" + b"x" * 20_000 + b"\n")], [b"a"], Word.OVERSIZE),
    ],
    ids=[
        "whole lines",
        "a line in two chunks",
        "empty lines",
        "nothing",
        "closed between lines",
        "ended in a line",
        "closed in a line",
        "closed in a chunk",
        "endless line",
        "long line",
    ],
)
def test_lines_and_the_end_of_a_watch(dial: Dial, parts: list[bytes], lines: list[bytes], word: Word | None) -> None:
    with Hostile(sent(*parts)) as server:
        assert outcome(watch(dial(server))) == (lines, word)
    assert server.asked[0].target == "/watch?watch=true"


def test_what_has_arrived_comes_in_batches_of_at_most_200(dial: Dial) -> None:
    wanted = [b"%d" % number for number in range(1000)]
    parts = [chunk(line + b"\n") for line in wanted]
    with Hostile(sent(*parts, chunk(b""))) as server:
        transport = dial(server)
        batches = list(watch(transport))
    assert [line for batch in batches for line in batch] == wanted
    assert max(map(len, batches)) <= 200
    assert len(batches) < 500


def test_a_line_is_handed_out_when_it_arrives(dial: Dial) -> None:
    with Hostile(sent(chunk(b"a\n"), end=Peer.stall)) as server:
        started = time.monotonic()
        stream = watch(dial(server), silence=5.0)
        assert [next(stream), next(stream)] == [[], [b"a"]]
        assert time.monotonic() - started < 2.5
        stream.close()


def test_a_long_line_does_not_wait_for_the_next_one(dial: Dial) -> None:
    """The end of its chunk stays in the socket when the line has been read: it is no news."""
    line = b"x" * 50_000
    with Hostile(sent(chunk(line + b"\n"), end=Peer.stall)) as server:
        started = time.monotonic()
        stream = watch(dial(server), silence=5.0, line_cap=100_000)
        assert [next(stream), next(stream)] == [[], [line]]
        assert time.monotonic() - started < 2.5
        stream.close()


def test_silence_is_timeout_after_what_came_before(dial: Dial) -> None:
    with Hostile(sent(chunk(b"a\n"), end=Peer.stall)) as server:
        started = time.monotonic()
        assert outcome(watch(dial(server), silence=0.2)) == ([b"a"], Word.TIMEOUT)
        assert 0.2 <= time.monotonic() - started < 2.5


def test_a_slow_watch_is_not_silent(dial: Dial) -> None:
    def script(peer: Peer) -> None:
        peer.read()
        peer.send(START)
        for _ in range(6):
            peer.closing.wait(0.1)
            peer.send(chunk(b"a\n"))
        peer.send(chunk(b""))

    with Hostile(script) as server:
        assert outcome(watch(dial(server), silence=0.3)) == ([b"a"] * 6, None)


def test_the_head_of_a_watch_has_a_deadline_of_its_own(dial: Dial) -> None:
    def script(peer: Peer) -> None:
        peer.read()
        peer.drip(START, 0.1)

    with Hostile(script) as server:
        started = time.monotonic()
        assert outcome(watch(dial(server), silence=30.0)) == ([], Word.TIMEOUT)
        assert time.monotonic() - started < 3.0


def test_a_reset_watch_is_connect(dial: Dial) -> None:
    def end(peer: Peer) -> None:
        time.sleep(0.1)
        peer.reset()

    with Hostile(sent(chunk(b"a\n"), end=end)) as server:
        assert outcome(watch(dial(server))) == ([b"a"], Word.CONNECT)


def test_a_refused_watch_says_why(dial: Dial) -> None:
    counted: list[tuple[str, str]] = []

    def script(peer: Peer) -> None:
        peer.read()
        peer.answer(b"{}", "410 Gone")

    with Hostile(script) as server:
        assert outcome(watch(dial(server, lambda *told: counted.append(told)))) == ([], Word.GONE)
    assert counted == [("watch", "410")]


def test_abort_from_another_thread_ends_a_watch(dial: Dial) -> None:
    with Hostile(sent(chunk(b"a\n"), end=Peer.stall)) as server:
        transport = dial(server)
        stream = watch(transport, silence=30.0)
        assert [next(stream), next(stream)] == [[], [b"a"]]
        aborted_at: list[float] = []

        def abort() -> None:
            aborted_at.append(time.monotonic())
            transport.abort()

        timer = threading.Timer(0.1, abort)
        timer.start()
        with pytest.raises(Failed) as caught:
            next(stream)
        assert time.monotonic() - aborted_at[0] < 5.0
        timer.join()
    assert caught.value == Failed(Word.CONNECT, "aborted")


def test_closing_the_iterator_hangs_up(dial: Dial) -> None:
    gone = threading.Event()

    def end(peer: Peer) -> None:
        if peer.socket.recv(1) == b"":
            gone.set()

    with Hostile(sent(chunk(b"a\n"), end=end)) as server:
        stream = watch(dial(server), silence=30.0)
        next(stream)
        stream.close()
        assert gone.wait(1.0)
