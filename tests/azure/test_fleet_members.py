"""Who is in the fleet: clusters join and leave while the others go on, and a reload changes who is looked for."""

from __future__ import annotations

import asyncio
import threading

from starlette.requests import Request
from starlette.responses import Response

from exporter.app import App
from exporter.config import Cluster, ClusterAzure, Config, Connect
from exporter.simulator.arm.entra import Token
from tests.azure.fleet import Fleet, Leaping, page, place, running, shows
from tests.runtime.play import A, B
from tests.support.waiting import wait_for


def test_clusters_join_and_leave_while_the_others_go_on(fleet: Fleet) -> None:
    fleet.add("one", A)
    with running(fleet.config()) as app:
        wait_for(lambda: shows(app, "one"))
        (one,) = app.clusters
        fleet.add("two", B)
        app._discover()
        wait_for(lambda: shows(app, "two", B))
        assert one in app.clusters
        fleet.forget("one")
        app._discover()
        wait_for(lambda: 'cluster="one"' not in page(app))
        assert shows(app, "two", B)
        assert one not in app.clusters


def only_two(config: Config) -> Config:
    """Nobody is looked for, and cluster two is listed."""
    two = Cluster(name="two", connect=Connect(mode="aks"), azure=ClusterAzure(resource_id=place("two")))
    return config.model_copy(update={"discovery": Config().discovery, "clusters": (two,)})


def test_who_was_found_is_let_go_when_the_configuration_looks_for_nobody_any_more(fleet: Fleet) -> None:
    fleet.add("one", A)
    fleet.add("two", B)
    config = fleet.config()
    with running(config) as app:
        wait_for(lambda: shows(app, "one") and shows(app, "two", B))
        app.reload(only_two(config))
        assert [cluster.settings.name for cluster in app.clusters] == ["two"]
        wait_for(lambda: not shows(app, "one"))
        assert shows(app, "two", B)


def test_what_was_looked_for_before_a_reload_does_not_join_after_it(fleet: Fleet) -> None:
    fleet.add("one", A)
    asked, go_on = threading.Event(), threading.Event()

    def held(_: Token) -> None:
        asked.set()
        assert go_on.wait(20.0)

    fleet.azure.entra.on_issue = held
    config = fleet.config()
    app = App(config, clock=Leaping())
    looking = threading.Thread(target=app._discover)
    looking.start()
    try:
        assert asked.wait(20.0)
        app.reload(only_two(config), hurry=lambda: True)
    finally:
        go_on.set()
        looking.join(20.0)
        followed = [cluster.settings.name for cluster in app.clusters]
        app.let_go()
    assert followed == ["two"]


def test_it_is_not_ready_before_it_has_looked_for_the_fleet(fleet: Fleet) -> None:
    held = threading.Event()

    async def wait(request: Request) -> Response | None:
        while not held.is_set():
            await asyncio.sleep(0.05)
        return None

    fleet.add("one", A)
    fleet.azure.api.intercept = wait
    try:
        with running(fleet.config()) as app:
            wait_for(lambda: app.publisher.view is not None)
            assert not all(check.ok for check in app.ready())
            held.set()
            wait_for(lambda: all(check.ok for check in app.ready()))
            assert len(app.clusters) == 1
    finally:
        held.set()


def test_a_changed_search_is_followed_by_a_reload(fleet: Fleet) -> None:
    fleet.add("one", A)
    fleet.add("mine", B, tags={"team": "blast"})
    config = fleet.config()
    with running(config) as app:
        wait_for(lambda: shows(app, "one"))
        app.reload(config.model_copy(update={"discovery": config.discovery.model_copy(update={"tags": ("team",)})}))
        wait_for(lambda: [cluster.settings.name for cluster in app.clusters] == ["mine"], 40.0)
        wait_for(lambda: shows(app, "mine", B))
