"""A followed cluster for tests: real feeds on real sockets, with short times."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from exporter.adapters.clock import Clock, SystemClock
from exporter.adapters.endpoint import KubeSettings
from exporter.adapters.kube import Access, connect
from exporter.collectors import ALL
from exporter.collectors.base import Collector
from exporter.domain.fold.ledger import Limits
from exporter.domain.freshness import Holds
from exporter.domain.rules import Rules
from exporter.domain.snapshots import ClusterView
from exporter.runtime.cluster import Cluster, ClusterSettings
from exporter.runtime.feed import Feed, FeedTimes
from exporter.runtime.pager import ListLimits
from exporter.runtime.poller import Poller
from exporter.simulator.server import Simulator
from exporter.wiring import stored_poller
from tests.support.waiting import wait_for

TIMES = FeedTimes(silence=5.0, poll=0.1, backoff=0.05, backoff_cap=0.2, healthy_after=5.0, watch_again=0.6)
LISTS = ListLimits(deadline=2.0)


class Follower:
    """A cluster and its feeds; `only` names the resources that are followed, all by default."""

    def __init__(
        self,
        url: str,
        token: str = "",
        *,
        only: Sequence[str] = (),
        namespaces: tuple[str, ...] = ("default",),
        clock: Clock | None = None,
        times: FeedTimes = TIMES,
        lists: ListLimits = LISTS,
        collectors: Sequence[Collector] = ALL,
    ) -> None:
        self.clock = clock or SystemClock()
        self.access = open_access(url, token)
        settings = ClusterSettings(
            name="", namespaces=namespaces, rules=Rules(), limits=Limits(), holds=Holds(stale_after=times.silence)
        )
        self.cluster = Cluster(settings, collectors=collectors, clock=self.clock)
        for collector in collectors:
            for resource in collector.resources:
                if only and resource.name not in only:
                    continue
                for namespace in namespaces if resource.namespaced else ("",):
                    feed = Feed(
                        resource=resource,
                        namespace=namespace,
                        collector=collector.name,
                        cluster="",
                        transport=self.access.transport(resource.name, self._counter(collector.name)),
                        sink=self.cluster,
                        clock=self.clock,
                        times=times,
                        limits=lists,
                    )
                    self.cluster.feeds.append(feed)

    def feed(self, name: str, namespace: str = "default") -> Feed:
        return next(f for f in self.cluster.feeds if f.name == name and f.namespace in (namespace, ""))

    def poller(self, *, interval: float = 60.0, budget: float = 0.5) -> Poller:
        """The poller of stored Jobs."""
        poll = ALL[1].polls[0]
        poller = stored_poller(
            poll, self.access.transport(poll.name), namespace="default", collector="batch", clock=self.clock,
            interval=interval, budget=budget,
        )  # fmt: skip
        self.cluster.pollers.append(poller)
        return poller

    def start(self) -> None:
        for feed in self.cluster.feeds:
            feed.start()

    def stop(self) -> None:
        for feed in self.cluster.feeds:
            feed.stop()
        for feed in self.cluster.feeds:
            feed.join(5.0)
        for poller in self.cluster.pollers:
            poller.close()
        self.access.close()

    def synced(self) -> None:
        """Wait until every feed has listed."""
        wait_for(lambda: all(f.pulse.heard_at is not None for f in self.cluster.feeds), 5.0, self.told)

    def view(self) -> ClusterView:
        """What a page would say now."""
        for collector in ("core", "batch"):
            self.cluster.tick(collector, idle_after=0.0)
        return self.cluster.view()

    def jobs(self, search: str) -> dict[str, int]:
        """The five states of a search; empty while it is not shown."""
        batch = self.view().batch
        found = [s for s in batch.searches if s.id == search] if batch else []
        return dict(found[0].jobs) if found else {}

    def claims(self) -> set[str]:
        """Names of the claims shown; empty as well while they may not be shown."""
        core = self.view().core
        return {name for _, name in (core.claims or {})} if core else set()

    def total(self, name: str, *labels: str) -> float:
        return self.cluster.view().counts.totals.get((name, labels), 0.0)

    def runs(self, resource: str, result: str) -> float:
        collector = "batch" if resource in ("jobs", "jobs_stored") else "core"
        return self.total("exporter_collector_runs_total", collector, resource, result)

    def state(self, resource: str) -> str:
        return next(h.state for h in self.view().health if h.resource == resource)

    def told(self) -> str:
        return str({f"{f.name}/{f.namespace}": f.pulse for f in self.cluster.feeds})

    def _counter(self, collector: str) -> Callable[[str, str], None]:
        return lambda verb, code: self.cluster.count_request(collector, verb, code)


def open_access(url: str, token: str = "") -> Access:
    return connect(KubeSettings(mode="direct", server=url, token=token, insecure_http=True), env={})


@contextmanager
def following(server: Simulator | str, *, token: str = "", **options: object) -> Iterator[Follower]:
    """A started follower, with the simulator's token or `token` for a URL; `options` are those of `Follower`."""
    url, token = (server, token) if isinstance(server, str) else (server.url, server.token)
    follower = Follower(url, token, **options)  # passed on as they are
    follower.start()
    try:
        yield follower
    finally:
        follower.stop()


def faster(**changes: float) -> FeedTimes:
    return replace(TIMES, **changes)  # all that tests change are numbers
