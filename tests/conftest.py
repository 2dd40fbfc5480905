"""Fixtures that several test folders share."""

from __future__ import annotations

import importlib
import os
import secrets
import signal
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.support.controlplane import ControlPlane
from tests.support.dealing import FIRST, ByFile
from tests.support.kubeapi import expect

settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

# A shell starts what is in its background with Ctrl-C ignored, and the commands under test would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# What schemathesis would import at the very end: CPython 3.11 fails to parse a module if a garbage collection begins
# meanwhile that runs code, and by then there is garbage. What cannot be imported now is not tried again then.
for module in ("allure", "html.writer", "junitxml"):
    name = f"schemathesis.reporting.{module}"
    try:
        importlib.import_module(name)
    except ImportError:
        sys.modules[name] = None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(FIRST))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)


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
