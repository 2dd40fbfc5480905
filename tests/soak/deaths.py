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

from tests.lives.sight import check_page
from tests.lives.world import World
from tests.soak.balance import Outage, balance
from tests.soak.checks import RECOVERY, Holds, check_words, fresh_since, lists_since, words_since
from tests.soak.injector import Injector
from tests.soak.plan import Round
from tests.soak.pulse import Pulse
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
_EXPIRE = 24
_SETTINGS = {
    "limits.bookmark_silence": "12s",
    "limits.expire": f"{_EXPIRE}s",
    "limits.searches": "300",
    "rules.shown_for": "3m",
}
_KEPT = 1000  # a batch with a shorter TTL may go while a quiet point is looked at


class Soak:
    """Enter it, `play` rounds and `relist` in any order, then `finish`. Each ends at a quiet point.

    The survivor reads through a proxy and is never killed; the mortal reads directly. Anything wrong is an
    AssertionError; a daemon that does not become fresh in time is a TimeoutError.
    """

    def __init__(self, folder: Path, *, seed: int, say: Callable[[str], None]) -> None:
        self.report = Report()
        self._say = say
        self._folder = folder
        self._seed = seed
        self._outages: list[Outage] = []
        self._closers: list[Callable[[], object]] = []
        self._holds = Holds(expire=_EXPIRE)

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
        self._plane = ControlPlane(audit=True)
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
        pulse = Pulse(self._plane.client(timeout=3.0), _NAMESPACE, nodes[0])
        self._witness = Witness(self._plane.client(timeout=10.0), _NAMESPACE)
        self._workload = Workload(self._plane.client(timeout=3.0), _NAMESPACE, pulse.beat, self._seed)
        for part in (self._survivor, self._mortal, self._witness, self._workload):
            self._closers.append(part.close)
            part.start()

    def _daemon(self, name: str, url: str) -> Daemon:
        path = self._folder / f"{name}.kubeconfig"
        write_kubeconfig(path, url=url, ca_pem=self._plane.ca_pem, token=self._plane.token, namespace=_NAMESPACE)
        return Daemon(path, namespaces=[_NAMESPACE], log=self._folder / f"{name}.log", settings=_SETTINGS)

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

    def relist(self, scrapes: int) -> None:
        """Until it was scraped so often the survivor comes back to an API server that has forgotten its versions."""
        scraper = Scraper(self._survivor.url)
        scraper.start()
        while scraper.alive and scraper.count < scrapes:
            before, start = self._survivor.page(), time.monotonic()
            self._proxy.swallow = True
            self._watch_until(start + 1.5)  # something of every kind changes meanwhile
            self._plane.apiserver.kill()
            self._plane.apiserver.start()
            self._plane.wait_ready()
            self._proxy.latency, self._proxy.swallow = 0.01, False
            self._proxy.cut()
            self._recover()
            self._proxy.latency = 0.0
            words = self._note_outage(start, before)
            assert lists_since(before, self._survivor.page()) == (True, True), f"nothing was listed anew: {words}"
            self.report.relists += 1
            self.report.gone += words["gone"]
            self._say(f"  fresh after {self.report.recoveries[-1]:.1f} s; {scraper.count} scrapes")
        self.report.scrapes += scraper.stop()
        self._compare()

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
            daemon.wait(fresh, RECOVERY - (time.monotonic() - healed), "everything to be fresh again")
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
        self._witness.catch_up()
        whole = self._whole_searches()
        for daemon in (self._survivor, self._mortal):
            check_page(daemon, self._world, *whole, timeout=30.0)
            self.report.series += len(recount(self._plane.api, _NAMESPACE)) + 6 * len(whole)
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

    def _whole_searches(self) -> list[str]:
        """Searches with a live Job whose batches are all still there and will stay."""
        with self._witness.still():
            jobs = [job for job in self._witness.jobs.values() if job.search]
        there = {job.search for job in jobs if not job.result and job.gone == float("inf")}
        going = (job for job in jobs if job.leaving or job.gone < float("inf") or (job.ttl or _KEPT) < _KEPT)
        broken = {job.search for job in going}
        return sorted(there - broken)


def _made_a_job(event: dict[str, Any]) -> bool:
    reference = event.get("objectRef", {})
    answered = event.get("responseStatus", {}).get("code") == 201
    ours = reference.get("namespace") == _NAMESPACE and reference.get("resource") == "jobs"
    return bool(ours and event["verb"] == "create" and answered)
