"""The daemon with its admin port, over the simulated API server: lists, cancels, ends, reloads."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import urllib3
from starlette.requests import Request
from starlette.responses import Response

from exporter.app import App
from exporter.cancel.statictokens import TokensError, new_token
from exporter.config import Config, load
from exporter.logs import configure
from exporter.simulator.server import Simulator
from exporter.web.server import ListenError
from tests.admin.port import GRANTS, OPERATOR, READER, USERS, A, B
from tests.app.test_app import cluster, get, page, running, way_to
from tests.support.controlplane_files import free_port
from tests.support.manifests import batch_job, finalizer_job, submit_job
from tests.support.waiting import wait_for

SPEED = 50.0


def config(tmp_path: Path, **keys: object) -> Config:
    flags = {
        "listen.address": "127.0.0.1",
        "listen.port": free_port(),
        "intervals.tick": 0.1,
        "intervals.render_idle": 0.2,
        "shutdown_delay": 0.0,
        "admin.enabled": True,
        "admin.port": free_port(),
        "admin.audit_file": str(tmp_path / "audit.jsonl"),
    }
    return load(None, {}, flags | {name.replace("__", "."): value for name, value in keys.items()})


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator() as simulator:
        simulator.access.tokens.update(USERS)
        simulator.access.grants += GRANTS
        yield simulator


def search(simulator: Simulator, search: str = A) -> None:
    for job in (submit_job(search), batch_job(search, 0), batch_job(search, 1), finalizer_job(search)):
        simulator.store.create("jobs", job)


def stick(simulator: Simulator, search: str = A) -> None:
    """The finalizer's pod is on a node that is gone."""
    selector = f"elb-job-id={search},app=finalizer"
    pod = wait_for(lambda: simulator.store.list("pods", "default", selector))[0]["metadata"]["name"]
    simulator.store.update("pods", "default", pod, lambda one: one["spec"].update(nodeName="lost"))


def jobs(simulator: Simulator, search: str = A) -> list[str]:
    return [job["metadata"]["name"] for job in simulator.store.list("jobs", "default", f"elb-job-id={search}")]


@contextmanager
def started(config: Config, simulator: Simulator) -> Iterator[App]:
    with running(App(config, way=way_to(simulator), speed=SPEED)) as app:
        yield app


def ask(app: App, path: str, body: dict[str, Any] | None = None, *, token: str = OPERATOR) -> tuple[int, Any]:
    """One request to the admin port: a POST if there is a body."""
    url = f"http://127.0.0.1:{app.admin.server.port}{path}"
    headers = {"Authorization": f"Bearer {token}"} | ({"Content-Type": "application/json"} if body is not None else {})
    sent = None if body is None else json.dumps(body)
    answer = urllib3.request("POST" if sent else "GET", url, body=sent, headers=headers, retries=False, timeout=20.0)
    return answer.status, answer.json()


def cancel(app: App, search: str = A, **more: Any) -> tuple[int, Any]:
    return ask(app, f"/v1/searches/{search}/cancel", {"confirm": search, **more})


def records(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]


def test_the_daemon_cancels_one_of_two_searches_and_says_so(simulator: Simulator, tmp_path: Path) -> None:
    search(simulator, A)
    search(simulator, B)
    others = jobs(simulator, B)
    with started(config(tmp_path), simulator) as app:
        listed = wait_for(lambda: len(found := ask(app, "/v1/searches")[1]["searches"]) == 2 and found)
        assert {one["id"] for one in listed} == {A, B}
        assert wait_for(lambda: ask(app, f"/v1/searches/{A}")[1]["phase"])
        status, result = cancel(app)
        assert (status, result["outcome"], result["deleted"]) == (200, "done", 4)
        assert (jobs(simulator, A), jobs(simulator, B)) == ([], others)
        wait_for(lambda: phase_of(app, A) == "cancelled", 5.0, lambda: str(phase_of(app, A)))
        for series in (
            'elasticblast_exporter_cancels_total{result="done"} 1',
            'elasticblast_exporter_http_requests_total{code="200",handler="admin_cancel"} 1',
            'elasticblast_exporter_api_requests_total{code="2xx",collector="cancel",verb="delete"} 4',
        ):
            wait_for(lambda: series in page(app), 5.0, lambda: page(app))  # noqa: B023 - called before the next turn
    assert [one["event"] for one in records(tmp_path)] == ["cancel_intent", "cancel_outcome"]


def phase_of(app: App, search: str) -> str | None:
    return next((one["phase"] for one in ask(app, "/v1/searches")[1]["searches"] if one["id"] == search), None)


def test_while_it_runs_the_search_is_cancelling(simulator: Simulator, tmp_path: Path) -> None:
    search(simulator)
    stick(simulator)
    with started(config(tmp_path), simulator) as app:
        wait_for(lambda: phase_of(app, A))
        assert cancel(app, wait=0)[0] == 202
        wait_for(lambda: phase_of(app, A) == "cancelling", 10.0, lambda: str(phase_of(app, A)))
        assert 'stage="finalizer"' in wait_for(lambda: "search_cancel_stage{" in page(app) and page(app))


def test_an_end_lets_nothing_run_on_and_records_it(simulator: Simulator, tmp_path: Path) -> None:
    search(simulator)
    stick(simulator)
    answers: list[tuple[int, Any]] = []
    with started(config(tmp_path), simulator) as app:
        thread = threading.Thread(target=lambda: answers.append(cancel(app, wait=60)))
        thread.start()
        wait_for(lambda: any(one.method == "DELETE" for one in simulator.api.seen))
    thread.join(10.0)
    assert [(status, body["outcome"]) for status, body in answers] == [(503, "interrupted")]
    assert [one["outcome"] for one in records(tmp_path) if one["event"] == "cancel_outcome"] == ["interrupted"]
    assert [name for name in jobs(simulator) if "batch" in name]


@pytest.mark.fault(107)
def test_without_admin_its_port_is_closed(simulator: Simulator, tmp_path: Path) -> None:
    off = config(tmp_path, admin__enabled=False)
    with started(off, simulator) as app:
        assert app.admin is None
        with pytest.raises(urllib3.exceptions.HTTPError):
            urllib3.request("GET", f"http://127.0.0.1:{off.admin.port}/", retries=False, timeout=2.0)
        assert get(app, "/v1/searches")[0] == 404
        assert "cancels_total" not in page(app)


def test_a_port_that_is_taken_is_said(simulator: Simulator, tmp_path: Path) -> None:
    with started(config(tmp_path), simulator) as app:
        taken = config(tmp_path, admin__port=app.admin.server.port)
        second = App(taken, way=way_to(simulator))
        with pytest.raises(ListenError, match=f"port {app.admin.server.port}: it is in use"):
            second.start()
        second.let_go()
        second.server.stop()


def test_a_tokens_file_that_cannot_be_used_is_said(simulator: Simulator, tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text("nonsense\n")
    with pytest.raises(TokensError, match="line 1"):
        App(config(tmp_path, admin__callers="tokens", admin__tokens_file=str(path)), way=way_to(simulator))


def test_a_reload_keeps_the_admin_port_and_follows_the_clusters(
    simulator: Simulator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The section admin needs a restart, which is said; a namespace that is new can be cancelled in at once."""
    simulator.store.create("namespaces", {"metadata": {"name": "blast"}})
    simulator.store.create("jobs", batch_job(A, 0, namespace="blast"))
    before = config(tmp_path)
    with started(before, simulator) as app:
        port = app.admin.server.port
        assert cancel(app, namespace="blast")[0] == 404
        changed = before.admin.model_copy(update={"enabled": False, "port": free_port()})
        with caplog.at_level(logging.INFO, "exporter.app"):
            app.reload(before.model_copy(update={"admin": changed, "clusters": (cluster("", "default", "blast"),)}))
        said = [record.fields for record in caplog.records if record.message == "reloaded"]
        assert [one["needs_restart"] for one in said] == ["admin"]
        assert (app.admin.server.port, app.config.admin) == (port, before.admin)
        status, result = cancel(app, namespace="blast")
        assert (status, result["outcome"]) == (200, "done")


def test_a_cancel_outlives_the_reload_that_replaces_its_cluster(simulator: Simulator, tmp_path: Path) -> None:
    search(simulator)
    stick(simulator)
    before = config(tmp_path)
    with started(before, simulator) as app:
        key = cancel(app, wait=0)[1]["key"]
        wait_for(lambda: any(one.method == "DELETE" for one in simulator.api.seen))
        app.reload(before.model_copy(update={"clusters": (cluster("", "default", "kube-system"),)}))
        for pod in simulator.store.list("pods", "default", "app=finalizer"):
            simulator.store.delete("pods", "default", pod["metadata"]["name"], grace_seconds=0)
        over = wait_for(lambda: (now := ask(app, f"/v1/cancels/{key}")[1])["outcome"] and now)
        assert over["outcome"] == "done"


def test_no_token_is_in_any_output(simulator: Simulator, tmp_path: Path) -> None:
    """Tokens of callers, right and wrong, the exporter's own, and those that errors of the API carry: neither logs, nor
    metrics, nor the audit, nor any answer says one."""
    static, line = new_token("ann")
    tokens = tmp_path / "tokens"
    tokens.write_text(f"{line}\n")
    wrong = "planted-wrong-token-0123456789"
    leaked = "eyJhbGciOiJub25lIn0.planted-in-an-error.x"
    planted = [OPERATOR, READER, static, wrong, leaked, simulator.token, line.rpartition(":")[2]]
    log = tmp_path / "log"
    said: list[str] = []

    async def fail(request: Request) -> Response | None:
        error = {"kind": "Status", "message": f"Bearer {leaked} {simulator.token} {OPERATOR}"}
        return Response(json.dumps(error), 500, {"X-Token": leaked}) if request.method in ("DELETE", "POST") else None

    def talk(app: App, token: str) -> None:
        for path, body in (
            ("/v1/searches", None),
            (f"/v1/searches/{A}", None),
            (f"/v1/searches/{token}", None),
            (f"/v1/cancels/{token}", None),
            (f"/v1/searches/{A}/cancel", {"confirm": token}),
            (f"/v1/searches/{A}/cancel", {"confirm": A, "reason": f"Bearer {leaked}", "dry_run": True}),
            (f"/v1/searches/{A}/cancel", {"confirm": A, "namespace": token}),
        ):
            said.append(str(ask(app, path, body, token=token)))

    with log.open("w") as stream:
        handle = configure("debug", "json", stream=stream)
        try:
            for keys in ({}, {"admin__callers": "tokens", "admin__tokens_file": str(tokens)}):
                with started(config(tmp_path, **keys), simulator) as app:
                    if not jobs(simulator):
                        search(simulator)
                    for token in (OPERATOR, wrong, static):
                        talk(app, token)
                    simulator.api.intercept = fail
                    for token in (OPERATOR, static):
                        talk(app, token)
                    simulator.api.intercept = None
                    said += [page(app), get(app, "/")[1], str(ask(app, "/openapi.json"))]
                said.append(str(app.config))
        finally:
            handle.close()
    outputs = [log.read_text(), (tmp_path / "audit.jsonl").read_text(), *said]
    assert all(outputs)
    found = [(number, token) for number, text in enumerate(outputs) for token in planted if token in text]
    assert found == []
