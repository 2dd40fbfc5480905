"""What may be empty although all is well: panels of things that need not be, by board and title."""

from __future__ import annotations

from collections.abc import Mapping

from tests.dashboards.labels import EXPORTED
from tests.dashboards.queries import Query
from tests.dashboards.syntax import parsed, selectors

FAMILIES: Mapping[str, str] = {
    "elasticblast_submit_lease_acquired_timestamp_seconds": "nobody holds the lock",
    "elasticblast_search_cancel_stage": "no cancel runs",
    "elasticblast_search_cancel_start_timestamp_seconds": "no cancel runs",
    "elasticblast_search_eta_timestamp_seconds": "no estimate is honest",
    "elasticblast_search_pods_blocked": "nothing blocks a pod",
    "elasticblast_search_attempts_failed": "no attempt has failed",
    "elasticblast_search_memory_max_ratio": "none of its pods runs",
    "elasticblast_pods_pending_oldest_timestamp_seconds": "no pod is pending",
    "elasticblast_exporter_credential_expiry_timestamp_seconds": "the token does not say when it ends",
    "elasticblast_aks_apiserver_inflight_requests": "Azure Monitor has no point",
    "elasticblast_aks_control_plane_usage_ratio": "Azure Monitor has no point",
    "elasticblast_aks_autoscaler_unschedulable_pods": "no autoscaler",
    "elasticblast_aks_autoscaler_unneeded_nodes": "no autoscaler",
    "elasticblast_aks_autoscaler_flag": "no autoscaler",
    "elasticblast_pool_nodes_min": "no autoscaler",
    "elasticblast_pool_nodes_max": "no autoscaler",
    "elasticblast_pool_node_usage_max_ratio": "Azure Monitor has no point",
    "elasticblast_azure_vm_power_state": "no virtual machine is configured",
    "elasticblast_azure_scale_set_instances": "no scale set is configured",
    "elasticblast_azure_scale_set_vms": "no scale set is configured",
    "elasticblast_azure_cpu_usage_ratio": "no machine is configured",
    "elasticblast_azure_used_bytes": "Azure Monitor has no point",
    "elasticblast_azure_metric_timestamp_seconds": "Azure Monitor has no point",
    "elasticblast_azure_storage_availability_ratio": "Azure Monitor has no point",
    "elasticblast_azure_storage_transactions_per_second": "Azure Monitor has no point",
    "elasticblast_azure_registry_pulls_per_second": "Azure Monitor has no point",
}
PANELS: Mapping[tuple[str, str], str] = {
    ("elb-home", "Alerts"): "no alert fires",
    ("elb-home", "Pools not at their target"): "all pools have their nodes",
    ("elb-home", "What blocks pods"): "nothing blocks a pod",
    ("elb-home", "Failed attempts"): "no attempt has failed",
    ("elb-home", "What cannot be read"): "everything is read",
    ("elb-search", "Quiet for"): "it is not pending, running or failing",
    ("elb-search", "Flags"): "nothing abnormal",
    ("elb-search", "Cost so far"): "its pools have no price",
    ("elb-search", "Jobs by state"): "its submission has not closed",
    ("elb-search", "Done"): "its submission has not closed",
    ("elb-search", "Jobs done per minute"): "it has just begun",
    ("elb-search", "Duration of Jobs like its own"): "no such Job has succeeded",
    ("elb-search", "Searches that succeeded with its program"): "no such search has succeeded",
    ("elb-search", "Nodes it uses"): "it has just begun",
    ("elb-jobs", "Most Jobs waiting"): "no Job waits",
    ("elb-jobs", "Most Jobs failed"): "no Job has failed",
    ("elb-jobs", "Searches with a flag"): "nothing abnormal",
    ("elb-jobs", "Why searches are in their phase"): "nothing to say",
    ("elb-jobs", "Warning events per minute"): "no event",
    ("elb-jobs", "Failed attempts per minute by reason"): "no attempt has failed",
    ("elb-jobs", "Failed attempts by role"): "no attempt has failed",
    ("elb-jobs", "Blast Jobs failed by reason"): "no Job has failed",
    ("elb-nodes", "Pods taken off their node"): "no pod was taken off its node",
    ("elb-nodes", "Warning events of nodes per minute"): "no event of a node",
    ("elb-cost", "Nodes kept without a search"): "every cluster has a live search",
    ("elb-cost", "Clusters on without a search"): "every cluster has a live search",
    ("elb-cost", "Node hours of searches without a result"): "no such search",
    ("elb-admin", "Searches cancelled"): "none was cancelled",
    ("elb-admin", "Cancels refused by reason"): "none was refused",
    ("elb-admin", "Admin requests per minute"): "nobody has asked",
    ("elb-exporter", "Reads that failed, per minute"): "no read has failed",
    ("elb-exporter", "Refused requests per minute"): "no request was refused",
}


def why_empty(query: Query) -> str:
    """Why a query may have an empty answer where all is well; an empty text if it may not."""
    names = {EXPORTED[one.name].name for one in selectors(parsed(query.expr)) if one.name in EXPORTED}
    reasons = [FAMILIES[name] for name in sorted(names) if name in FAMILIES]
    return PANELS.get((query.board, query.panel), reasons[0] if reasons else "")
