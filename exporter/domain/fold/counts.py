"""Counters and histograms of one cluster: born at 0, and only ever rising."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence

from exporter.domain.snapshots import CountsSnapshot, Tally

Key = tuple[str, tuple[str, ...]]


class Counts:
    """Sums and observations by (family name without prefix, label values).

    Not safe for several threads: its owner's lock guards it.
    """

    __slots__ = ("_tallies", "_totals")

    def __init__(self, born: Iterable[Key] = (), tallies: Mapping[Key, Tally] | None = None) -> None:
        self._totals: dict[Key, float] = dict.fromkeys(born, 0.0)
        self._tallies = {key: (list(tally.counts), [tally.sum]) for key, tally in (tallies or {}).items()}

    def bear(self, keys: Iterable[Key]) -> None:
        """Make counters exist at 0; those that exist stay."""
        for key in keys:
            self._totals.setdefault(key, 0.0)

    def add(self, name: str, labels: tuple[str, ...], by: float = 1.0) -> None:
        key = (name, labels)
        self._totals[key] = self._totals.get(key, 0.0) + by

    def replaced(self, label: str) -> None:
        """A text became `other` to be a value of this label."""
        self.add("exporter_label_values_replaced_total", (label,))

    def observe(self, name: str, labels: tuple[str, ...], value: float, bounds: Sequence[float]) -> None:
        counts, total = self._tallies.setdefault((name, labels), ([0] * (len(bounds) + 1), [0.0]))
        counts[bisect_left(bounds, value)] += 1
        total[0] += value

    def freeze(self) -> CountsSnapshot:
        return CountsSnapshot(
            totals=dict(self._totals),
            tallies={key: Tally(tuple(counts), total[0]) for key, (counts, total) in self._tallies.items()},
        )
