"""Cancel in a fleet: one search of the named cluster, with the caller reviewed by that cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from exporter.app import App
from exporter.simulator.server import Simulator
from tests.admin.port import GRANTS, OPERATOR, USERS, A
from tests.admin.test_whole import SPEED, cancel, jobs, search
from tests.azure.fleet import Fleet
from tests.support.controlplane_files import free_port
from tests.support.waiting import wait_for


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    """The same id in two clusters; the operator is known in the second one only."""
    with Fleet(controllers=True) as made:
        for name in ("one", "two"):
            made.add(name)
            search(made.apis[name], A)
        made.apis["two"].access.tokens.update(USERS)
        made.apis["two"].access.grants += GRANTS
        yield made


@contextmanager
def followed(fleet: Fleet, tmp_path: Path) -> Iterator[App]:
    given = {
        "admin.enabled": True,
        "admin.port": free_port(),
        "admin.audit_file": str(tmp_path / "audit.jsonl"),
    }
    app = App(fleet.config(**given), speed=SPEED)
    app.start()
    try:
        wait_for(lambda: app.publisher.view is not None and len(app.clusters) == 2)
        yield app
    finally:
        app.stop()


def reviews(api: Simulator) -> int:
    return sum(seen.path.endswith(("/tokenreviews", "/subjectaccessreviews")) for seen in api.api.seen)


def test_a_cancel_for_a_named_cluster_touches_and_asks_that_cluster_alone(fleet: Fleet, tmp_path: Path) -> None:
    one, two = fleet.apis["one"], fleet.apis["two"]
    before = jobs(one)
    with followed(fleet, tmp_path) as app:
        status, result = cancel(app, cluster="two", namespace="default")
        assert (status, result["outcome"]) == (200, "done"), result
    assert jobs(two) == []
    assert jobs(one) == before
    assert (reviews(one), reviews(two) > 0) == (0, True)


def test_who_is_known_in_one_cluster_is_nobody_in_another(fleet: Fleet, tmp_path: Path) -> None:
    with followed(fleet, tmp_path) as app:
        status, _ = cancel(app, cluster="one")
        assert status == 401
    assert len(jobs(fleet.apis["one"])) == len(jobs(fleet.apis["two"])) == 4
    assert OPERATOR not in (tmp_path / "audit.jsonl").read_text()


def test_a_cluster_that_is_not_of_the_fleet_is_not_acted_on(fleet: Fleet, tmp_path: Path) -> None:
    with followed(fleet, tmp_path) as app:
        answers = [cancel(app, cluster="three"), cancel(app)]
        assert [status for status, _ in answers] == [422, 422]
    assert len(jobs(fleet.apis["two"])) == 4
