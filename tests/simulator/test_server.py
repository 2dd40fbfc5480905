"""The simulator over HTTP: what only it offers, beyond the contract with the real server."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
import urllib3
from starlette.requests import Request
from starlette.responses import Response

from exporter.simulator.access import Rule, User
from exporter.simulator.kinds import Kind
from exporter.simulator.server import Simulator
from tests.support.kubeapi import Api, expect

JOBS = "/apis/batch/v1/namespaces/default/jobs"
CONFIGMAPS = "/api/v1/namespaces/default/configmaps"
BLAST = {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "blast"}]}}}


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(bookmark_every=0.1, controllers=False) as simulator:
        yield simulator


@pytest.fixture
def api(simulator: Simulator) -> Iterator[Api]:
    api = Api(simulator.url, token=simulator.token)
    yield api
    api.close()


def fill(simulator: Simulator, count: int) -> None:
    for number in range(count):
        simulator.store.create("configmaps", {"metadata": {"name": f"c{number:03d}"}})


def test_tokens_expire_on_demand(simulator: Simulator, api: Api) -> None:
    fill(simulator, 3)
    first = expect(api.get(CONFIGMAPS, limit=1))["metadata"]
    simulator.expire_continue_tokens()
    status, body = api.get(CONFIGMAPS, limit=1, **{"continue": first["continue"]})
    assert (status, body["reason"]) == (410, "Expired")


def test_tokens_expire_by_age() -> None:
    with Simulator(token_age=0.0, controllers=False) as simulator:
        api = Api(simulator.url, token=simulator.token)
        fill(simulator, 3)
        first = expect(api.get(CONFIGMAPS, limit=1))["metadata"]
        assert api.get(CONFIGMAPS, limit=1, **{"continue": first["continue"]})[0] == 410
        api.close()


def test_a_quiet_watch_gets_bookmarks_in_step(simulator: Simulator, api: Api) -> None:
    events = [event["type"] for event in api.watch(CONFIGMAPS, timeoutSeconds=1, allowWatchBookmarks="true")]
    assert set(events) == {"BOOKMARK"}
    assert 5 <= len(events) <= 12


def test_rights_change_while_it_runs(simulator: Simulator, api: Api) -> None:
    denial = Rule(verbs=["watch"], resources=["pods"])
    pods = "/api/v1/namespaces/default/pods"
    simulator.access.denials.append(denial)
    assert api.get(pods, watch="true")[0] == 403
    assert api.get(pods)[0] == 200
    simulator.access.denials.remove(denial)
    assert list(api.watch(pods, timeoutSeconds=1)) == []


def test_a_grant_covers_what_it_names_and_no_more(simulator: Simulator) -> None:
    simulator.access.tokens["t"] = User(name="reader", groups=("readers",))
    simulator.access.grants.append(Rule(user="readers", verbs=["list"], resources=["jobs"], namespaces=["default"]))
    reader = Api(simulator.url, token="t")
    statuses = [reader.get(path)[0] for path in (JOBS, JOBS.replace("default", "kube-system"), CONFIGMAPS)]
    reader.close()
    assert statuses == [200, 403, 403]


def test_a_test_can_answer_in_its_place(simulator: Simulator, api: Api) -> None:
    async def throttle(request: Request) -> Response | None:
        return Response("slow down", 429, {"Retry-After": "7"}) if "jobs" in request.url.path else None

    simulator.api.intercept = throttle
    assert api.get(JOBS)[0] == 429
    assert api.get(CONFIGMAPS)[0] == 200


def test_it_remembers_what_it_was_asked(simulator: Simulator, api: Api) -> None:
    api.delete(f"{JOBS}/x", {"propagationPolicy": "Foreground"}, dryRun="All")
    seen = simulator.api.seen[-1]
    assert (seen.method, seen.path, seen.query, seen.user) == ("DELETE", f"{JOBS}/x", {"dryRun": "All"}, "admin")
    assert json.loads(seen.body) == {"propagationPolicy": "Foreground"}


def test_large_lists_are_compressed_for_those_who_can_read_it(simulator: Simulator) -> None:
    for number in range(20):
        simulator.store.create("configmaps", {"metadata": {"name": f"c{number}"}, "data": {"x": "y" * 10_000}})
    headers = {"Authorization": f"Bearer {simulator.token}", "Accept-Encoding": "gzip"}
    answer = urllib3.request("GET", simulator.url + CONFIGMAPS, headers=headers, decode_content=False, retries=False)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(json.loads(gzip.decompress(answer.data))["items"]) == 20
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Date"].endswith("GMT")


def test_one_more_resource_can_be_served(simulator: Simulator, api: Api) -> None:
    """Volcano has a resource called jobs, too."""
    jobs = Kind(group="batch.volcano.sh", version="v1alpha1", plural="jobs", kind="Job", custom=True)
    simulator.store.register("jobs.batch.volcano.sh", jobs)
    simulator.store.create("jobs.batch.volcano.sh", {"metadata": {"name": "n"}, "spec": {"queue": "q"}})
    body = expect(api.get("/apis/batch.volcano.sh/v1alpha1/namespaces/default/jobs"))
    assert (body["kind"], body["items"][0]["spec"]) == ("JobList", {"queue": "q"})
    assert expect(api.get("/api/v1/nodes"))["items"] == []


def test_what_is_served_can_be_discovered(api: Api) -> None:
    assert expect(api.get("/api"))["versions"] == ["v1"]
    assert "batch" in [group["name"] for group in expect(api.get("/apis"))["groups"]]
    assert [each["name"] for each in expect(api.get("/apis/batch/v1"))["resources"]] == ["jobs"]


def test_stopping_ends_watches_at_once() -> None:
    simulator = Simulator(controllers=False)
    simulator.start()
    api = Api(simulator.url, token=simulator.token)
    ended = threading.Event()

    def follow() -> None:
        list(api.watch(CONFIGMAPS, timeoutSeconds=60))
        ended.set()

    threading.Thread(target=follow, daemon=True).start()
    deadline = time.monotonic() + 5.0
    while not simulator.api.seen and time.monotonic() < deadline:
        time.sleep(0.01)
    begun = time.monotonic()
    simulator.stop()
    assert ended.wait(2.0)
    assert time.monotonic() - begun < 2.0
    api.close()


def test_it_serves_over_tls(tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    pair = (tmp_path / "server.pem", tmp_path / "server.pem")
    with Simulator(tls=pair, controllers=False) as simulator:
        assert simulator.url.startswith("https://")
        api = Api(simulator.url, token=simulator.token, ca_file=tmp_path / "ca.pem")
        assert expect(api.get(JOBS))["kind"] == "JobList"
        api.close()


def test_fifty_thousand_jobs_are_listed_in_pages(simulator: Simulator, api: Api) -> None:
    """Big enough for the tests of scale that use it."""
    for number in range(50_000):
        simulator.store.create("jobs", {"metadata": {"name": f"j{number:05d}"}, "spec": BLAST})
    begun, token, count = time.monotonic(), "", 0
    while True:
        body = expect(api.get(JOBS, limit=5000, fieldSelector="status.successful=0", **{"continue": token}))
        count += len(body["items"])
        token = body["metadata"].get("continue", "")
        if not token:
            break
    assert count == 50_000
    assert time.monotonic() - begun < 30.0
