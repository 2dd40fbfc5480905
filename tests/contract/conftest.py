"""The servers the contract is held against: the simulator, and the real control plane that judges it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from exporter.domain.custom.kinds import MPIJOB
from exporter.rehearsal.custom import Custom
from exporter.simulator.access import User
from exporter.simulator.clock import SimClock
from exporter.simulator.server import Simulator
from tests.contract.targets import MPI_VERSION, RealTarget, SimulatedTarget, Target
from tests.support.controlplane import ControlPlane
from tests.support.kubelet import FakeKubelet

COMPACTION = ["--etcd-compaction-interval=1s"]
BOTH = [pytest.param("simulator"), pytest.param("real", marks=pytest.mark.controlplane)]


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    """One simulator for the whole suite, with pauses of a fifth. The user `nobody` has no rights."""
    with Simulator(clock=SimClock(5.0)) as simulator:
        simulator.access.tokens[secrets.token_hex(8)] = User(name="nobody")
        yield simulator


@pytest.fixture(params=BOTH)
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """A server with a namespace of its own for this test."""
    name = f"contract-{secrets.token_hex(4)}"
    if request.param == "real":
        server: Target = RealTarget(request.getfixturevalue("control_plane"), name)
    else:
        server = SimulatedTarget(request.getfixturevalue("simulator"), name)
    yield from _used(server)


@pytest.fixture(params=BOTH)
def forgetful(request: pytest.FixtureRequest) -> Iterator[Target]:
    """A server of its own, which may lose its history."""
    if request.param == "real":
        with ControlPlane(controllers=False, scheduler=False, apiserver_args=COMPACTION) as control_plane:
            yield from _used(RealTarget(control_plane, "forgetful"))
    else:
        with Simulator() as simulator:
            yield from _used(SimulatedTarget(simulator, "forgetful"))


@pytest.fixture
def kubelet(target: Target) -> Iterator[FakeKubelet]:
    """A kubelet for the test's namespace; its nodes go when the test ends."""
    kubelet = FakeKubelet(target.api, target.namespace)
    yield kubelet
    kubelet.close()


@pytest.fixture
def served(target: Target) -> Iterator[str]:
    """MPIJobs are served until the test ends; their version."""
    target.serve_mpijobs()
    yield MPI_VERSION
    target.withdraw_mpijobs()


@pytest.fixture
def mpijobs(target: Target, served: str) -> Custom:
    """Those of the test's namespace."""
    return Custom(target.transport, MPIJOB, served, target.namespace)


def _used(target: Target) -> Iterator[Target]:
    try:
        made = target.core.create_namespace(target.namespace, {})
        yield target
        target.core.delete_namespace(made.name, made.uid)
    finally:
        target.close()
