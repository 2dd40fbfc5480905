"""The daemon in one piece, over the simulated API server: readiness, liveness, reload, one look."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import urllib3

from exporter.adapters.endpoint import ConnectError
from exporter.adapters.kube import Access
from exporter.app import App
from exporter.config import Cluster as ClusterConfig
from exporter.config import Config, ConfigError, Connect, load
from exporter.config.limits import Intervals
from exporter.simulator.access import Rule
from exporter.simulator.server import Simulator
from exporter.wiring import reach
from tests.runtime.follow import open_access
from tests.runtime.play import A, B, batches, complete
from tests.support.clock import ManualClock
from tests.support.controlplane_files import free_port
from tests.support.hostile import Hostile
from tests.support.waiting import wait_for

REFUSED = "http://127.0.0.1:1"


def config(**sections: object) -> Config:
    flags = {
        "listen.address": "127.0.0.1",
        "listen.port": free_port(),
        "intervals.tick": 0.1,
        "intervals.render_idle": 0.2,
        "shutdown_delay": 0.0,
    }
    return load(None, {}, flags).model_copy(update=sections)


def cluster(name: str, *namespaces: str) -> ClusterConfig:
    return ClusterConfig(name=name, namespaces=namespaces or ("default",))


@contextmanager
def running(app: App) -> Iterator[App]:
    app.start()
    try:
        yield app
    finally:
        app.stop()


def way_to(simulator: Simulator) -> Callable[[ClusterConfig, Config], Access]:
    return lambda _given, _config: open_access(simulator.url, simulator.token)


def get(app: App, path: str) -> tuple[int, str]:
    answer = urllib3.request("GET", f"http://127.0.0.1:{app.server.port}{path}", retries=False, timeout=5.0)
    return answer.status, answer.data.decode()


def page(app: App) -> str:
    return get(app, "/metrics")[1]


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(controllers=False) as simulator:
        yield simulator


def test_it_is_ready_after_the_first_look_and_shows_what_it_saw(simulator: Simulator) -> None:
    batches(simulator.store)
    with running(App(config(), way=way_to(simulator))) as app:
        wait_for(lambda: get(app, "/readyz")[0] == 200, 5.0, lambda: str(app.ready()))
        wait_for(lambda: f'elb_job_id="{A}"' in page(app), 5.0)
        assert get(app, "/livez") == (200, "ok\n")


@pytest.mark.fault(1)
def test_it_is_ready_and_live_though_the_api_is_down() -> None:
    with running(App(config(), way=lambda _given, _config: open_access(REFUSED))) as app:
        wait_for(lambda: get(app, "/readyz")[0] == 200, 5.0, lambda: str(app.ready()))
        assert get(app, "/livez")[0] == 200
        never = 'elasticblast_exporter_collector_state{collector="batch",resource="jobs",state="never"} 1'
        wait_for(lambda: never in page(app), 2.0)


@pytest.mark.fault(7)
def test_it_is_not_ready_while_the_first_lists_are_under_way() -> None:
    with Hostile(lambda peer: peer.stall()) as server:
        clock = ManualClock()
        with running(App(config(), clock=clock, way=lambda _given, _config: open_access(server.url))) as app:
            wait_for(lambda: app.publisher.view is not None, 2.0)
            status, text = get(app, "/readyz")
            assert status == 503
            assert "the first lists are under way" in text
            clock.advance(30.0)
            assert get(app, "/readyz")[0] == 200


@pytest.mark.fault(67)
def test_it_is_not_live_when_ticks_do_not_come(simulator: Simulator) -> None:
    clock = ManualClock()
    with running(App(config(), clock=clock, way=way_to(simulator))) as app:
        wait_for(lambda: app.publisher.view is not None, 2.0)
        app.scheduler._stop.set()
        app.scheduler._background.pause()
        time.sleep(0.3)
        clock.advance(59.0)
        assert all(check.ok for check in app.live())
        clock.advance(2.0)
        status, text = get(app, "/livez")
        assert status == 503
        assert "late: core, batch, custom, arm, page, gate" in text


@pytest.mark.fault(65)
def test_it_is_not_live_when_a_list_hangs_beyond_its_deadline() -> None:
    with Hostile(lambda peer: peer.stall()) as server:
        clock = ManualClock()
        with running(App(config(), clock=clock, way=lambda _given, _config: open_access(server.url))) as app:
            wait_for(lambda: server.accepted >= 5, 2.0)
            clock.advance(5 * app.config.limits.list_deadline + 1)
            stuck = next(check for check in app.live() if check.name == "feeds")
            assert not stuck.ok
            assert "jobs" in stuck.detail


def test_polls_of_many_namespaces_that_hang_take_no_longer_than_one() -> None:
    """Else an API that hangs would make the tick late, and the process not live."""
    many = ClusterConfig(namespaces=tuple(f"ns-{n}" for n in range(8)))
    with Hostile(lambda peer: peer.stall()) as server:
        settings = config(clusters=(many,))
        limits = settings.limits.model_copy(update={"list_deadline": 0.5})
        app = App(settings.model_copy(update={"limits": limits}), way=lambda _g, _c: open_access(server.url))
        began = time.monotonic()
        app._poll()
        assert time.monotonic() - began < 4 * limits.list_deadline
        timeouts = ("exporter_collector_runs_total", ("batch", "jobs_stored", "timeout"))
        wait_for(lambda: app.clusters[0].view().counts.totals[timeouts] == 8, 5.0)


@pytest.mark.fault(66)
def test_polls_that_are_due_while_the_last_ones_run_count_as_skipped() -> None:
    with Hostile(lambda peer: peer.stall()) as server:
        settings = config(intervals=Intervals(tick=0.1, poll=5.0))
        app = App(
            settings.model_copy(update={"intervals": settings.intervals.model_copy(update={"poll": 0.2})}),
            way=lambda _given, _config: open_access(server.url),
        )
        for poller in app.clusters[0].pollers:
            poller.budget = 3.0
        skipped = ("exporter_collector_runs_total", ("batch", "jobs_stored", "skipped"))
        with running(app):
            wait_for(lambda: app.clusters[0].view().counts.totals[skipped] >= 3, 3.0)


def test_a_reload_replaces_what_changed_and_keeps_the_counters_of_the_rest(simulator: Simulator) -> None:
    simulator.store.create("namespaces", {"metadata": {"name": "blast"}})
    made = batches(simulator.store)
    batches(simulator.store, B, namespace="blast")
    before = config(clusters=(cluster("one"), cluster("two")))
    with running(App(before, way=way_to(simulator))) as app:
        wait_for(lambda: page(app).count(f'elb_job_id="{A}"') and all(c.ok for c in app.ready()), 5.0)
        complete(simulator.store, made[0])
        ended = 'elasticblast_jobs_finished_total{cluster="%s",namespace="default",reason="none",result="succeeded"'
        wait_for(lambda: f'{ended % "one"},role="blast"}} 1' in page(app), 5.0, lambda: page(app)[:3000])
        one, two = app.clusters
        threads = set(threading.enumerate())
        app.reload(before.model_copy(update={"clusters": (cluster("one"), cluster("two", "default", "blast"))}))
        assert app.clusters[0] is one
        assert app.clusters[1] is not two
        wait_for(lambda: f'elb_job_id="{B}"' in page(app), 5.0)
        assert f'{ended % "one"},role="blast"}} 1' in page(app)
        assert f'{ended % "two"},role="blast"}} 0' in page(app)
        gone = {feed._thread for feed in two.feeds}
        assert gone <= threads
        wait_for(lambda: not any(thread is not None and thread.is_alive() for thread in gone), 2.0)


def test_a_reload_never_shows_a_page_without_the_new_cluster(simulator: Simulator) -> None:
    simulator.store.create("namespaces", {"metadata": {"name": "blast"}})
    batches(simulator.store)
    before = config()
    with running(App(before, way=way_to(simulator))) as app:
        wait_for(lambda: f'elb_job_id="{A}"' in page(app), 5.0)
        holes: list[str] = []
        done = threading.Event()

        def scrape() -> None:
            while not done.is_set():
                text = page(app)
                holes.extend([text] if f'elb_job_id="{A}"' not in text else [])

        reader = threading.Thread(target=scrape)
        reader.start()
        for namespaces in (("default", "blast"), ("default",), ("default", "blast")):
            app.reload(before.model_copy(update={"clusters": (cluster("", *namespaces),)}))
            assert app.clusters[0].view().batch is not None
            time.sleep(0.3)
        done.set()
        reader.join(5.0)
        assert not holes


def test_a_configuration_that_cannot_be_used_changes_nothing(simulator: Simulator) -> None:
    good = config(clusters=(cluster("one"),))
    broken = ClusterConfig(name="two", connect=Connect(mode="direct", server="https://127.0.0.1:1", ca_file="/absent"))
    opened: list[Access] = []

    def way(given: ClusterConfig, settings: Config) -> Access:
        if given.name == "two":
            return reach(given, settings)
        opened.append(open_access(simulator.url, simulator.token))
        return opened[-1]

    with running(App(good, way=way)) as app:
        wait_for(lambda: all(check.ok for check in app.ready()), 5.0)
        (one,) = app.clusters
        threads = threading.active_count()
        with pytest.raises(ConnectError):
            app.reload(good.model_copy(update={"clusters": (cluster("one"), cluster("three"), broken)}))
        assert app.clusters == [one]
        assert app.config is good
        assert len(opened) == 2
        assert threading.active_count() <= threads
        with pytest.raises(ConfigError):
            load(None, {}, {"intervals.tick": "soon"})


def test_one_look_makes_a_page_and_tells_what_could_not_be_read(simulator: Simulator) -> None:
    batches(simulator.store)
    simulator.access.denials.append(Rule(groups=[""], resources=["pods"]))
    app = App(config(), way=way_to(simulator))
    assert app.once() == ["pods: denied HTTP 403"]
    view = app.publisher.view
    assert view is not None
    assert view.clusters[0].batch is not None
    assert [search.id for search in view.clusters[0].batch.searches] == [A]
    assert view.clusters[0].batch.stored == {"default": 3}


@pytest.mark.fault(71)
def test_it_stops_at_once_with_a_list_under_way() -> None:
    with Hostile(lambda peer: peer.stall()) as server:
        app = App(config(), way=lambda _given, _config: open_access(server.url))
        app.start()
        wait_for(lambda: server.accepted >= 5, 2.0)
        began = time.monotonic()
        app.stop()
        assert time.monotonic() - began < 2.0
        assert app.clusters[0].view().batch is None
