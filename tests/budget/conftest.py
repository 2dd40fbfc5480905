"""The option that writes the budget anew: `make budget`."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--budget-update", action="store_true", help="write the budget anew, for review in the diff")


@pytest.fixture
def budget_update(request: pytest.FixtureRequest) -> bool:
    """False when the tests run from another folder: pytest then reads this file too late for the option."""
    return bool(request.config.getoption("budget_update", default=False))
