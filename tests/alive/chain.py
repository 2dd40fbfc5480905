"""The real Prometheus and the real Alertmanager, from the metrics page to the webhook."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import urllib3

from tests.alive import faster
from tests.alive.webhook import Webhook
from tests.support.controlplane_files import free_port
from tests.support.process import Process
from tests.support.prometheus import Prometheus
from tests.support.tools import tool
from tests.support.waiting import wait_for

JOB = "elasticblast-exporter"


@dataclass(frozen=True, slots=True)
class Chain:
    """`webhook` hears the alerts of `prometheus`."""

    webhook: Webhook
    prometheus: Prometheus

    def held(self) -> set[tuple[str, str]]:
        """Name and state of every alert that Prometheus holds, for the message of a test that fails."""
        return {(alert["labels"]["alertname"], alert["state"]) for alert in self.prometheus.ask("alerts")["alerts"]}


@contextmanager
def chain(folder: Path, target: str, **thresholds: object) -> Iterator[Chain]:
    """Prometheus scrapes `target`, host and port, every second; all ends with the context."""
    rules = folder / "all.rules.yaml"
    rules.write_text(faster.rules(**thresholds))
    with Webhook() as webhook, alertmanager(folder, webhook.url) as manager:
        given = {
            "rule_files": [str(rules)],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [manager]}]}]},
            "scrape_configs": [
                {
                    "job_name": JOB,
                    "honor_labels": True,
                    "static_configs": [{"targets": [target], "labels": {"instance": JOB}}],
                }
            ],
        }
        with Prometheus(folder, given, "--rules.alert.resend-delay=1s") as prometheus:
            yield Chain(webhook, prometheus)


@contextmanager
def alertmanager(folder: Path, url: str) -> Iterator[str]:
    """Host and port of one that sends everything to `url`."""
    at, config = f"127.0.0.1:{free_port()}", folder / "alertmanager.yaml"
    config.write_text(faster.alertmanager(url))
    argv = [
        tool("alertmanager"),
        f"--config.file={config}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={at}",
        "--cluster.listen-address=",
    ]
    process = Process(argv=argv, log=folder / "alertmanager.log")
    process.start()
    try:
        wait_for(lambda: _ready(at), timeout=30.0, what=process.tail)
        yield at
    finally:
        process.kill()


def _ready(at: str) -> bool:
    try:
        return urllib3.request("GET", f"http://{at}/-/ready", retries=False, timeout=2.0).status == 200
    except urllib3.exceptions.HTTPError:
        return False
