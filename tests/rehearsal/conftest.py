"""The servers that a rehearsal is tried on: the simulator, and the real control plane."""

from __future__ import annotations

import pytest

from exporter.adapters.endpoint import KubeSettings
from tests.contract.conftest import mpijobs, served, simulator, target
from tests.contract.targets import Target

__all__ = ["mpijobs", "served", "simulator", "target"]


@pytest.fixture
def settings(target: Target) -> KubeSettings:
    """How the program reaches the target as its administrator."""
    return target.settings
