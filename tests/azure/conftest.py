"""A simulated Azure, settings that lead to it, and a fleet in one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from exporter.adapters.azure.settings import AzureSettings
from exporter.simulator.arm.server import CLIENT, TENANT, ArmSimulator
from tests.azure.fleet import Fleet


@pytest.fixture
def azure() -> Iterator[ArmSimulator]:
    with ArmSimulator() as running:
        yield running


@pytest.fixture
def settings(azure: ArmSimulator) -> AzureSettings:
    return AzureSettings(
        credential="workload-identity",
        client_id=CLIENT,
        tenant_id=TENANT,
        token_file=str(azure.token_file),
        endpoint=azure.url,
        authority=azure.url,
        ca_file=str(azure.ca_file),
    )


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    with Fleet() as made:
        yield made
