"""A world per test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lives.world import World
from tests.support.controlplane import ControlPlane


@pytest.fixture
def world(control_plane: ControlPlane, namespace: str, tmp_path: Path) -> Iterator[World]:
    world = World(control_plane, namespace, tmp_path)
    yield world
    world.close()
