"""Counts of what a first sync, an event and a page cost, which no clock and no busy neighbour changes; printed as JSON.

It runs in a process of its own, with the benchmarks on the path and a fixed hash seed.
"""

from __future__ import annotations

import gc
import json
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from objects import Mix, cluster
from servers import Replayed, replayed
from world import World

from exporter import app, config
from exporter.adapters.decode import ResourceName, decode_event
from exporter.runtime.feed import Feed
from exporter.web.negotiate import TEXT

JOBS, FEW_JOBS, SEARCHES = 1000, 200, 10
EVENTS = 200
WHEN = 1_800_000_000.0
_SUCCEEDED, _RUNNING = (10, 0, 0), (0, 10, 0)
Counts = dict[str, float]


def main() -> None:
    """Print every count."""
    with synced(JOBS) as (followed, server):
        counts = {**first_sync(followed, server), **events(followed), **page(followed)}
    per_job = (kept(JOBS, _SUCCEEDED) - kept(FEW_JOBS, _SUCCEEDED)) / (JOBS - FEW_JOBS)
    per_both = (kept(JOBS, _RUNNING) - kept(FEW_JOBS, _RUNNING)) / (JOBS - FEW_JOBS)
    counts |= {"bytes_kept_per_job": round(per_job), "bytes_kept_per_pod": round(per_both - per_job)}
    sys.stdout.write(json.dumps(counts))


@contextmanager
def synced(jobs: int, mix: Mix | None = None) -> Iterator[tuple[app.App, Replayed]]:
    """A daemon that has looked once at a replayed cluster, and what it looked at."""
    with replayed(jobs, mix=mix) as server:
        where = {"mode": "direct", "server": server.address, "insecure_http": True}
        followed = app.App(config.load(None, {}, {"clusters": json.dumps([{"connect": where}])}))
        wrong = followed.once()
        if wrong:
            raise RuntimeError("; ".join(wrong))
        yield followed, server


def first_sync(followed: app.App, server: Replayed) -> Counts:
    facts = server.facts()
    body = followed.publisher.slot.current.body(TEXT, compressed=False).content
    return {
        "requests_of_first_sync": sum(map(len, facts["asked"].values())),
        "kilobytes_of_first_sync": round(facts["sent"] / 1000),
        "series": sum(not line.startswith(b"#") for line in body.splitlines()),
        "kilobytes_of_page": round(len(body) / 1000, 1),
    }


def events(followed: app.App) -> Counts:
    """Calls of functions, ours and built in, per event from its line to the tallies."""
    world = World(cluster(JOBS, SEARCHES, WHEN))
    makers: tuple[tuple[ResourceName, Callable[[], bytes]], ...] = (
        ("pods", world.pod_event),
        ("jobs", world.job_event),
    )
    counts: Counts = {}
    for resource, make in makers:
        feed = next(each for each in followed.clusters[0].feeds if each.name == resource)
        lines = [make().rstrip() for _ in range(EVENTS)]
        counts[f"calls_per_event_of_{resource}"] = round(_calls(lambda: _fold(feed, lines)) / EVENTS, 1)  # noqa: B023 - called here and now
    return counts


def _fold(feed: Feed, lines: list[bytes]) -> None:
    feed.sink.changed(feed, [decode_event(feed.resource.name, line) for line in lines])  # type: ignore[arg-type]


def page(followed: app.App) -> Counts:
    """Calls for a tick of each collector and the page that follows."""

    def make() -> None:
        for one in followed.clusters:
            for collector in ("core", "batch"):
                one.tick(collector, idle_after=0.0)
        followed.publisher.publish()
        followed.publisher.slot.current.body(TEXT, compressed=True)

    make()
    return {"thousand_calls_per_page": round(_calls(make) / 1000, 1)}


def _calls(action: Callable[[], object]) -> int:
    """How many functions an action calls in this thread."""
    count = 0

    def note(_frame: FrameType, kind: str, _argument: Any) -> None:
        nonlocal count
        count += kind in ("call", "c_call")

    sys.setprofile(note)
    try:
        action()
    finally:
        sys.setprofile(None)
    return count


def kept(jobs: int, mix: Mix) -> int:
    """Bytes that are held after a first sync."""
    tracemalloc.start()
    try:
        with synced(jobs, mix) as (followed, _):
            gc.collect()
            size = tracemalloc.get_traced_memory()[0]
            del followed
            return size
    finally:
        tracemalloc.stop()


if __name__ == "__main__":
    main()
