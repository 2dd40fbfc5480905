"""The daemon: what is started, in which order it stops, and what a reload replaces."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from exporter import collectors
from exporter.adapters.clock import Clock, SystemClock
from exporter.adapters.kube import Access
from exporter.cancel.desk import ClusterWay
from exporter.config import Cluster as ClusterConfig
from exporter.config import Config
from exporter.logs import event
from exporter.runtime.cluster import Cluster
from exporter.runtime.process import Process
from exporter.runtime.scheduler import Scheduler
from exporter.web.app import Check, Pages, build_app
from exporter.web.publisher import Publisher
from exporter.web.server import HttpServer
from exporter.wiring import Reach, build_cluster, http_settings, reach
from exporter.wiring_admin import AdminPort

LOG = logging.getLogger("exporter.app")
_READY_ANYWAY = 30.0
_TICK_LATE = 3.0
_TICK_LATE_LEAST = 60.0
_PASS_STUCK = 5.0
_NEEDS_RESTART = ("listen", "admin", "intervals")
_CANCEL_ENDS = 4.0
_PAGE_AFTER = 0.05  # seconds; the snapshots of the same turn are then on the page, not on the next one


@dataclass(slots=True, eq=False)
class Member:
    """One followed cluster, and the way to its API."""

    given: ClusterConfig
    cluster: Cluster
    access: Access
    way: ClusterWay | None = None

    def start(self) -> None:
        for feed in self.cluster.feeds:
            feed.start()

    def stop(self, timeout: float) -> None:
        for feed in self.cluster.feeds:
            feed.stop()
        for poller in self.cluster.pollers:
            poller.transport.abort()
        for feed in self.cluster.feeds:
            feed.join(timeout / max(len(self.cluster.feeds), 1))
        for poller in self.cluster.pollers:
            poller.transport.close()
        self.access.close()

    def discard(self, timeout: float) -> None:
        """Stop it, and let go of its way, which nobody was given."""
        self.stop(timeout)
        if self.way:
            self.way.close()

    def tried(self) -> bool:
        """Whether every feed has finished a first attempt, well or badly."""
        return all(feed.pulse.tried for feed in self.cluster.feeds)


class App:
    """Built whole before anything starts. `speed` makes the rules fit a world that lives faster (the demo)."""

    def __init__(self, config: Config, *, clock: Clock | None = None, way: Reach = reach, speed: float = 1.0) -> None:
        """Raises ConnectError if a cluster's configuration cannot be used, TokensError if the tokens file cannot."""
        self.config = config
        self.clock = clock or SystemClock()
        self._way = way
        self._speed = speed
        self._process = Process()
        self.admin = self._admin_port() if config.admin.enabled else None
        self._members = self._built(config.clusters, config)
        self.publisher = Publisher(
            process=self._process,
            clock=self.clock,
            idle_after=config.intervals.render_idle,
            cancels=lambda: self.admin.tally.freeze() if self.admin else None,
        )
        self._follow(config)
        self.scheduler = Scheduler(clock=self.clock, on_skip=self._skipped)
        self.server = HttpServer(build_app(self._pages()), http_settings(config, self._rejected))
        self._started_at = self.clock.mono()
        self._stopping = threading.Event()
        self._plan()

    @property
    def clusters(self) -> list[Cluster]:
        return [member.cluster for member in self._members]

    def start(self) -> None:
        """Listen, then look. Raises ListenError or TlsError; an API that cannot be reached is no error."""
        self._started_at = self.clock.mono()
        for cluster in self.clusters:
            self._freeze(cluster)
        self.publisher.publish()
        self.server.start()
        if self.admin:
            self.admin.start()
        self.scheduler.start()  # before the feeds, which may take every file descriptor there is
        for member in self._members:
            member.start()
        admin_port = self.admin.server.port if self.admin else None
        event(LOG, logging.INFO, "started", port=self.server.port, admin_port=admin_port, clusters=len(self._members))

    def stop(self) -> None:
        """Not ready at once, a last scrape, then everything down; nothing is waited for beyond its bound."""
        event(LOG, logging.INFO, "stopping")
        self._stopping.set()
        began = self.clock.mono()
        if self.admin:
            self.admin.close_desk(max(self.config.shutdown_delay, _CANCEL_ENDS))
        threading.Event().wait(max(self.config.shutdown_delay - (self.clock.mono() - began), 0.0))
        self.scheduler.stop()
        self.let_go()
        self.server.stop(grace=2.0)
        event(LOG, logging.INFO, "stopped")

    def let_go(self) -> None:
        """End what reads the clusters or acts on them, started or not: all at once, within about two seconds."""
        _together([partial(member.stop, 1.0) for member in self._members] + ([self.admin.stop] if self.admin else []))

    def once(self) -> list[str]:
        """Look once, publish one page, and let go; what could not be read, as lines for people."""
        feeds = [feed for cluster in self.clusters for feed in cluster.feeds]
        _together([feed.once for feed in feeds])
        self._poll()
        for cluster in self.clusters:
            self._freeze(cluster)
        self.publisher.publish()
        for member in self._members:
            member.stop(timeout=0.0)
        return [f"{feed.name}: {feed.pulse.word} {feed.pulse.detail}" for feed in feeds if feed.pulse.word]

    def reload(self, config: Config, *, hurry: Callable[[], bool] = lambda: False) -> None:
        """Follow a new configuration, whole. Clusters that it does not change go on; what needs a restart is named.

        A changed cluster is started beside the old one, which is shown until the new one has looked once, or until
        `hurry` says that there is no time for that. Raises ConnectError, and then nothing has changed.
        """
        kept_values = {name: getattr(self.config, name) for name in _NEEDS_RESTART}
        needs = [name for name, value in kept_values.items() if getattr(config, name) != value]
        config = config.model_copy(update=kept_values)
        same_rules = (config.rules, config.limits) == (self.config.rules, self.config.limits)
        kept = {member.given: member for member in self._members} if same_rules else {}
        fresh = self._built([given for given in config.clusters if given not in kept], config)
        try:
            self._show(fresh, hurry)
        except BaseException:
            _together([partial(member.discard, 1.0) for member in fresh])
            raise
        by_given = {member.given: member for member in (*kept.values(), *fresh)}
        old, self._members = self._members, [by_given[given] for given in config.clusters]
        self.config = config
        self._follow(config)
        _together([partial(member.stop, 1.0) for member in old if member not in self._members])
        event(LOG, logging.INFO, "reloaded", clusters_replaced=len(fresh), needs_restart=",".join(needs) or None)

    def live(self) -> Sequence[Check]:
        """Local facts only: restarting this process mends nothing else."""
        late = [
            tick.name
            for tick in self.scheduler.ticks
            if self.scheduler.late(tick) > max(_TICK_LATE * tick.interval, _TICK_LATE_LEAST)
        ]
        stuck = [feed.name for cluster in self.clusters for feed in cluster.feeds if self._stuck(feed.pulse.busy_since)]
        return [
            Check(name="ticks", ok=not late, detail=f"late: {', '.join(late)}" if late else ""),
            Check(name="feeds", ok=not stuck, detail=f"stuck: {', '.join(stuck)}" if stuck else ""),
        ]

    def ready(self) -> Sequence[Check]:
        """True once every feed has finished a first attempt, or after 30 s; false again only when stopping."""
        waited = self.clock.mono() - self._started_at >= _READY_ANYWAY
        tried = waited or all(member.tried() for member in self._members)
        return [
            Check(name="first_look", ok=tried, detail="" if tried else "the first lists are under way"),
            Check(name="page", ok=self.publisher.view is not None),
            Check(name="running", ok=not self._stopping.is_set()),
        ]

    def _show(self, fresh: Sequence[Member], hurry: Callable[[], bool]) -> None:
        """Start members and wait until they have something to show."""
        for member in fresh:
            member.start()
        self._await_first_look(fresh, hurry)
        for member in fresh:
            self._freeze(member.cluster)

    def _built(self, clusters: Sequence[ClusterConfig], config: Config) -> list[Member]:
        """Members for clusters, none started: all of them, or an error and nothing left behind."""
        members: list[Member] = []
        try:
            for given in clusters:
                members.append(self._member(given, config))  # noqa: PERF401 - those before a failure are let go
        except BaseException:
            for member in members:
                member.discard(timeout=0.0)
            raise
        return members

    def _member(self, given: ClusterConfig, config: Config) -> Member:
        access = self._way(given, config)
        rules = config.rules.to_rules().scaled(self._speed)
        cluster = build_cluster(given, config, access=access, collectors=collectors.ALL, clock=self.clock, rules=rules)
        way = self.admin.way(cluster, self._way(given, config)) if self.admin else None
        return Member(given=given, cluster=cluster, access=access, way=way)

    def _follow(self, config: Config) -> None:
        prices = {pool: (p.price, p.currency) for pool, p in config.metrics.node_hourly_price.items()}
        self.publisher.follow(self.clusters, prices)
        if self.admin:
            self.admin.follow({member.given.name: member.way for member in self._members if member.way})

    def _admin_port(self) -> AdminPort:
        return AdminPort(
            self.config.admin,
            clock=self.clock,
            view=lambda: self.publisher.view,
            on_request=self._process.count_request,
            speed=self._speed,
        )

    def _plan(self) -> None:
        intervals = self.config.intervals
        for collector in collectors.ALL:
            self.scheduler.add(collector.name, intervals.tick, partial(self._tick, collector.name))
        self.scheduler.add("page", intervals.tick, self.publisher.tick, after=_PAGE_AFTER)
        self.scheduler.add("polls", intervals.poll, self._poll)

    def _tick(self, collector: str) -> None:
        for cluster in self.clusters:
            cluster.tick(collector, idle_after=self.config.intervals.render_idle)

    def _freeze(self, cluster: Cluster) -> None:
        for collector in collectors.ALL:
            cluster.tick(collector.name, idle_after=0.0)

    def _poll(self) -> None:
        """Each in a thread of its own: an API that hangs delays no other, and the tick by no more than one budget."""
        polls = [partial(cluster.poll, poller) for cluster in self.clusters for poller in cluster.pollers]
        _together(polls, within=self.config.limits.list_deadline)

    def _rejected(self, code: int) -> None:
        self._process.count_request("none", code)

    def _skipped(self, tick: str) -> None:
        event(LOG, logging.DEBUG, "tick_skipped", tick=tick)
        if tick != "polls":
            return
        for cluster in self.clusters:
            for poller in cluster.pollers:
                cluster.count_run(poller.collector, poller.name, "skipped")

    def _stuck(self, busy_since: float | None) -> bool:
        return (
            busy_since is not None and self.clock.mono() - busy_since > _PASS_STUCK * self.config.limits.list_deadline
        )

    def _await_first_look(self, members: Sequence[Member], hurry: Callable[[], bool]) -> None:
        ends = self.clock.mono() + _READY_ANYWAY
        while not all(member.tried() for member in members) and self.clock.mono() < ends and not hurry():
            self._stopping.wait(0.05)

    def _pages(self) -> Pages:
        return Pages(
            page=lambda: self.publisher.slot.current,
            view=lambda: self.publisher.view,
            live=self.live,
            ready=self.ready,
            on_request=self._process.count_request,
            now=self.clock.wall,
        )


def _together(calls: Sequence[Callable[[], object]], *, within: float | None = None) -> None:
    """Make all calls at once, and wait for them: for so many seconds in all, or until they end."""
    threads = [threading.Thread(target=call, name="call", daemon=True) for call in calls]
    for thread in threads:
        thread.start()
    ends = None if within is None else time.monotonic() + within
    for thread in threads:
        thread.join(None if ends is None else max(ends - time.monotonic(), 0.0))
