"""The real daemon as a child process, and its metrics page as a mapping that is checked at every read."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import urllib3
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from tests.support.controlplane_files import free_port
from tests.support.process import Process

Series = tuple[str, frozenset[tuple[str, str]]]
Page = dict[Series, float]
PREFIX = "elasticblast_"
_OPENMETRICS = "application/openmetrics-text; version=1.0.0"
_RISING = ("_total", "_bucket", "_count", "_sum")
_MAY_GO = (f"{PREFIX}search_node_seconds_total",)
_FAST = {
    "listen.address": "127.0.0.1",
    "intervals.tick": "0.1s",
    "intervals.render_idle": "0.2s",
    "intervals.fallback_poll": "5s",
    "intervals.poll": "5s",
    "shutdown_delay": "0s",
    "log.level": "debug",
}


class Daemon:
    """`exporter run` on a port of its own, as a context manager; `settings` are keys of the configuration.

    Every `page()` checks what must hold of any page: no series twice, and no counter that falls or goes away while
    the process lives. Then it calls what is in `on_page`.
    """

    def __init__(
        self,
        kubeconfig: Path,
        *,
        namespaces: Sequence[str],
        log: Path,
        settings: Mapping[str, object] | None = None,
    ) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.process = Process(argv=_command(kubeconfig, port, namespaces, _FAST | dict(settings or {})), log=log)
        self.on_page: list[Callable[[Page], object]] = []
        self._http = urllib3.PoolManager(retries=False, timeout=10.0)
        self._before: Page = {}

    def start(self) -> None:
        """Start, and wait until `/readyz` says ok. Raises `TimeoutError` with the end of the log."""
        self._before = {}
        self.process.start()
        deadline = time.monotonic() + 40.0
        while not self.ready():
            if not self.process.alive or time.monotonic() >= deadline:
                raise TimeoutError(f"the daemon is not ready:\n{self.process.tail(40)}")
            time.sleep(0.05)

    def restart(self) -> None:
        """Kill it without notice and start it again: its counters begin anew."""
        self.process.kill()
        self.start()

    def close(self) -> None:
        self.process.kill()
        self._http.clear()

    def __enter__(self) -> Daemon:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ready(self) -> bool:
        try:
            return self._http.request("GET", f"{self.url}/readyz").status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def page(self) -> Page:
        """Every series of the page with its value."""
        page = read_families(parse_text(self._get("text/plain")))
        check_rise(self._before, page)
        self._before = page
        for look in self.on_page:
            look(page)
        return page

    def status_page(self) -> str:
        """The HTML for people."""
        return self._get("text/html", "/?refresh=0")

    def agreed_page(self) -> Page:
        """A page that both formats say alike."""
        for _ in range(50):
            before, other, after = self._get("text/plain"), self._get(_OPENMETRICS), self._get("text/plain")
            if before == after:
                text, om = read_families(parse_text(before)), read_families(parse_openmetrics(other))
                assert text == om, f"the formats differ: {dict(text.items() ^ om.items())}"
                return self.page()
        raise AssertionError("no two pages were of one generation")

    def wait(self, predicate: Callable[[Page], Any], timeout: float = 15.0, what: str = "") -> Page:
        """The first page for which `predicate` is true. Raises `TimeoutError`, or what `page()` finds wrong."""
        deadline = time.monotonic() + timeout
        while not predicate(page := self.page()):
            if time.monotonic() >= deadline:
                raise TimeoutError(f"not within {timeout:g} s: {what or predicate}\n{self.process.tail(15)}")
            time.sleep(0.05)
        return page

    def value(self, name: str, **labels: str) -> float | None:
        """The value of one series now, None if it is absent; `name` is without the prefix."""
        return value(self.page(), name, **labels)

    def _get(self, accept: str, path: str = "/metrics") -> str:
        answer = self._http.request("GET", f"{self.url}{path}", headers={"Accept": accept})
        assert answer.status == 200, f"the daemon answered {answer.status}"
        return answer.data.decode()


def value(page: Page, name: str, **labels: str) -> float | None:
    """One series of a page; `name` is without the prefix."""
    return page.get((PREFIX + name, frozenset(labels.items())))


def family(page: Page, name: str, **labels: str) -> dict[tuple[str, ...], float]:
    """The series of one name that carry `labels`, by the values of their other labels in the order of label names."""
    chosen = labels.items()
    return {
        tuple(text for key, text in sorted(pairs) if key not in labels): number
        for (series, pairs), number in page.items()
        if series == PREFIX + name and chosen <= dict(pairs).items()
    }


def moved(page: Page, name: str, **labels: str) -> dict[tuple[str, ...], float]:
    """As `family`, without the zeros."""
    return {key: number for key, number in family(page, name, **labels).items() if number}


def check_rise(before: Page, after: Page) -> None:
    """No counter, bucket, count or sum of `before` is smaller or missing in `after`."""
    for series, old in before.items():
        name = series[0]
        if name.endswith(_RISING) and name not in _MAY_GO:
            assert after.get(series, float("-inf")) >= old, f"{series} fell from {old} to {after.get(series)}"


def read_families(families: Iterable[Any]) -> Page:
    """Samples by name and labels; no series may be there twice."""
    page: Page = {}
    for found in families:
        for sample in found.samples:
            series = (sample.name, frozenset(sample.labels.items()))
            assert series not in page, f"{series} is there twice"
            page[series] = sample.value
    return page


def _command(
    kubeconfig: Path, port: int, namespaces: Sequence[str], settings: Mapping[str, object]
) -> list[str | Path]:
    argv: list[str | Path] = [sys.executable, "-m", "exporter", "run", "--kubeconfig", kubeconfig, "--port", str(port)]
    for namespace in namespaces:
        argv += ["--namespace", namespace]
    for key, text in settings.items():
        argv += ["--set", f"{key}={text}"]
    return argv
