"""The daemon in one piece over the simulated API server: custom resources, usage and the submit Lease on its page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families as parsed
from starlette.requests import Request
from starlette.responses import Response

from exporter.app import App
from exporter.config import Config
from exporter.config.custom import Custom
from exporter.config.limits import Intervals
from exporter.simulator import custom
from exporter.simulator.access import Rule
from exporter.simulator.clock import rfc3339_micro
from exporter.simulator.server import Simulator
from exporter.simulator.world.fixtures import BLAST_POOL
from tests.app.test_app import config, page, running, way_to
from tests.custom.objects import conditions
from tests.runtime.follow import open_access
from tests.support.daemon import Page, family, read_families, value
from tests.support.living import Living
from tests.support.waiting import wait_for

FAST = Intervals(tick=0.1, render_idle=0.2).model_copy(update={"poll": 0.3})
OURS = {"namespace": "default", "group": "kubeflow.org", "kind": "MPIJob"}


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(controllers=False) as simulator:
        yield simulator


def followed(simulator: Simulator, **sections: object) -> App:
    return App(fast(**sections), way=way_to(simulator))


def fast(**sections: object) -> Config:
    return config(intervals=FAST, **sections)


def read(app: App) -> Page:
    return read_families(parsed(page(app)))


def until(app: App, wanted: Any, seconds: float = 15.0) -> Page:
    """The first page of which `wanted` is true."""
    found: list[Page] = []

    def look() -> bool:
        found[:] = [read(app)]
        return bool(wanted(found[0]))

    wait_for(look, seconds, lambda: str({key: n for key, n in found[0].items() if "custom" in str(key)}))
    return found[0]


def state(shown: Page, resource: str) -> str:
    """The state that the page tells of a polled resource, empty if it tells none."""
    words = family(shown, "exporter_collector_state", collector="custom", resource=resource)
    return next((word for (word,), number in words.items() if number == 1), "")


def make_job(simulator: Simulator, name: str, **told: str) -> None:
    resource = custom.MPIJOBS.qualified
    simulator.store.create(resource, {"metadata": {"name": name}, "spec": {}})
    set_status(simulator, name, **told)


def set_status(simulator: Simulator, name: str, **told: str) -> None:
    status = {"conditions": conditions(**told)}
    simulator.store.update(custom.MPIJOBS.qualified, "default", name, lambda obj: obj.update(status=status))


def jobs(shown: Page) -> dict[str, float]:
    return {word: number for (word,), number in family(shown, "custom_resources", **OURS).items() if number}


def test_what_is_not_there_is_not_on_the_page(simulator: Simulator) -> None:
    with running(followed(simulator)) as app:
        shown = until(app, lambda now: state(now, "leases.coordination.k8s.io") == "fresh")
        assert not [key for key in shown if "kubeflow" in str(key) or "custom_resource" in str(key)]
        assert value(shown, "exporter_records_rejected_total", resource="mpijobs.kubeflow.org") is None


def test_objects_are_on_the_page_as_they_come_change_and_go(simulator: Simulator) -> None:
    custom.serve(simulator.store, custom.MPIJOBS)
    with running(followed(simulator)) as app:
        shown = until(app, lambda now: state(now, "mpijobs.kubeflow.org") == "fresh")
        assert family(shown, "custom_resources", **OURS) == dict.fromkeys(
            [("deleting",), ("failed",), ("pending",), ("running",), ("succeeded",), ("suspended",), ("unknown",)], 0
        )
        make_job(simulator, "a", Created="True")
        until(app, lambda now: jobs(now) == {"pending": 1})
        set_status(simulator, "a", Created="True", Running="True")
        shown = until(app, lambda now: jobs(now) == {"running": 1})
        assert value(
            shown, "custom_resource_conditions", **OURS, condition="Running", state="true", reason="none"
        ) == pytest.approx(1)
        simulator.store.delete(custom.MPIJOBS.qualified, "default", "a")
        until(app, lambda now: family(now, "custom_resources", **OURS) and jobs(now) == {})


def test_a_kind_that_is_withdrawn_goes_from_the_page_at_once(simulator: Simulator) -> None:
    custom.serve(simulator.store, custom.MPIJOBS)
    make_job(simulator, "a", Running="True")
    with running(followed(simulator)) as app:
        until(app, lambda now: jobs(now) == {"running": 1})
        custom.withdraw(simulator.store, custom.MPIJOBS)
        shown = until(app, lambda now: not family(now, "custom_resources", **OURS))
        assert state(shown, "mpijobs.kubeflow.org") == ""


def test_what_may_not_be_read_is_denied_and_spoils_nothing_else(simulator: Simulator) -> None:
    custom.serve(simulator.store)
    simulator.access.denials.append(Rule(groups=["kubeflow.org"]))
    with running(followed(simulator)) as app:
        shown = until(app, lambda now: state(now, "workloads.kueue.x-k8s.io") == "fresh")
        assert state(shown, "mpijobs.kubeflow.org") == "denied"


@pytest.mark.fault(35)
def test_an_api_that_answers_503_spoils_only_its_own_series(simulator: Simulator) -> None:
    custom.serve(simulator.store, custom.MPIJOBS)
    make_job(simulator, "a", Running="True")

    async def down(request: Request) -> Response | None:
        return Response("{}", 503) if "metrics.k8s.io" in request.url.path else None

    simulator.api.intercept = down
    with running(followed(simulator)) as app:
        shown = until(app, lambda now: jobs(now) == {"running": 1})
        runs = family(shown, "exporter_collector_runs_total", collector="custom", resource="nodes.metrics.k8s.io")
        assert runs["server",] >= 1
        assert state(shown, "nodes.metrics.k8s.io") == "never"
        assert state(shown, "mpijobs.kubeflow.org") == "fresh"


def test_a_cluster_without_a_meter_says_so_and_shows_no_usage(simulator: Simulator) -> None:
    simulator.api.metered = False
    with running(followed(simulator)) as app:
        shown = until(app, lambda now: state(now, "nodes.metrics.k8s.io") == "absent")
        assert not [key for key in shown if "usage" in key[0]]


def test_a_kind_of_the_configuration_alone_is_read_and_missed_where_it_is_not(simulator: Simulator) -> None:
    things = Custom.model_validate(
        {
            "group": "example.org",
            "plural": "things",
            "kind": "Thing",
            "states": [{"state": "running", "condition": "Ready"}],
            "conditions": ["Ready"],
            "amounts": [{"name": "parts", "path": "status.parts.*.size"}],
        }
    )
    with running(followed(simulator, custom=(things,))) as app:
        until(app, lambda now: state(now, "things.example.org") == "absent")


def test_the_lease_is_on_the_page_while_somebody_holds_it(simulator: Simulator) -> None:
    now = simulator.store.clock.now()
    spec = {
        "holderIdentity": "openapi-1",
        "leaseDurationSeconds": 900,
        "acquireTime": rfc3339_micro(now),
        "renewTime": rfc3339_micro(now),
    }
    simulator.store.create("leases", {"metadata": {"name": "elb-blast-submit-default"}, "spec": spec})
    name = "submit_lease_acquired_timestamp_seconds"
    with running(followed(simulator)) as app:
        shown = until(app, lambda now: family(now, name))
        assert family(shown, name) == {("openapi", "default"): pytest.approx(now, abs=0.001)}

        def release(lease: dict[str, Any]) -> None:
            lease["spec"]["holderIdentity"] = ""

        simulator.store.update("leases", "default", "elb-blast-submit-default", release)
        until(app, lambda now: not family(now, name))


def has_usage(shown: Page) -> bool:
    """Whether nodes, pods and a search have been sampled."""
    pool = value(shown, "pool_cpu_usage_cores", pool=BLAST_POOL)
    blast = family(shown, "pods_memory_usage_bytes", namespace="default", role="blast")
    return bool(pool and blast and family(shown, "search_memory_max_ratio"))


def test_usage_is_that_of_pools_roles_and_searches() -> None:
    world = Living(speed=40.0, seed=1, scenarios=["pv_cold"])
    world.start()
    try:
        app = App(fast(), way=lambda _given, _config: open_access(world.url, world.token), speed=40.0)
        with running(app):
            shown = until(app, has_usage, 60.0)
            ratios = family(shown, "search_memory_max_ratio")
            assert set(ratios) <= {(key[0], "default") for key in family(shown, "search_created_timestamp_seconds")}
            assert all(0 < ratio < 1 for ratio in ratios.values())
            used = value(shown, "pool_cpu_usage_cores", pool=BLAST_POOL)
            assert used is not None
            assert 0 < used < (value(shown, "pool_cpu_allocatable_cores", pool=BLAST_POOL) or 0)
            roles = family(shown, "pods_memory_usage_bytes", namespace="default")
            assert roles["blast",] > 0
            assert (value(shown, "pool_memory_usage_bytes", pool=BLAST_POOL) or 0) > 0
            assert set(family(shown, "usage_sample_oldest_timestamp_seconds")) == {("nodes",), ("pods",)}
    finally:
        world.stop()


def test_the_demo_queues_work_and_does_it() -> None:
    world = Living(speed=60.0, seed=1)
    world.start()
    try:
        with running(App(fast(), way=lambda _given, _config: open_access(world.url, world.token), speed=60.0)) as app:
            shown = until(app, lambda now: jobs(now).get("running"), 60.0)
            assert sum(family(shown, "custom_resources", kind="ClusterQueue", state="running").values()) == 1
            assert family(shown, "custom_resources", kind="Workload", state="running")
            assert value(shown, "custom_resource_amounts", **OURS, amount="active") == 5 * jobs(shown)["running"]
    finally:
        world.stop()
