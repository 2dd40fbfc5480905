"""Fixtures that several test folders share."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.controlplane import ControlPlane
from tests.support.kubeapi import expect

settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture(scope="session")
def control_plane() -> Iterator[ControlPlane]:
    """The real control plane, started when a test first asks for it. The user `nobody` has no rights."""
    with ControlPlane(users={"nobody": []}) as control_plane:
        yield control_plane


@pytest.fixture
def namespace(control_plane: ControlPlane) -> Iterator[str]:
    """A fresh namespace on the control plane; its deletion begins when the test ends."""
    name = f"test-{secrets.token_hex(4)}"
    expect(control_plane.api.post("/api/v1/namespaces", {"metadata": {"name": name}}))
    yield name
    control_plane.wait_ready()
    expect(control_plane.api.delete(f"/api/v1/namespaces/{name}"))
