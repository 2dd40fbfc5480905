"""A daemon that says what a test wants."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.shown import DARK, FAILING, RUNNING
from tests.web.views import cluster, view
from tests.web.wire import Fixed, listening


@pytest.fixture
def fixed() -> Fixed:
    return Fixed(view=view(cluster(RUNNING, FAILING, DARK)))


@pytest.fixture
def url(fixed: Fixed) -> Iterator[str]:
    with listening(fixed.app()) as server:
        yield f"http://127.0.0.1:{server.port}"
