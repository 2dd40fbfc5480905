"""The daemon: what is started, in which order it stops, and what a reload replaces."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from functools import partial

from exporter import collectors
from exporter.adapters.clock import Clock, SystemClock
from exporter.config import Config
from exporter.domain.azure.armid import ArmId
from exporter.domain.azure.gate import UNANSWERED
from exporter.domain.failures import Word
from exporter.logs import Transitions, event
from exporter.members import Maker, Member, together
from exporter.runtime.cluster import Cluster
from exporter.runtime.crew import Chore, Crew
from exporter.runtime.feed import Feed
from exporter.runtime.poller import Poller
from exporter.runtime.process import Process
from exporter.runtime.scheduler import Scheduler
from exporter.web.app import Check, Pages, build_app
from exporter.web.publisher import Publisher
from exporter.web.server import HttpServer
from exporter.wiring import Reach, http_settings
from exporter.wiring_admin import AdminPort
from exporter.wiring_fleet import fleet

LOG = logging.getLogger("exporter.app")
_READY_ANYWAY = 30.0
_TICK_LATE = 3.0
_TICK_LATE_LEAST = 60.0
_PASS_STUCK = 5.0
_GATE_EVERY = 5.0
_SHARED = ("rules", "limits", "azure")  # what a change of concerns every cluster
_NEEDS_RESTART = ("listen", "admin", "intervals")
_CANCEL_ENDS = 4.0
_PAGE_AFTER = 0.05  # seconds; the snapshots of the same turn are then on the page, not on the next one


class App:
    """Built whole before anything starts. `speed` makes the rules fit a world that lives faster (the demo)."""

    def __init__(
        self, config: Config, *, clock: Clock | None = None, way: Reach | None = None, speed: float = 1.0
    ) -> None:
        """Raises ConnectError if a cluster's configuration cannot be used, TokensError if the tokens file cannot."""
        self.config = config
        self.clock = clock or SystemClock()
        self._process = Process()
        self.admin = self._admin_port(speed) if config.admin.enabled else None
        self._maker = Maker(clock=self.clock, way=way, speed=speed, admin=self.admin)
        self._found: frozenset[ArmId] = frozenset()
        self._searched = not config.discovery.subscriptions
        self._changing = threading.Lock()
        self._members = self._maker.built(fleet(config, self._found), config)
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
        self._transitions = Transitions(self.clock.mono)
        self._crew = Crew()
        self._plan()

    @property
    def clusters(self) -> list[Cluster]:
        return [member.cluster for member in self._members]

    def start(self) -> None:
        """Listen, then look. Raises ListenError or TlsError; an API that cannot be reached is no error."""
        self._started_at = self.clock.mono()
        for cluster in self.clusters:
            self._freeze(cluster)  # the first page says of every collector that it never was
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
        together([partial(member.stop, 1.0) for member in self._members] + ([self.admin.stop] if self.admin else []))

    def once(self) -> list[str]:
        """Look once, publish one page, and let go; what could not be read, as lines for people."""
        missed = self._join_now()
        feeds = [feed for cluster in self.clusters for feed in cluster.feeds]
        together([feed.once for feed in feeds])
        pollers = [(cluster, poller) for cluster in self.clusters for poller in cluster.pollers]
        self._ask(pollers)
        for cluster in self.clusters:
            self._freeze(cluster)
        self.publisher.publish()
        for member in self._members:
            member.stop(timeout=0.0)
        sources: list[Feed | Poller] = [*feeds, *(poller for _, poller in pollers)]
        failing = [one for one in sources if one.pulse.word and not (one.pulse.silent or _not_there(one))]
        return missed + [f"{one.name}: {one.pulse.word} {one.pulse.detail}" for one in failing]

    def _join_now(self) -> list[str]:
        """Make members of those that are found now, not started; what went wrong in looking for them."""
        if not self.config.discovery.subscriptions:
            return []
        found = self._maker.found(self.config, self._found)
        self._found = found.clusters
        self._members, _ = self._draft(self.config, self._found)
        self._follow(self.config)
        return [f"discovery: {failure.word} {failure.detail}" for failure in found.failures]

    def reload(self, config: Config, *, hurry: Callable[[], bool] = lambda: False) -> None:
        """Follow a new configuration, whole. Clusters that it does not change go on; what needs a restart is named.

        A changed cluster is started beside the old one, which is shown until the new one has looked once, or until
        `hurry` says that there is no time for that. Raises ConnectError, and then nothing has changed.
        """
        with self._changing:
            searched = config.discovery != self.config.discovery
            self._change(config, self._found if config.discovery.subscriptions else frozenset(), hurry)
        if searched:
            threading.Thread(target=self._discover, name="discover", daemon=True).start()

    def _change(self, config: Config, found: frozenset[ArmId], hurry: Callable[[], bool]) -> None:
        kept_values = {name: getattr(self.config, name) for name in _NEEDS_RESTART}
        needs = [name for name, value in kept_values.items() if getattr(config, name) != value]
        config = config.model_copy(update=kept_values)
        members, fresh = self._draft(config, found)
        try:
            self._show(fresh, hurry)
        except BaseException:
            together([partial(member.discard, 1.0) for member in fresh])
            raise
        old, self._members = self._members, members
        self.config, self._found = config, found
        self._follow(config)
        first = [(member.cluster, poller) for member in fresh for poller in member.cluster.pollers if poller.due()]
        threading.Thread(target=self._ask, args=(first,), name="first-polls", daemon=True).start()
        together([partial(member.stop, 1.0) for member in old if member not in self._members])
        event(LOG, logging.INFO, "reloaded", clusters_replaced=len(fresh), needs_restart=",".join(needs) or None)

    def _draft(self, config: Config, found: frozenset[ArmId]) -> tuple[list[Member], list[Member]]:
        """The members as they are to be, and which of them are new, not started: those that nothing has changed stay.
        Raises ConnectError."""
        wanted = fleet(config, found)
        same = all(getattr(config, name) == getattr(self.config, name) for name in _SHARED)
        kept = {member.given: member for member in self._members} if same else {}
        fresh = self._maker.built([given for given in wanted if given not in kept], config)
        by_given = kept | {member.given: member for member in fresh}
        return [by_given[given] for given in wanted], fresh

    def _discover(self) -> None:
        """Look who is in the fleet: who is new joins, who has left is let go, and all others go on."""
        config = self.config
        if not config.discovery.subscriptions:
            return
        found = self._maker.found(config, self._found)
        words = sorted({str(failure.word) for failure in found.failures})
        fields = self._transitions.note("discovery", ",".join(words) or "ok")
        if fields is not None:
            event(LOG, logging.WARNING if words else logging.INFO, "discovery", **fields)
        with self._changing:
            wanted = config.discovery == self.config.discovery  # else a reload came between
            if wanted and found.clusters != self._found and not self._stopping.is_set():
                self._change(self.config, found.clusters, self._stopping.is_set)
        self._searched = True

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
        tried = waited or (self._searched and all(member.tried() for member in self._members))
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

    def _follow(self, config: Config) -> None:
        prices = {pool: (p.price, p.currency) for pool, p in config.metrics.node_hourly_price.items()}
        self.publisher.follow(self.clusters, prices)
        if self.admin:
            self.admin.follow({member.given.name: member.way for member in self._members if member.way})

    def _admin_port(self, speed: float) -> AdminPort:
        return AdminPort(
            self.config.admin,
            clock=self.clock,
            view=lambda: self.publisher.view,
            on_request=self._process.count_request,
            speed=speed,
        )

    def _plan(self) -> None:
        intervals = self.config.intervals
        for collector in collectors.ALL:
            self.scheduler.add(collector.name, intervals.tick, partial(self._tick, collector.name))
        self.scheduler.add("page", intervals.tick, self.publisher.tick, after=_PAGE_AFTER)
        self.scheduler.add("gate", _GATE_EVERY, self._mind_gates)
        self.scheduler.add("discovery", intervals.discovery, self._discover)
        self.scheduler.add("polls", min(intervals.poll, intervals.arm), self._poll)

    def _tick(self, collector: str) -> None:
        for cluster in self.clusters:
            cluster.tick(collector, idle_after=self.config.intervals.render_idle)

    def _freeze(self, cluster: Cluster) -> None:
        for collector in collectors.ALL:
            cluster.tick(collector.name, idle_after=0.0)

    def _mind_gates(self) -> None:
        keepers = [member.keeper for member in self._members if member.keeper]
        together([keeper.look for keeper in keepers if keeper.needed()], within=_GATE_EVERY)

    def _poll(self) -> None:
        """An API that hangs has its share of the threads, and delays the tick by no more than one budget."""
        self._ask(self._due())

    def _due(self) -> list[tuple[Cluster, Poller]]:
        return [(cluster, poller) for cluster in self.clusters for poller in cluster.pollers if poller.due()]

    def _ask(self, pollers: Sequence[tuple[Cluster, Poller]]) -> None:
        chores = {
            Chore(
                whom=(cluster.settings.name, poller.collector),
                call=partial(cluster.poll, poller),
                doubtful=poller.pulse.word in UNANSWERED,
            ): (cluster, poller)
            for cluster, poller in pollers
        }
        for left in self._crew.do(chores, within=self.config.limits.list_deadline):
            _skip(*chores[left])

    def _rejected(self, code: int) -> None:
        self._process.count_request("none", code)

    def _skipped(self, tick: str) -> None:
        event(LOG, logging.DEBUG, "tick_skipped", tick=tick)
        if tick != "polls":
            return
        for cluster, poller in self._due():
            _skip(cluster, poller)

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


def _skip(cluster: Cluster, poller: Poller) -> None:
    if not poller.pulse.silent:
        cluster.count_run(poller.collector, poller.name, "skipped")


def _not_there(source: Feed | Poller) -> bool:
    """Whether it is something that a cluster need not have, and has not."""
    return isinstance(source, Poller) and source.pulse.word is Word.ABSENT
