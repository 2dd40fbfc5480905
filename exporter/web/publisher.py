"""From snapshots to the page: one generation at a time, replaced by one assignment."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from exporter.adapters.clock import Clock
from exporter.domain.snapshots import CancelCounts, View
from exporter.logs import Transitions, event
from exporter.metrics import samples
from exporter.runtime.cluster import Cluster
from exporter.runtime.process import Process
from exporter.web.page import Page, PageSlot

LOG = logging.getLogger("exporter.publisher")


class Publisher:
    """Makes the next generation when a snapshot is new, or when the present one has been served for `idle_after` s.

    `cancels` tells of cancels so far, None while nobody can cancel.
    """

    def __init__(
        self,
        *,
        process: Process,
        clock: Clock,
        idle_after: float,
        cancels: Callable[[], CancelCounts | None] = lambda: None,
    ) -> None:
        self.slot = PageSlot()
        self.view: View | None = None
        self._clusters: Sequence[Cluster] = ()
        self._prices: Mapping[str, tuple[float, str]] = {}
        self._process = process
        self._clock = clock
        self._cancels = cancels
        self._idle_after = idle_after
        self._made_at = float("-inf")
        self._made_of: tuple[tuple[int, int], ...] = ()
        self._number = 0
        self._transitions = Transitions(clock.mono)

    def follow(self, clusters: Sequence[Cluster], prices: Mapping[str, tuple[float, str]]) -> None:
        """From the next page on, speak of these clusters; prices are per node and hour, by pool, with a currency."""
        self._clusters, self._prices = clusters, prices

    def tick(self) -> None:
        """Publish if there is anything new to say."""
        generations = tuple((id(cluster), cluster.generation) for cluster in self._clusters)
        if generations != self._made_of or self._clock.mono() - self._made_at >= self._idle_after:
            self._made_of = generations
            self.publish()

    def publish(self) -> None:
        """Freeze a view, render what scrapers asked for last time, and put it in the slot."""
        view = View(
            at=self._clock.wall(),
            clusters=tuple(cluster.view() for cluster in self._clusters),
            process=self._process.view(),
            prices=self._prices,
            cancels=self._cancels(),
        )
        self._number += 1
        page = Page(self._number, partial(samples, view), on_errors=self._report)
        page.warm_like(self.slot.current)
        self.view, self.slot.current = view, page
        self._made_at = self._clock.mono()

    def _report(self, errors: Mapping[str, str]) -> None:
        for family, why in errors.items():
            fields = self._transitions.note(family, "left_out", reason=why)
            if fields is not None:
                event(LOG, logging.ERROR, "family_left_out", **fields)
