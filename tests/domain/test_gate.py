"""The gate: what pauses a cluster's readers, and what does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.domain.azure.arm import POWER_STATES, PROVISIONING_STATES
from exporter.domain.azure.gate import PAUSED, ArmState, answers, doubtful, gate
from exporter.domain.failures import Word

STATES = st.none() | st.builds(
    ArmState,
    exists=st.booleans(),
    power=st.sampled_from(POWER_STATES),
    provisioning=st.sampled_from(PROVISIONING_STATES),
)


@given(STATES)
def test_what_answers_is_read_whatever_arm_says(arm: ArmState | None) -> None:
    assert gate(arm, True) == "open"


def test_while_arm_says_nothing_kubernetes_speaks_for_itself() -> None:
    assert gate(None, False) == "open"


@pytest.mark.fault(55)
@pytest.mark.parametrize(
    ("power", "provisioning"),
    [("Stopped", "Succeeded"), ("Stopped", ""), ("Running", "Stopping"), ("Stopped", "Failed")],
)
def test_a_stopped_cluster_that_does_not_answer_pauses(power: str, provisioning: str) -> None:
    assert gate(ArmState(power=power, provisioning=provisioning), False) == "stopped"


@pytest.mark.fault(56)
@pytest.mark.parametrize("power", ["Running", "Stopped", ""])
def test_a_starting_cluster_is_never_called_stopped(power: str) -> None:
    """ARM says Running too early and Stopped too late."""
    assert gate(ArmState(power=power, provisioning="Starting"), False) == "starting"


@pytest.mark.fault(57)
@pytest.mark.parametrize("arm", [ArmState(exists=False), ArmState(power="Running", provisioning="Deleting")])
def test_a_deleted_cluster_is_absent_once_it_does_not_answer(arm: ArmState) -> None:
    assert gate(arm, False) == "absent"
    assert gate(arm, True) == "open"


@pytest.mark.parametrize("provisioning", ["Succeeded", "Updating", "Upgrading", "Failed", "other", "Canceled"])
def test_a_running_cluster_that_does_not_answer_is_a_fault_and_nothing_pauses(provisioning: str) -> None:
    assert gate(ArmState(power="Running", provisioning=provisioning), False) == "open"


@given(STATES)
def test_the_answer_matters_exactly_where_it_decides(arm: ArmState | None) -> None:
    assert doubtful(arm) == (gate(arm, True) != gate(arm, False))


@given(STATES)
def test_only_a_planned_end_pauses(arm: ArmState | None) -> None:
    if gate(arm, False) in PAUSED:
        assert arm is not None
        assert not arm.exists or "Stop" in arm.power + arm.provisioning or arm.provisioning == "Deleting"


def test_a_refusal_is_an_answer() -> None:
    assert [word for word in Word if not answers(word)] == [Word.DNS, Word.CONNECT, Word.TIMEOUT]
    assert answers(None)
