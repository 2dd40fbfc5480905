"""The catalogue is what was agreed: these names, types, labels and bounds, and no others."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from exporter.metrics import CATALOGUE, cancel, custom
from exporter.metrics.catalogue import PER_CLUSTER, bound, problems
from exporter.metrics.document import as_json, as_markdown, as_text
from exporter.metrics.family import Family
from exporter.metrics.own import PROCESS_FAMILIES

ROOT = Path(__file__).resolve().parents[2]

EXPECTED = """
1 elasticblast_search_info gauge namespace,elb_job_id,program,db,mode,shards,evidence,client_version 100
2 elasticblast_search_phase gauge namespace,elb_job_id,phase 1200
3 elasticblast_search_phase_reason gauge namespace,elb_job_id,reason 100
4 elasticblast_search_phase_start_timestamp_seconds gauge namespace,elb_job_id 100
5 elasticblast_search_created_timestamp_seconds gauge namespace,elb_job_id 100
6 elasticblast_search_last_progress_timestamp_seconds gauge namespace,elb_job_id 100
7 elasticblast_search_eta_timestamp_seconds gauge namespace,elb_job_id 100
8 elasticblast_search_jobs gauge namespace,elb_job_id,state 500
9 elasticblast_search_jobs_expected gauge namespace,elb_job_id 100
10 elasticblast_search_attempts_failed gauge namespace,elb_job_id,reason 1500
11 elasticblast_search_pods_blocked gauge namespace,elb_job_id,reason 1000
12 elasticblast_search_flag gauge namespace,elb_job_id,flag 800
13 elasticblast_search_memory_max_ratio gauge namespace,elb_job_id 100
14 elasticblast_search_node_seconds_total counter namespace,elb_job_id,pool 200
15 elasticblast_searches gauge namespace,phase 14
16 elasticblast_searches_finished_total counter namespace,result,reason 30
17 elasticblast_search_duration_seconds histogram program 135
18 elasticblast_jobs gauge namespace,role,state 96
19 elasticblast_jobs_stored gauge namespace 2
20 elasticblast_jobs_unattributed gauge namespace,role 8
21 elasticblast_jobs_finished_total counter namespace,role,result,reason 204
22 elasticblast_attempts_failed_total counter role,reason 105
23 elasticblast_job_duration_seconds histogram program,db 315
24 elasticblast_job_queue_duration_seconds histogram - 15
25 elasticblast_run_slots_limit gauge namespace 2
26 elasticblast_warmup_jobs gauge db,state 105
27 elasticblast_pods gauge namespace,role,state 56
28 elasticblast_pods_blocked gauge namespace,role,reason 140
29 elasticblast_pods_pending_oldest_timestamp_seconds gauge namespace,role 14
30 elasticblast_pod_disruptions_total counter pool,reason 32
31 elasticblast_pool_nodes gauge pool,state 16
32 elasticblast_pool_nodes_pressure gauge pool,condition 16
33 elasticblast_nodes_removed_total counter pool 4
34 elasticblast_pool_cpu_allocatable_cores gauge pool 4
35 elasticblast_pool_cpu_requested_cores gauge pool 4
36 elasticblast_pool_cpu_usage_cores gauge pool 4
37 elasticblast_pool_memory_allocatable_bytes gauge pool 4
38 elasticblast_pool_memory_usage_bytes gauge pool 4
39 elasticblast_node_seconds_total counter pool,use 8
40 elasticblast_pool_node_hourly_price gauge pool,currency 4
41 elasticblast_events_total counter kind,reason 30
42 elasticblast_persistentvolumeclaim_phase gauge namespace,persistentvolumeclaim,phase 120
45 elasticblast_submit_lease_acquired_timestamp_seconds gauge namespace,holder 2
46 elasticblast_aks_info gauge name,resource_group,location,kubernetes_version,sku_tier 1
47 elasticblast_aks_power_state gauge state 3
48 elasticblast_aks_provisioning_state gauge state 12
49 elasticblast_aks_control_plane_usage_ratio gauge resource 3
50 elasticblast_pool_info gauge pool,mode,vm_size,priority,kubernetes_version 4
51 elasticblast_pool_nodes_target gauge pool 4
52 elasticblast_pool_nodes_max gauge pool 4
53 elasticblast_pool_provisioning_state gauge pool,state 48
54 elasticblast_quota_limit_cores gauge family 10
55 elasticblast_quota_used_cores gauge family 10
56 elasticblast_exporter_build_info gauge version,revision,python_version 1
57 elasticblast_exporter_collector_info gauge collector,resource,mode 28
58 elasticblast_exporter_collector_state gauge collector,resource,state 196
59 elasticblast_exporter_collector_last_success_timestamp_seconds gauge collector,resource 28
60 elasticblast_exporter_collector_runs_total counter collector,resource,result 476
61 elasticblast_exporter_collector_duration_seconds histogram collector 52
62 elasticblast_exporter_records_rejected_total counter resource 28
63 elasticblast_exporter_api_requests_total counter collector,verb,code 100
64 elasticblast_exporter_arm_ratelimit_remaining gauge scope,operation 4
65 elasticblast_exporter_clock_skew_seconds gauge collector 4
66 elasticblast_exporter_searches_hidden gauge - 1
67 elasticblast_exporter_label_values_replaced_total counter label 4
68 elasticblast_exporter_http_requests_total counter handler,code 100
69 elasticblast_exporter_cancels_total counter result 10
70 process_cpu_seconds_total counter - 1
71 process_resident_memory_bytes gauge - 1
72 process_start_time_seconds gauge - 1
73 process_open_fds gauge - 1
74 elasticblast_search_cancel_stage gauge namespace,elb_job_id,stage 10
75 elasticblast_search_cancel_start_timestamp_seconds gauge namespace,elb_job_id 2
76 elasticblast_jobs_after_cancel_total counter namespace,role 8
77 elasticblast_exporter_cancels_refused_total counter reason 12
78 elasticblast_exporter_cancel_objects_deleted_total counter role 4
79 elasticblast_exporter_cancel_duration_seconds histogram - 11
80 elasticblast_exporter_audit_failures_total counter - 1
81 elasticblast_exporter_auth_failures_total counter reason 7
90 elasticblast_pods_cpu_usage_cores gauge namespace,role 14
91 elasticblast_pods_memory_usage_bytes gauge namespace,role 14
92 elasticblast_usage_sample_oldest_timestamp_seconds gauge resource 2
93 elasticblast_custom_resources gauge namespace,group,kind,state 161
94 elasticblast_custom_resource_conditions gauge namespace,group,kind,condition,state,reason 369
95 elasticblast_custom_resource_amounts gauge namespace,group,kind,amount 72
96 elasticblast_custom_resources_stale_status gauge namespace,group,kind 23
100 elasticblast_aks_flag gauge flag 3
101 elasticblast_pool_nodes_min gauge pool 4
102 elasticblast_pool_power_state gauge pool,state 12
103 elasticblast_pool_minor_versions_behind gauge pool 4
104 elasticblast_aks_apiserver_inflight_requests gauge - 1
105 elasticblast_aks_autoscaler_unschedulable_pods gauge - 1
106 elasticblast_aks_autoscaler_unneeded_nodes gauge - 1
107 elasticblast_aks_autoscaler_flag gauge flag 2
108 elasticblast_pool_node_usage_max_ratio gauge pool,resource 12
109 elasticblast_azure_resource_info gauge kind,name,location,sku,public_access 12
110 elasticblast_azure_resource_provisioning_state gauge kind,name,state 144
111 elasticblast_azure_vm_power_state gauge name,state 84
112 elasticblast_azure_scale_set_instances gauge name 12
113 elasticblast_azure_used_bytes gauge kind,name 12
114 elasticblast_azure_storage_availability_ratio gauge name 12
115 elasticblast_azure_storage_transactions_per_second gauge name,response 144
116 elasticblast_azure_registry_pulls_per_second gauge name 12
117 elasticblast_azure_cpu_usage_ratio gauge kind,name 12
118 elasticblast_azure_metric_timestamp_seconds gauge kind,name,metric 47
119 elasticblast_exporter_credential_info gauge api,mode 2
120 elasticblast_exporter_credential_expiry_timestamp_seconds gauge api 2
121 elasticblast_azure_scale_set_vms gauge name,state 84
"""
BANNED = {"status", "outcome", "search", "aks_cluster", "boundary", "job", "instance", "pod", "node", "container"}


def _declared(family: Family) -> str:
    return f"{family.number} {family.name} {family.kind} {','.join(family.labels) or '-'} {family.bound}"


def test_families_are_exactly_those_agreed() -> None:
    assert [_declared(family) for family in CATALOGUE] == EXPECTED.split("\n")[1:-1]


def test_bounds_add_up_to_the_bound_of_the_page() -> None:
    assert bound() == sum(int(row.rsplit(" ", 1)[1]) for row in EXPECTED.split("\n")[1:-1]) == 9957


def test_bound_of_a_family_holds_its_closed_vocabularies() -> None:
    """A histogram takes whole multiples of bounds + 3; the words of one label alone never exceed a bound, but for a
    Lease, which has one holder."""
    for family in CATALOGUE:
        if family.kind == "histogram":
            assert family.bound % (len(family.bounds) + 3) == 0, family.name
        if (
            family.kind == "gauge"
            and family.values
            and not family.name.endswith("_info")
            and family is not custom.LEASE
        ):
            assert all(len(words) <= family.bound for words in family.values.values()), family.name


def test_no_label_is_banned_and_cluster_is_never_declared() -> None:
    for family in CATALOGUE:
        assert not (BANNED | {"cluster"}) & set(family.labels), family.name


def test_search_ids_are_on_gauges_and_on_node_seconds_only() -> None:
    counters = [family.name for family in CATALOGUE if "elb_job_id" in family.labels and family.kind != "gauge"]
    assert counters == ["elasticblast_search_node_seconds_total"]


def test_help_is_one_short_sentence_and_timestamps_say_when_they_are_absent() -> None:
    for family in CATALOGUE:
        assert 20 < len(family.help) <= 200, family.name
        assert family.help.count(". ") == 0, family.name
        if family.name.endswith("_timestamp_seconds"):
            assert "absent" in family.help, family.name


def test_families_of_clusters_take_cluster_first_and_those_of_the_process_never() -> None:
    process = {family.name for family in (*PROCESS_FAMILIES, *cancel.PROCESS_FAMILIES)}
    assert {family.name for family in CATALOGUE} - process == set(PER_CLUSTER)
    for family in CATALOGUE:
        if family.name in PER_CLUSTER:
            assert PER_CLUSTER[family.name] == replace(family, labels=("cluster", *family.labels))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "elasticblast_thing_total"}, "_total"),
        ({"name": "elasticblast:thing"}, "not a legal name"),
        ({"kind": "counter"}, "_total"),
        ({"kind": "histogram"}, "bounds"),
        ({"bounds": (1.0, 2.0)}, "bounds"),
        ({"labels": ("pod",)}, "not a legal label"),
        ({"labels": ("cluster",)}, "not a legal label"),
        ({"labels": ("state", "state")}, "named twice"),
        ({"help": "x" * 200 + "."}, "help"),
        ({"help": "No full stop"}, "help"),
        ({"values": {"role": ("blast",)}}, "no label of it"),
        ({"values": {"state": ("a", "a")}}, "not distinct"),
        ({"values": {"state": ("Other",)}}, "not a legal word"),
        ({"values": {"state": ("two words",)}}, "not a legal word"),
    ],
)
def test_a_family_against_the_rules_is_named(change: dict[str, object], said: str) -> None:
    good = Family(
        number=1, name="elasticblast_thing", kind="gauge", labels=("state",), help="Things by state.", bound=1
    )
    assert list(problems([good])) == []
    found = list(problems([replace(good, **change)]))
    assert any(said in problem for problem in found), found


def test_two_families_may_not_share_name_or_number() -> None:
    family = CATALOGUE[0]
    assert len(list(problems([family, family]))) == 2


def test_metrics_page_of_the_docs_is_the_printed_one() -> None:
    """Run `make docs` after a change of the catalogue."""
    assert (ROOT / "docs" / "metrics.md").read_text("utf-8") == as_markdown()


def test_every_print_names_every_family() -> None:
    listed = json.loads(as_json())
    assert [entry["name"] for entry in listed] == [family.name for family in CATALOGUE]
    assert {entry["name"] for entry in listed if entry["cluster"]} == set(PER_CLUSTER)
    for family in CATALOGUE:
        assert f"`{family.name}`" in as_markdown()
        assert f"\n    {family.help}\n" in as_text()
