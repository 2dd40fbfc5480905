"""The gatekeeper: it asks the API only where that decides, and tells each change once."""

from __future__ import annotations

import pytest

from exporter.adapters.endpoint import KubeSettings
from exporter.adapters.kube import connect
from exporter.domain.azure.gate import ArmState, Gate
from exporter.runtime.gatekeeper import Gatekeeper
from tests.support.clock import ManualClock
from tests.support.hostile import Hostile, Peer

STOPPED = ArmState(power="Stopped", provisioning="Succeeded")
RUNNING = ArmState(power="Running", provisioning="Succeeded")
STARTING = ArmState(power="Running", provisioning="Starting")
CLOSED = "http://127.0.0.1:1"


class Gatehouse:
    """A gatekeeper, what ARM tells it, and what it told."""

    def __init__(self, url: str) -> None:
        self.arm: ArmState | None = None
        self.turned: list[Gate] = []
        self.clock = ManualClock()
        self.access = connect(KubeSettings(mode="direct", server=url, insecure_http=True), env={})
        self.transport = self.access.transport("gate")
        self.keeper = Gatekeeper(
            told=lambda: self.arm, transport=self.transport, turn=self.turned.append, clock=self.clock
        )

    def look(self, arm: ArmState | None, *, after: float = 0.0) -> Gate:
        self.arm = arm
        self.clock.advance(after)
        self.keeper.look()
        return self.keeper.state


def refusing(peer: Peer) -> None:
    while peer.read():
        peer.answer(b"{}", "403 Forbidden")


@pytest.mark.parametrize("arm", [None, RUNNING])
def test_while_arm_says_nothing_bad_the_api_is_not_asked(arm: ArmState | None) -> None:
    with Hostile(refusing) as server:
        house = Gatehouse(server.url)
        assert house.look(arm) == "open"
        assert not house.keeper.needed()
        assert server.asked == []


@pytest.mark.fault(55)
def test_a_stop_and_a_start_are_told_once_each() -> None:
    house = Gatehouse(CLOSED)
    for arm in (RUNNING, STOPPED, STOPPED, STARTING, STARTING, RUNNING):
        house.look(arm, after=61)
    assert house.turned == ["stopped", "starting", "open"]


def test_an_api_that_answers_is_read_though_arm_says_stopped() -> None:
    with Hostile(refusing) as server:
        assert Gatehouse(server.url).look(STOPPED) == "open"
        assert len(server.asked) == 1


def test_a_shut_gate_asks_the_api_once_a_minute_and_opens_before_arm_says_so() -> None:
    house = Gatehouse(CLOSED)
    house.look(STOPPED)
    with Hostile(refusing) as server:
        port = server.port
        access = connect(KubeSettings(mode="direct", server=f"http://127.0.0.1:{port}", insecure_http=True), env={})
        house.keeper.transport = access.transport("gate")
        assert house.look(STOPPED, after=59) == "stopped"
        assert server.asked == []
        assert house.look(STOPPED, after=1) == "open"


@pytest.mark.fault(58)
def test_when_arm_falls_silent_the_gate_opens() -> None:
    """Nothing fresh is known: Kubernetes speaks for itself."""
    house = Gatehouse(CLOSED)
    assert house.look(STOPPED) == "stopped"
    assert house.look(None) == "open"


@pytest.mark.fault(57)
def test_a_deleted_cluster_shuts_it_once_it_does_not_answer() -> None:
    assert Gatehouse(CLOSED).look(ArmState(exists=False)) == "absent"
    with Hostile(refusing) as server:
        assert Gatehouse(server.url).look(ArmState(exists=False)) == "open"
