"""Of any View: the samples obey the catalogue, agree with the snapshot, and stay within the bounds."""

from __future__ import annotations

from collections import Counter, defaultdict

from hypothesis import HealthCheck, given, settings
from hypothesis import Phase as Step

from exporter.domain.phase import Phase
from exporter.domain.snapshots import View
from exporter.metrics import CATALOGUE, cancel, samples
from exporter.metrics.catalogue import PER_CLUSTER, bound
from exporter.metrics.family import Histogram, Sample
from tests.support.fullview import full_view
from tests.support.views import FOREIGN, views

DECLARED = {family.name: family for family in CATALOGUE}
ONE_HOT = ("search_phase", "persistentvolumeclaim_phase", "exporter_collector_state")
OURS = (cancel.STAGE, cancel.START)  # they tell what we do, not what was read

of_any_view = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[step for step in Step if step is not Step.explain],  # on Python 3.11 it takes longer than the time limit
)


def _series(sample: Sample) -> int:
    return len(sample.family.bounds) + 3 if sample.family.kind == "histogram" else 1


def _named(view: View) -> bool:
    return any(cluster.name for cluster in view.clusters)


@of_any_view
@given(views())
def test_every_sample_is_of_the_catalogue_and_no_label_set_comes_twice(view: View) -> None:
    """E2."""
    named = _named(view)
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for family, labels, value in samples(view):
        declared = PER_CLUSTER.get(family.name) if named else None
        assert family == (declared or DECLARED[family.name])
        assert len(labels) == len(family.labels)
        assert isinstance(value, Histogram) == (family.kind == "histogram")
        assert (family.name, labels) not in seen
        seen.add((family.name, labels))


@of_any_view
@given(views())
def test_no_value_is_outside_its_closed_vocabulary(view: View) -> None:
    for family, labels, _ in samples(view):
        words = family.values or {}
        for label, value in zip(family.labels, labels, strict=True):
            assert label not in words or value in words[label], (family.name, label)
            assert label not in words or value != FOREIGN


@of_any_view
@given(views())
def test_every_one_hot_set_sums_to_one(view: View) -> None:
    sums: Counter[tuple[str, tuple[str, ...]]] = Counter()
    for family, labels, value in samples(view):
        if family.name.removeprefix("elasticblast_") in ONE_HOT:
            assert value in (0, 1)
            sums[family.name, labels[:-1]] += value
    assert set(sums.values()) <= {1}


@of_any_view
@given(views())
def test_aggregates_are_exact(view: View) -> None:
    """E3: the sums over a family are the sums of its snapshot part, foreign words included."""
    sums: defaultdict[str, float] = defaultdict(float)
    for family, _, value in samples(view):
        if not isinstance(value, Histogram):
            sums[family.name.removeprefix("elasticblast_")] += value
    expected: defaultdict[str, float] = defaultdict(float)
    for cluster in view.clusters:
        for batch in filter(None, [cluster.batch]):
            expected["searches"] += sum(batch.live_phases.values())
            expected["jobs"] += sum(batch.jobs.values())
            expected["jobs_unattributed"] += sum(batch.unattributed.values())
            expected["warmup_jobs"] += sum(batch.warmup.values())
            shown = [search for search in batch.searches if search.phase not in (None, Phase.UNKNOWN)]
            expected["search_jobs"] += sum(sum(search.jobs.values()) for search in shown)
            expected["search_attempts_failed"] += sum(sum(search.attempts.values()) for search in shown)
            expected["search_pods_blocked"] += sum(sum(search.blocked.values()) for search in shown)
        for core in filter(None, [cluster.core]):
            expected["pods"] += sum((core.pods or {}).values())
            expected["pods_blocked"] += sum((core.blocked or {}).values())
            expected["pool_nodes"] += sum(sum(pool.nodes.values()) for pool in core.pools or ())
    assert {name: sums[name] for name in expected} == expected


@of_any_view
@given(views())
def test_series_stay_within_the_bound_of_each_family(view: View) -> None:
    """E6: the strategy draws within the default limits, so the declared bounds must hold, once per cluster."""
    counted: Counter[str] = Counter()
    for sample in samples(view):
        counted[sample.family.name] += _series(sample)
    for name, series in counted.items():
        clusters = len(view.clusters) if name in PER_CLUSTER else 1
        assert series <= DECLARED[name].bound * clusters, name


@of_any_view
@given(views())
def test_nothing_is_said_of_a_boundary_that_may_not_be_shown(view: View) -> None:
    """E5: gauges of a boundary come from clusters that have its snapshot."""
    named = _named(view)
    batch = {cluster.name for cluster in view.clusters if cluster.batch is not None}
    core = {cluster.name for cluster in view.clusters if cluster.core is not None}
    for family, labels, _ in samples(view):
        of_search = "elb_job_id" in family.labels and family.name not in {one.name for one in OURS}
        if family.kind == "gauge" and (of_search or family.collector):
            shown = batch if of_search or family.collector == "batch" else core
            assert (labels[0] if named else "") in shown, family.name


@of_any_view
@given(views())
def test_no_gauge_speaks_of_a_namespace_that_is_not_shown(view: View) -> None:
    """A namespace that cannot be read has no samples, not even of 0."""
    named = _named(view)
    shown = {(one.name, space) for one in view.clusters if one.batch for space in one.batch.namespaces}
    pods = {(one.name, space) for one in view.clusters if one.core for space in one.core.pod_namespaces}
    claims = {(one.name, space) for one in view.clusters if one.core for space, _ in one.core.claims or {}}
    for family, labels, _ in samples(view):
        if "namespace" not in family.labels or family.kind != "gauge" or family.name in {one.name for one in OURS}:
            continue
        where = (labels[0] if named else "", labels[family.labels.index("namespace")])
        of_batch = family.collector == "batch" or "elb_job_id" in family.labels
        assert where in (shown if of_batch else claims if "claim" in family.name else pods), family.name


@of_any_view
@given(views())
def test_numbers_that_only_rise_are_never_negative(view: View) -> None:
    for family, _, value in samples(view):
        if isinstance(value, Histogram):
            assert min(value.counts) >= 0
            assert len(value.counts) == len(family.bounds) + 1
        elif family.kind == "counter":
            assert value >= 0


def test_a_view_at_the_limits_is_within_the_bound_of_the_page() -> None:
    """E6 where it matters: 100 searches with every reason, flag and block."""
    assert 7_500 < sum(_series(sample) for sample in samples(full_view())) <= bound()
