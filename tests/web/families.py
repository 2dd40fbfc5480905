"""Families for the tests of the exposition, and the same ones as prometheus-client's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.utils import floatToGoString

from exporter.metrics.family import Family, Histogram, Sample

UNITS = ("seconds", "bytes", "ratio")
NAMES = st.builds(
    "elb_{}{}".format, st.sampled_from("abcdef"), st.sampled_from(["", "_info", *("_" + u for u in UNITS)])
)
LABELS = st.lists(st.sampled_from(["state", "a", "b2", "k_m", "m", "zone"]), unique=True, max_size=4)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
COUNTS = st.integers(0, 10**9)


def family(**changes: object) -> Family:
    plain: dict[str, object] = {
        "number": 1,
        "name": "elb_things",
        "kind": "gauge",
        "labels": ("state",),
        "help": "Things.",
        "bound": 10,
    }
    return Family(**{**plain, **changes})


@st.composite
def pages(draw: st.DrawFn) -> list[Sample]:
    """Up to four valid families of every kind, each with samples, in any order of families."""
    names = draw(st.lists(NAMES, unique=True, max_size=4))
    samples: list[Sample] = []
    for name in names:
        samples += draw(one_family(name))
    return samples


@st.composite
def one_family(draw: st.DrawFn, name: str) -> list[Sample]:
    kind = draw(st.sampled_from(["gauge", "counter", "histogram"]))
    labels = tuple(draw(LABELS))
    bounds = tuple(sorted(draw(st.sets(st.floats(0, 1e9), min_size=1, max_size=5)))) if kind == "histogram" else ()
    full = name + "_total" if kind == "counter" else name
    made = family(name=full, kind=kind, labels=labels, help=draw(TEXT), bounds=bounds)
    rows = draw(st.sets(st.tuples(*[TEXT] * len(labels)), min_size=1, max_size=3))
    return [Sample(made, row, draw(values(kind, len(bounds)))) for row in sorted(rows)]


def values(kind: str, bounds: int) -> st.SearchStrategy[float | Histogram]:
    if kind == "gauge":
        return FINITE | st.integers(-(10**20), 10**20)
    if kind == "counter":
        return st.floats(0, 1e300) | COUNTS
    counts = st.lists(COUNTS, min_size=bounds + 1, max_size=bounds + 1)
    return st.builds(Histogram, counts, st.floats(0, 1e300))


class Theirs:
    """The samples as a collector of prometheus-client."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self.groups: dict[str, list[Sample]] = {}
        for sample in samples:
            self.groups.setdefault(sample.family.name, []).append(sample)

    def collect(self) -> Iterator[Metric]:
        for _, group in sorted(self.groups.items()):
            yield _metric(group)

    def registry(self) -> CollectorRegistry:
        registry = CollectorRegistry()
        registry.register(self)
        return registry


def _metric(group: list[Sample]) -> Metric:
    made = group[0].family
    unit = next((unit for unit in UNITS if made.name.removesuffix("_total").endswith("_" + unit)), "")
    types = {"gauge": GaugeMetricFamily, "counter": CounterMetricFamily, "histogram": HistogramMetricFamily}
    metric = types[made.kind](made.name, made.help, labels=made.labels, unit=unit)
    for _, row, value in group:
        if isinstance(value, Histogram):
            metric.add_metric(row, _buckets(made.bounds, value.counts), value.sum)
        else:
            metric.add_metric(row, value)
    return metric


def _buckets(bounds: Iterable[float], counts: Iterable[int]) -> list[tuple[str, int]]:
    seen, buckets = 0, []
    for bound, observed in zip([*bounds, float("inf")], counts, strict=True):
        seen += observed
        buckets.append((floatToGoString(bound), seen))
    return buckets
