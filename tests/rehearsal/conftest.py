"""The servers that a rehearsal is tried on: the simulator, and the real control plane."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from exporter.adapters.endpoint import KubeSettings
from exporter.adapters.kube import Access, connect
from exporter.adapters.transport import Transport
from exporter.domain.custom_kinds import MPIJOB
from exporter.simulator import custom
from exporter.simulator.server import Simulator
from tests.contract.conftest import simulator, target
from tests.contract.targets import RealTarget, Target
from tests.custom import crds
from tests.support.controlplane import ControlPlane

__all__ = ["simulator", "target"]
MPI_VERSION = "v2beta1"


@pytest.fixture
def settings(target: Target, request: pytest.FixtureRequest) -> KubeSettings:
    """How the program reaches the target as its administrator."""
    if isinstance(target, RealTarget):
        plane: ControlPlane = request.getfixturevalue("control_plane")
        return KubeSettings(mode="direct", server=plane.url, token=plane.token, ca_file=str(plane.ca_file))
    served: Simulator = request.getfixturevalue("simulator")
    return KubeSettings(mode="direct", server=served.url, token=served.token, insecure_http=True)


@pytest.fixture
def access(settings: KubeSettings) -> Iterator[Access]:
    access = connect(settings, env={})
    yield access
    access.close()


@pytest.fixture
def transport(access: Access) -> Iterator[Transport]:
    transport = access.transport("rehearsal")
    yield transport
    transport.close()


@pytest.fixture
def served(target: Target, request: pytest.FixtureRequest) -> Iterator[str]:
    """MPIJobs are served until the test ends; their version."""
    if isinstance(target, RealTarget):
        crds.define(target.api, MPIJOB, (MPI_VERSION,))
        yield MPI_VERSION
        crds.undefine(target.api, MPIJOB)
    else:
        simulator: Simulator = request.getfixturevalue("simulator")
        custom.serve(simulator.store, custom.MPIJOBS)
        yield MPI_VERSION
        custom.withdraw(simulator.store, custom.MPIJOBS)
