"""An admin port of one unnamed cluster with one namespace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.admin.port import Port, listening


@pytest.fixture
def port(tmp_path: Path) -> Iterator[Port]:
    with listening(tmp_path) as port:
        yield port
