"""How a View is said: what is known, nothing of what is not, and no word out of place."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from exporter.domain.phase import Phase
from exporter.domain.snapshots import CancelCounts, ClusterView, CountsSnapshot, Tally, View
from exporter.domain.words import FLAGS, JOB_VIEW, PHASES
from exporter.metrics import CATALOGUE, samples
from exporter.metrics.born import initial_tallies, initial_totals
from exporter.metrics.catalogue import PER_CLUSTER
from exporter.metrics.family import Histogram, Sample
from tests.support.fullview import NAMESPACES, POOLS, RESOURCES, full_cancels, full_view, search_view


def page(view: View) -> dict[str, dict[tuple[str, ...], float | Histogram]]:
    """Values by family name without prefix, then by label values."""
    pages: dict[str, dict[tuple[str, ...], float | Histogram]] = {}
    for sample in samples(view):
        pages.setdefault(sample.family.name.removeprefix("elasticblast_"), {})[sample.labels] = sample.value
    return pages


def with_search(**changes: object) -> View:
    view = full_view(searches=0)
    batch = replace(view.clusters[0].batch, searches=(replace(search_view(0), **changes),))
    return replace(view, clusters=(replace(view.clusters[0], batch=batch),))


def with_cluster(**changes: object) -> View:
    view = full_view(searches=1)
    return replace(view, clusters=(replace(view.clusters[0], **changes),))


def series(sample: Sample) -> int:
    return len(sample.family.bounds) + 3 if sample.family.kind == "histogram" else 1


KEY = ("default", f"job-{0:032x}")


def test_a_view_at_the_limits_fills_the_bounds() -> None:
    """Some families leave room by design: events for words to come, requests for more verbs, and what only machines
    and registries have where the twelve resources are storage accounts."""
    counted: Counter[str] = Counter()
    for sample in samples(full_view()):
        counted[sample.family.name] += series(sample)
    room = {family.name: family.bound - counted[family.name] for family in CATALOGUE}
    assert {name: left for name, left in room.items() if left} == {
        "elasticblast_events_total": 4,
        "elasticblast_exporter_api_requests_total": 20,
        "elasticblast_azure_vm_power_state": 84,
        "elasticblast_azure_scale_set_instances": 12,
        "elasticblast_azure_scale_set_vms": 84,
        "elasticblast_azure_registry_pulls_per_second": 12,
        "elasticblast_azure_cpu_usage_ratio": 12,
    }


def test_info_gives_the_facts_in_the_order_of_the_labels() -> None:
    assert page(with_search())["search_info"] == {(*KEY, "blastp", "nr", "ssd", "1", "label", "1.5.0"): 1}


def test_info_of_a_search_nothing_is_known_of_says_unknown() -> None:
    view = with_search(program="", db="", mode="unknown", shards=None, evidence="", client_version="")
    assert page(view)["search_info"] == {(*KEY, *["unknown"] * 6): 1}


def test_info_replaces_words_nobody_knows() -> None:
    view = with_search(program="megablast", mode="cloud", evidence="rumour")
    assert page(view)["search_info"] == {(*KEY, "other", "nr", "unknown", "1", "unknown", "1.5.0"): 1}


@pytest.mark.parametrize("phase", PHASES)
def test_exactly_the_phase_of_the_search_is_one(phase: str) -> None:
    said = page(with_search(phase=Phase(phase)))["search_phase"]
    assert said == {(*KEY, word): int(word == phase) for word in PHASES}


def test_while_jobs_may_not_be_shown_a_search_keeps_its_counter_only() -> None:
    view = full_view(searches=1)
    dark = replace(view, clusters=(replace(view.clusters[0], batch=None),), cancels=None)
    said = {name: values for name, values in page(dark).items() if name.startswith("search_")}
    of_search = {name for name, values in said.items() if any(labels[:2] == KEY for labels in values)}
    assert of_search == {"search_node_seconds_total"}
    assert said["search_node_seconds_total"] == {(*KEY, pool): 12.5 for pool in POOLS[:2]}


def test_what_a_search_does_not_know_is_absent() -> None:
    said = page(with_search(eta=None, expected=None, attempts={}, blocked={"cpu": 0}, flags={}))
    absent = ("eta_timestamp_seconds", "jobs_expected", "attempts_failed", "pods_blocked", "flag")
    assert not {f"search_{name}" for name in absent} & said.keys()


def test_a_terminal_search_has_no_eta() -> None:
    assert "search_eta_timestamp_seconds" in page(with_search(terminal=False))
    assert "search_eta_timestamp_seconds" not in page(with_search(terminal=True))


def test_an_expected_number_of_zero_is_said() -> None:
    assert page(with_search(expected=0))["search_jobs_expected"] == {KEY: 0}


def test_jobs_of_a_search_have_five_states_known_to_be_zero() -> None:
    said = page(with_search(jobs={"running": 3}))["search_jobs"]
    assert said == {(*KEY, state): 3 if state == "running" else 0 for state in JOB_VIEW}


def test_reasons_are_sparse_and_unheard_ones_join_other() -> None:
    said = page(with_search(attempts={"memory": 2, "killed": 0, "cosmic_ray": 3, "other": 4}))
    assert said["search_attempts_failed"] == {(*KEY, "memory"): 2, (*KEY, "other"): 7}


def test_exactly_the_flags_in_the_mapping_are_given() -> None:
    flags = {flag: flag == "recreated" for flag in FLAGS if flag != "zombie"}
    said = page(with_search(flags=flags))["search_flag"]
    assert said == {(*KEY, flag): int(value) for flag, value in flags.items()}


def test_without_the_batch_part_nothing_of_it_is_said() -> None:
    """Counters stay, and so does all of the core boundary."""
    whole, part = page(with_cluster()), page(with_cluster(batch=None))
    batch = {family.name.removeprefix("elasticblast_") for family in CATALOGUE if family.collector == "batch"}
    gone = whole.keys() - part.keys()
    counted = ("search_duration_seconds", "search_node_seconds_total")
    assert gone == {name for name in batch if name.startswith("search_") and name not in counted} | {
        "search_memory_max_ratio",
        "search_pods_blocked",
        "searches",
        "jobs",
        "jobs_stored",
        "jobs_unattributed",
        "warmup_jobs",
        "exporter_searches_hidden",
    }


PARTS = {
    "pods": {"pods"},
    "blocked": {"pods_blocked"},
    "oldest_pending": {"pods_pending_oldest_timestamp_seconds"},
    "run_slots": {"run_slots_limit"},
    "claims": {"persistentvolumeclaim_phase"},
    "pools": {
        "pool_nodes",
        "pool_nodes_pressure",
        "pool_cpu_allocatable_cores",
        "pool_cpu_requested_cores",
        "pool_memory_allocatable_bytes",
    },
}


@pytest.mark.parametrize("part", PARTS)
def test_without_one_core_part_only_its_families_go(part: str) -> None:
    core = replace(full_view().clusters[0].core, **{part: None})
    assert page(with_cluster()).keys() - page(with_cluster(core=core)).keys() == PARTS[part]


def test_without_the_core_snapshot_all_its_parts_go() -> None:
    assert page(with_cluster()).keys() - page(with_cluster(core=None)).keys() == set().union(*PARTS.values())


def test_an_empty_part_is_a_matrix_of_zeros_for_every_namespace() -> None:
    core = replace(full_view().clusters[0].core, pods={}, blocked={})
    said = page(with_cluster(core=core))
    assert set(said["pods"].values()) == set(said["pods_blocked"].values()) == {0}
    assert {labels[0] for labels in said["pods"]} == set(NAMESPACES)
    assert len(said["pods"]) == 56
    assert len(said["pods_blocked"]) == 140


def test_a_namespace_that_cannot_be_read_is_absent_and_not_zero() -> None:
    batch = replace(full_view(searches=0).clusters[0].batch, namespaces=("default",), live_phases={}, jobs={})
    core = replace(full_view().clusters[0].core, pod_namespaces=("blast",), pods={}, blocked={})
    said = page(with_cluster(batch=replace(batch, unattributed={}), core=core))
    spaces = {name: {labels[0] for labels in said[name]} for name in ("searches", "jobs", "jobs_unattributed")}
    assert all(found == {"default"} for found in spaces.values())
    assert {labels[0] for name in ("pods", "pods_blocked") for labels in said[name]} == {"blast"}


def test_a_cpu_request_nobody_could_sum_is_absent() -> None:
    core = full_view().clusters[0].core
    pools = (replace(core.pools[0], cpu_requested=None), *core.pools[1:])
    said = page(with_cluster(core=replace(core, pools=pools)))
    assert set(said["pool_cpu_requested_cores"]) == {(pool,) for pool in POOLS[1:]}
    assert set(said["pool_cpu_allocatable_cores"]) == {(pool,) for pool in POOLS}


def test_a_claim_in_a_phase_nobody_knows_is_absent() -> None:
    core = replace(full_view().clusters[0].core, claims={("default", "a"): "Dreaming", ("default", "b"): "Lost"})
    said = page(with_cluster(core=core))["persistentvolumeclaim_phase"]
    assert said == {
        ("default", "b", "Bound"): 0,
        ("default", "b", "Pending"): 0,
        ("default", "b", "Lost"): 1,
    }


def test_a_collector_without_success_has_a_state_but_no_time() -> None:
    health = (replace(full_view().clusters[0].health[0], state="never", last_success=None),)
    said = page(with_cluster(health=health))
    assert "exporter_collector_last_success_timestamp_seconds" not in said
    assert [labels for labels, value in said["exporter_collector_state"].items() if value] == [
        ("core", "resource0", "never")
    ]


def test_a_histogram_is_said_as_it_was_counted() -> None:
    tally = Tally((*range(12), 1), 77.5)
    counts = CountsSnapshot(tallies={("job_queue_duration_seconds", ()): tally})
    assert page(with_cluster(counts=counts))["job_queue_duration_seconds"] == {(): Histogram(tally.counts, 77.5)}


def test_counters_that_meet_under_other_are_added() -> None:
    totals = {("events_total", ("Pod", "Novel")): 2.0, ("events_total", ("Pod", "other")): 3.0}
    one, two = Tally((1,) * 13, 5.0), Tally((2,) * 13, 7.0)
    tallies = {("search_duration_seconds", ("megablast",)): one, ("search_duration_seconds", ("other",)): two}
    said = page(with_cluster(counts=CountsSnapshot(totals=totals, tallies=tallies)))
    assert said["events_total"] == {("Pod", "other"): 5.0}
    assert said["search_duration_seconds"] == {("other",): Histogram((3,) * 13, 12.0)}


def test_a_counter_that_is_not_in_the_catalogue_is_refused() -> None:
    counts = CountsSnapshot(totals={("secret_total", ()): 1.0})
    with pytest.raises(KeyError, match="secret_total"):
        list(samples(with_cluster(counts=counts)))


def test_what_the_system_does_not_say_of_the_process_is_absent() -> None:
    view = full_view(searches=0)
    process = replace(view.process, cpu_seconds=None, resident_bytes=None, open_fds=None)
    said = page(replace(view, process=process))
    assert {name for name in said if name.startswith("process_")} == {"process_start_time_seconds"}


def _named(*names: str) -> View:
    view = full_view(searches=1)
    clusters = tuple(replace(view.clusters[0], name=name) for name in names)
    return replace(view, clusters=clusters, cancels=full_cancels(*names))


def test_named_clusters_come_first_in_the_labels_of_all_but_the_process() -> None:
    plain, named = page(full_view(searches=1)), page(_named("east", "west"))
    per_cluster = {name.removeprefix("elasticblast_") for name in PER_CLUSTER}
    for name, values in plain.items():
        own = name.removeprefix("elasticblast_") not in per_cluster
        expected = set(values) if own else {(c, *labels) for c in ("east", "west") for labels in values}
        assert set(named[name]) == expected, name


def test_one_named_cluster_is_labelled_and_one_unnamed_is_not() -> None:
    assert page(_named("east"))["exporter_searches_hidden"] == {("east",): 3}
    assert page(_named(""))["exporter_searches_hidden"] == {(): 3}


def test_totals_exist_at_zero_for_every_legal_label_set() -> None:
    totals = initial_totals(NAMESPACES, RESOURCES, POOLS)
    assert set(totals.values()) == {0.0}
    assert Counter(name for name, _ in totals) == {
        "searches_finished_total": 30,
        "jobs_finished_total": 204,
        "attempts_failed_total": 105,
        "pod_disruptions_total": 32,
        "nodes_removed_total": 4,
        "node_seconds_total": 8,
        "events_total": 26,
        "exporter_collector_runs_total": 476,
        "exporter_records_rejected_total": 28,
        "exporter_label_values_replaced_total": 4,
    }
    assert ("jobs_finished_total", ("default", "blast", "failed", "memory")) in totals
    assert ("jobs_finished_total", ("default", "blast", "failed", "none")) not in totals
    assert ("searches_finished_total", ("blast", "vanished", "expired_unseen")) in totals


def test_histograms_exist_empty_for_programs_and_collectors() -> None:
    tallies = initial_tallies(RESOURCES)
    assert Counter(name for name, _ in tallies) == {
        "job_queue_duration_seconds": 1,
        "search_duration_seconds": 9,
        "exporter_collector_duration_seconds": 4,
    }
    assert {len(tally.counts) for tally in tallies.values()} == {13, 11}
    assert sum(sum(tally.counts) + tally.sum for tally in tallies.values()) == 0


def test_a_cluster_that_has_read_nothing_yet_says_its_counters_only() -> None:
    counts = CountsSnapshot(totals=initial_totals(("default",), RESOURCES), tallies=initial_tallies(RESOURCES))
    fresh = ClusterView(name="", namespaces=("default",), batch=None, core=None, counts=counts, health=())
    view = replace(full_view(searches=0), clusters=(fresh,), prices={}, cancels=CancelCounts())
    kinds = {sample.family.name: sample.family.kind for sample in samples(view)}
    gauges = {name for name, kind in kinds.items() if kind == "gauge" and name.startswith("elasticblast_")}
    assert gauges == {"elasticblast_exporter_build_info"}
    assert "elasticblast_jobs_finished_total" in kinds
