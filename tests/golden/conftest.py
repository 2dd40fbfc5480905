"""The option that writes the golden pages anew: `make golden`."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden-update", action="store_true", help="write the golden pages anew, for review in the diff")


@pytest.fixture
def golden_update(request: pytest.FixtureRequest) -> bool:
    """False when the tests run from another folder: pytest then reads this file too late for the option."""
    return bool(request.config.getoption("golden_update", default=False))
