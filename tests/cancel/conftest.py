"""The bench on which cancels are played."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cancel.runs import Play, Server, serving


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def play(server: Server) -> Iterator[Play]:
    """A search with everything alive, and what must be left alone beside it. Nothing may have gone wrong at the end."""
    play = server.stage()
    play.bench.surroundings()
    play.bench.search()
    yield play
    assert play.witness.wrongs == []
    assert play.witness.false_markers() == []
