"""A world per test, or an arena with two searches."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lives.arena import Arena
from tests.lives.world import World
from tests.support.controlplane import ControlPlane
from tests.support.kubeapi import expect


@pytest.fixture
def world(control_plane: ControlPlane, namespace: str, tmp_path: Path) -> Iterator[World]:
    world = World(control_plane, namespace, tmp_path)
    yield world
    world.close()


@pytest.fixture(scope="session")
def audited_plane() -> Iterator[ControlPlane]:
    """A control plane of its own that writes every delete of a Job and every write of a ServiceAccount to a log."""
    with ControlPlane(audit=True) as plane:
        yield plane


@pytest.fixture
def arena(audited_plane: ControlPlane, tmp_path: Path) -> Iterator[Arena]:
    """Two searches with every stage live, in a namespace of their own."""
    name = f"test-{secrets.token_hex(4)}"
    expect(audited_plane.api.post("/api/v1/namespaces", {"metadata": {"name": name}}))
    arena = Arena(audited_plane, name, tmp_path)
    try:
        arena.open()
        yield arena
    finally:
        arena.close()
        expect(audited_plane.api.delete(f"/api/v1/namespaces/{name}"))
