"""The real Prometheus scrapes the daemon, in both formats, and knows what the page says."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import urllib3

from exporter.simulator.world import manifests
from exporter.simulator.world.plots import bury
from exporter.simulator.world.search import Search
from tests.process.bench import Bench
from tests.process.pages import searches, states
from tests.process.program import Program
from tests.support.daemon import PREFIX, Page
from tests.support.hostile import Hostile, Peer
from tests.support.prometheus import Prometheus
from tests.support.tools import tool
from tests.support.waiting import wait_for

FORMATS = {"text": "PrometheusText0.0.4", "openmetrics": "OpenMetricsText1.0.0"}
PROGRESS = """
1 - sum by (cluster, namespace, elb_job_id) (
  max by (cluster, namespace, elb_job_id, state) (elasticblast_search_jobs{job="text",state=~"pending|running|lost"}))
/ (max by (cluster, namespace, elb_job_id) (max_over_time(elasticblast_search_jobs_expected{job="text"}[1d])) > 0)
"""
BATCHES, DONE = 4, 1
ID = f"job-{7:032x}"


class Pair(Prometheus):
    """The same page, scraped twice: `targets` are host and port by job name."""

    def __init__(self, folder: Path, targets: Mapping[str, str]) -> None:
        super().__init__(folder, {"scrape_configs": [_job(name, target) for name, target in targets.items()]})

    def values(self, expression: str) -> dict[str, float]:
        """By job name."""
        return {labels["job"]: number for labels, number in self.query(expression)}

    def series(self, job: str) -> Page:
        """Everything of ours that came with one job."""
        found = self.query(f'{{__name__=~"{PREFIX}.+",job="{job}"}}')
        return {
            (
                labels.pop("__name__"),
                frozenset((k, v) for k, v in labels.items() if k not in ("job", "instance")),
            ): number
            for labels, number in found
        }


def _job(name: str, target: str) -> dict[str, Any]:
    return {
        "job_name": name,
        "honor_labels": True,
        "scrape_protocols": [FORMATS[name]],
        "static_configs": [{"targets": [target]}],
    }


@pytest.fixture
def daemon(bench: Bench) -> Program:
    """It follows one search whose submission has closed: one batch of four has succeeded, and it does not move."""
    search = Search(id=ID, mode="ssd", batches=BATCHES)
    for number, shard in search.parts:
        manifest = manifests.batch(search, number, shard)
        if number < DONE:
            bury(bench.world, manifest)
        else:
            bench.simulator.store.create("jobs", manifest)
    bench.simulator.store.create("jobs", manifests.finalizer(search))
    program = bench.run()
    program.await_ready()
    program.await_page(lambda page: states(page) == {"fresh"} and searches(page) == {ID}, what="the search")
    return program


@pytest.fixture
def relay(daemon: Program) -> Iterator[tuple[Hostile, list[dict[str, str]]]]:
    """Passes requests on as they are and answers as they come; the list holds the heads of the answers."""
    heads: list[dict[str, str]] = []
    http = urllib3.PoolManager(retries=False, timeout=5.0)

    def pass_on(peer: Peer) -> None:
        while asked := peer.read():
            answer = http.request("GET", daemon.url + asked.target, headers=asked.headers, decode_content=False)
            heads.append({name.lower(): text for name, text in answer.headers.items()})
            kept = ("content-type", "content-encoding")
            peer.answer(answer.data, **{n.replace("-", "_"): heads[-1][n] for n in kept if n in heads[-1]})

    with Hostile(pass_on) as server:
        yield server, heads
    http.clear()


@pytest.fixture
def prometheus(daemon: Program, relay: tuple[Hostile, object], tmp_path: Path) -> Iterator[Pair]:
    targets = {"text": daemon.url.removeprefix("http://"), "openmetrics": f"127.0.0.1:{relay[0].port}"}
    with Pair(tmp_path, targets) as server:
        yield server


def test_prometheus_knows_what_the_page_says(
    daemon: Program, prometheus: Pair, relay: tuple[Hostile, list[dict[str, str]]]
) -> None:
    """In both formats: up, series that stay the same, every value, compressed on the wire, and progress."""
    ones = dict.fromkeys(FORMATS, 1.0)
    wait_for(lambda: prometheus.values("up") == ones, 30.0, lambda: f"up:\n{prometheus.process.tail()}")
    wait_for(lambda: prometheus.values("min_over_time(scrape_samples_scraped[3s]) > bool 200") == ones, what="samples")
    wait_for(lambda: prometheus.values("max_over_time(scrape_series_added[3s])") == dict.fromkeys(FORMATS, 0.0), 20.0)
    before, after = daemon.page(), daemon.page()
    still = {series: n for series, n in before.items() if settled(series[0]) and after[series] == n}
    assert len(still) > 200
    for job in FORMATS:
        known = prometheus.series(job)
        assert {series: known.get(series) for series in still} == still
        assert {series for series in known if settled(series[0])} == set(still)
    heads = relay[1]
    assert {head["content-encoding"] for head in heads} == {"gzip"}
    assert {head["content-type"] for head in heads} == {"application/openmetrics-text; version=1.0.0; charset=utf-8"}
    ((labels, progress),) = prometheus.query(PROGRESS)
    assert labels == {"namespace": "default", "elb_job_id": ID}
    assert progress == pytest.approx(DONE / BATCHES)
    assert prometheus.values("up") == ones


def settled(name: str) -> bool:
    """Whether nothing but the cluster decides the value."""
    return name.startswith(PREFIX) and not name.startswith(f"{PREFIX}exporter_") and "node_seconds" not in name


def test_promtool_finds_nothing_to_say_about_the_page(daemon: Program) -> None:
    text = daemon.get("/metrics").text
    done = subprocess.run(
        [tool("promtool"), "check", "metrics"], check=False, input=text, capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
