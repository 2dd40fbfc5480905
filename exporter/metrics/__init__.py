"""What may be said, declared once as data, and how a View says it."""

from __future__ import annotations

from collections.abc import Mapping

from exporter.domain.snapshots import ClusterCancels, ClusterView, View
from exporter.metrics import arm, cancel, cluster, custom, fleet, own, searches
from exporter.metrics.catalogue import CATALOGUE, PER_CLUSTER, short
from exporter.metrics.emit import counted
from exporter.metrics.family import Family, Sample, Samples

__all__ = ["CATALOGUE", "samples"]

_FROM_THE_TALLY = (cancel.CANCELS, cancel.DELETED, cancel.DURATION, *cancel.PROCESS_FAMILIES)
_OF_THEIR_OWN = (searches.NODE_SECONDS, *own.PROCESS_FAMILIES, *_FROM_THE_TALLY)
_COUNTED: Mapping[str, Family] = {
    short(family): family for family in CATALOGUE if family.kind != "gauge" and family not in _OF_THEIR_OWN
}


def samples(view: View) -> Samples:
    """Every sample of the page, in no order of families. Unknown is absent: no sample for what is None.

    Once any cluster has a name, the families of clusters carry `cluster` as their first label.
    """
    named = any(one.name for one in view.clusters)
    for one in view.clusters:
        for sample in _of_cluster(one, view):
            if named:
                sample = Sample(PER_CLUSTER[sample.family.name], (one.name, *sample.labels), sample.value)
            yield sample
    yield from own.process_samples(view.process)
    if view.cancels is not None:
        yield from cancel.process_samples(view.cancels)


def _of_cluster(one: ClusterView, view: View) -> Samples:
    yield from searches.samples(one)
    yield from fleet.samples(one)
    yield from cluster.samples(one, view.prices)
    yield from custom.samples(one)
    yield from arm.samples(one)
    yield from own.samples(one)
    yield from counted(one.counts, _COUNTED)
    if view.cancels is not None:
        yield from cancel.samples(view.cancels.clusters.get(one.name, ClusterCancels()))
