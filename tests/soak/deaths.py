"""The engine: a control plane, two daemons, a workload and a witness, and the deaths that befall them.

At every quiet point (all pieces up, the workload paused, both daemons fresh) the page of each daemon equals a recount
from the JSON of the API server, and the survivor's counters and tallies equal what the witness saw; what is demanded of
them, and what is exempt, is told in `balance`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.lives.world import World
from tests.soak.balance import Outage, balance
from tests.soak.checks import WATCHED, Holds, Pace, check_words, fresh_since, gone_since, lists_since, words_since
from tests.soak.injector import Injector
from tests.soak.oblivion import UNCACHED, compact
from tests.soak.plan import Round
from tests.soak.pulse import Pulse
from tests.soak.quiet import compare_pages
from tests.soak.report import Report
from tests.soak.scrapes import Scraper
from tests.soak.witness import Witness
from tests.soak.workload import Workload
from tests.support.controlplane import ControlPlane
from tests.support.controlplane_files import write_kubeconfig
from tests.support.daemon import Daemon, Page
from tests.support.kubeapi import expect
from tests.support.proxy import Proxy
from tests.support.recount import recount

_NAMESPACE = "soak"
_LISTS_APART = 31.0  # seconds; a feed that meets 410 lists at once if its last list is older than the back-off cap
_TRIES = 3
_CALM = 2.0  # seconds for which every watch has gone on before it is cut
_STEADY = Pace()
_LATENCY = 0.02  # seconds by which each piece of a forced list is delayed


class Soak:
    """Enter it, `play` rounds and `relist` in any order, then `finish`. Each ends at a quiet point.

    The survivor reads through a proxy and is never killed; the mortal reads directly. Anything wrong is an
    AssertionError; a daemon that does not become fresh in time is a TimeoutError. With `cached` false the API server
    has no watch cache from the start.
    """

    def __init__(
        self, folder: Path, *, seed: int, say: Callable[[str], None], pace: Pace = _STEADY, cached: bool = True
    ) -> None:
        self.report = Report()
        self._pace = pace
        self._cached = cached
        self._say = say
        self._folder = folder
        self._seed = seed
        self._outages: list[Outage] = []
        self._closers: list[Callable[[], object]] = []
        self._holds = Holds(pace)

    def __enter__(self) -> Soak:
        try:
            self._enter()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for close in reversed(self._closers):
            close()

    def _enter(self) -> None:
        self._plane = ControlPlane(audit=True, apiserver_args=[] if self._cached else [UNCACHED])
        self._closers.append(self._plane.close)
        self._plane.start()
        expect(self._plane.api.post("/api/v1/namespaces", {"metadata": {"name": _NAMESPACE}}))
        self._world = World(self._plane, _NAMESPACE, self._folder)
        nodes = [self._world.node(ordinal, cpu="400", memory="4000Gi") for ordinal in (0, 1)]
        self._proxy = Proxy(urlsplit(self._plane.url).port or 443)
        self._closers.append(self._proxy.close)
        self._survivor = self._daemon("survivor", f"https://127.0.0.1:{self._proxy.port}")
        self._survivor.on_page.append(self._holds.look)
        self._mortal = self._daemon("mortal", self._plane.url)
        self._injector = Injector(self._plane, self._proxy, survivor=self._survivor, mortal=self._mortal)
        self._pulse = Pulse(self._plane.client(timeout=3.0), _NAMESPACE, nodes[0])
        self._witness = Witness(self._plane.client(timeout=10.0), _NAMESPACE)
        self._workload = Workload(self._plane.client(timeout=3.0), _NAMESPACE, self._pulse.beat, self._seed)
        for part in (self._survivor, self._mortal, self._witness, self._workload):
            self._closers.append(part.close)
            part.start()

    def _daemon(self, name: str, url: str) -> Daemon:
        path = self._folder / f"{name}.kubeconfig"
        write_kubeconfig(path, url=url, ca_pem=self._plane.ca_pem, token=self._plane.token, namespace=_NAMESPACE)
        return Daemon(path, namespaces=[_NAMESPACE], log=self._folder / f"{name}.log", settings=self._settings())

    def _settings(self) -> dict[str, object]:
        return {
            "limits.bookmark_silence": f"{self._pace.silence}s",
            "limits.expire": f"{self._pace.expire}s",
            "limits.searches": "300",
            "rules.shown_for": "3m",
        }

    def play(self, round_: Round) -> None:
        """Calm, the deaths of the round, healing, a quiet point."""
        self._say(str(round_))
        self._watch_until(time.monotonic() + round_.calm)
        before, start = self._survivor.page(), time.monotonic()
        self._injector.strike(round_.deaths, self._watch_until)
        self._recover()
        words = self._note_outage(start, before)
        self._say(f"  fresh after {self.report.recoveries[-1]:.1f} s; the survivor met {dict(words)}")
        for death in round_.deaths:
            self.report.deaths[death.kind] += 1
        check_words(round_.deaths, words)
        self._compare()

    def relist(self, *, rounds: int, scrapes: int) -> None:
        """Make the API server forget what the survivor knows, so often, while it is scraped so often in all."""
        if self._cached:
            self._do_without_cache()
        scraper = Scraper(self._survivor.url)
        scraper.start()
        for number in range(1, rounds + 1):
            self._watch_until(time.monotonic() + (_CALM if number == 1 else _LISTS_APART))
            self._force_lists()
            scraper.await_count(scrapes * number // rounds)
            self._say(f"  fresh after {self.report.recoveries[-1]:.1f} s; {scraper.count} scrapes")
        self.report.scrapes += scraper.stop()
        self._compare()

    def _do_without_cache(self) -> None:
        before, start = self._survivor.page(), time.monotonic()
        self._plane.apiserver.kill()
        self._plane.apiserver.start(UNCACHED)
        self._recover()
        self._note_outage(start, before)
        self._cached = False

    def _force_lists(self) -> None:
        """Until every watch has met 410 at once. One that was cut within a line is listed anew without asking."""
        for _ in range(_TRIES):
            words, refused = self._forget()
            if refused >= WATCHED:
                self.report.relists += 1
                self.report.gone += words["gone"]
                return
            assert words["garbled"], f"only the watches of {refused} met 410: {words}"
            self._watch_until(time.monotonic() + _LISTS_APART)
        raise AssertionError(f"a line was cut {_TRIES} times")

    def _forget(self) -> tuple[Counter[str], frozenset[str]]:
        """While the survivor hears nothing something of every kind changes, and etcd is compacted after that. What
        the survivor met when it came back, and the resources whose watches met 410."""
        before, start = self._survivor.page(), time.monotonic()
        self._proxy.swallow = True
        self._pulse.change()
        self._pulse.change()
        compact(self._plane.etcd_url)
        self._proxy.latency, self._proxy.swallow = _LATENCY, False
        self._proxy.cut()
        self._recover()
        self._proxy.latency = 0.0
        words, page = self._note_outage(start, before), self._survivor.page()
        assert lists_since(before, page) == (True, True), f"nothing was listed anew: {words}"
        return words, gone_since(before, page)

    def finish(self) -> Report:
        """The audit log says that the witness missed no Job: every one that was made, it knows."""
        self._workload.pause()
        self._witness.catch_up()
        self._workload.close()
        made = {event["objectRef"]["name"] for event in self._plane.audited() if _made_a_job(event)}
        known = {job.name for job in self._witness.jobs.values()}
        assert made <= known, f"the witness missed {made - known}"
        return self.report

    def _watch_until(self, moment: float) -> None:
        """Look at the survivor's pages until then, and at least once if it can be asked."""
        while not self._injector.frozen:
            self._survivor.page()
            if time.monotonic() >= moment:
                return
            time.sleep(0.1)
        time.sleep(max(moment - time.monotonic(), 0.0))

    def _recover(self) -> None:
        self._injector.heal()
        healed, fresh = time.monotonic(), fresh_since(time.time())
        for daemon in (self._survivor, self._mortal):
            daemon.wait(fresh, self._pace.recovery - (time.monotonic() - healed), "everything to be fresh again")
        self.report.recoveries.append(time.monotonic() - healed)
        self._witness.catch_up()

    def _note_outage(self, start: float, before: Page) -> Counter[str]:
        """What the survivor met since `start`, when its page was `before`."""
        page = self._survivor.page()
        jobs, pods = lists_since(before, page)
        self._outages.append(Outage(start=start, end=time.monotonic(), jobs_listed=jobs, pods_listed=pods))
        return words_since(before, page)

    def _compare(self) -> None:
        """The quiet point."""
        self._watch_until(time.monotonic() + 1.0)
        self._workload.pause()
        daemons = (self._survivor, self._mortal)
        whole = compare_pages(daemons, self._world, self._witness, self._outages, timeout=30.0)
        self.report.series += len(daemons) * (len(recount(self._plane.api, _NAMESPACE)) + 6 * len(whole))
        self._check_balance()
        self.report.quiet_points += 1
        self.report.searches, self.report.expired = self._workload.searches, self._holds.expired
        self._workload.go_on()

    def _check_balance(self) -> None:
        """Wait until it agrees: a failure that nobody saw is counted with a delay."""
        deadline = time.monotonic() + 15.0
        while True:
            self.report.balance = balance(self._survivor.page(), self._witness, self._outages)
            if not self.report.balance.wrong:
                return
            if time.monotonic() >= deadline:
                raise AssertionError("\n".join(self.report.balance.wrong))
            time.sleep(0.2)


def _made_a_job(event: dict[str, Any]) -> bool:
    reference = event.get("objectRef", {})
    answered = event.get("responseStatus", {}).get("code") == 201
    ours = reference.get("namespace") == _NAMESPACE and reference.get("resource") == "jobs"
    return bool(ours and event["verb"] == "create" and answered)
