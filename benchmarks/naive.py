"""What one would write first: list everything with the typed client, set gauges, sleep. For comparison only.

It is kind to itself: lists come in pages, and only counts are kept of them.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from kubernetes import client, config
from prometheus_client import Gauge, start_http_server

_SELECTOR = "app in (setup,submit,blast,finalizer,elb-db-warmup,elb-prepare-db)"
_PAGE = 500
_LABELS = ("namespace", "elb_job_id")

JOBS = Gauge("naive_search_jobs", "Batches of a search by state.", (*_LABELS, "state"))
PODS = Gauge("naive_search_pods", "Pods of a search by phase.", (*_LABELS, "phase"))
RESTARTS = Gauge("naive_search_restarts", "Restarts of the containers of a search's pods.", _LABELS)


def read(api: client.ApiClient) -> None:
    """One pass over all Jobs and all pods."""
    jobs: Counter[tuple[str, str, str]] = Counter()
    for job in _items(client.BatchV1Api(api).list_namespaced_job):
        if job.metadata.labels["app"] == "blast":
            jobs[*_owner(job), _state(job)] += 1
    pods: Counter[tuple[str, str, str]] = Counter()
    restarts: Counter[tuple[str, str]] = Counter()
    for pod in _items(client.CoreV1Api(api).list_namespaced_pod):
        pods[*_owner(pod), pod.status.phase] += 1
        restarts[_owner(pod)] += sum(each.restart_count for each in pod.status.container_statuses or ())
    for gauge, counts in ((JOBS, jobs), (PODS, pods), (RESTARTS, restarts)):
        for labels, count in counts.items():
            gauge.labels(*labels).set(count)


def _items(list_page: Callable[..., Any]) -> Iterator[Any]:
    more: dict[str, str] = {}
    while True:
        page = list_page("default", label_selector=_SELECTOR, limit=_PAGE, **more)
        yield from page.items
        token = page.metadata._continue
        if not token:
            return
        more = {"_continue": token}


def _owner(item: Any) -> tuple[str, str]:
    return item.metadata.namespace, item.metadata.labels.get("elb-job-id", "")


def _state(job: Any) -> str:
    if job.status.succeeded:
        return "succeeded"
    if any(each.type == "Failed" for each in job.status.conditions or ()):
        return "failed"
    return "running" if job.status.active and job.status.ready else "pending"


def main() -> None:
    """Serve the gauges, and renew them every `--interval` seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server")
    parser.add_argument("--kubeconfig", help="in place of --server")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--interval", type=float, default=15.0)
    given = parser.parse_args()
    start_http_server(given.port, "127.0.0.1")
    api = client.ApiClient(client.Configuration(host=given.server))
    if given.kubeconfig:
        api = config.new_client_from_config(given.kubeconfig)  # type: ignore[no-untyped-call]  # it ships no types
    while True:
        began = time.monotonic()
        read(api)
        time.sleep(max(given.interval - (time.monotonic() - began), 0.0))


if __name__ == "__main__":
    main()
