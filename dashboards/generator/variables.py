"""The variables above the boards, in the same order on each."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import DatasourceVariable, QueryVariable
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import VariableModel, VariableOption, VariableRefresh, VariableSort

from dashboards.generator.card import DATASOURCE
from dashboards.generator.promql import RANGE, series

Variable = Builder[VariableModel]


def common() -> tuple[Variable, ...]:
    """What every board has: where the data is, of which clusters, of which scrape jobs."""
    return (
        DatasourceVariable("datasource").label("Data source").type("prometheus"),
        several("cluster", "Cluster", "label_values(elasticblast_exporter_collector_state, cluster)"),
        several("job", "Job", "label_values(elasticblast_exporter_build_info, job)", every=".+"),
    )


def several(name: str, label: str, query: str, *, every: str = ".*") -> Variable:
    """Some values or all; `every` is what all means, also for series without the label."""
    return (
        _asked(name, label, query)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(every)
        .current(VariableOption(selected=True, text=["All"], value=["$__all"]))
    )


def pool() -> Variable:
    """Agent pools."""
    return several("pool", "Pool", f"label_values({series('pool_nodes')}, pool)")


def namespace() -> Variable:
    """Namespaces of searches."""
    return several("namespace", "Namespace", f"label_values({series('jobs')}, namespace)")


def search() -> Variable:
    """One search of those that were shown in the time chosen, the newest first."""
    created = f"max by (elb_job_id) (max_over_time({series('search_created_timestamp_seconds')}[{RANGE}]))"
    return (
        _asked("search", "Search", f"query_result(sort_desc({created}))")
        .regex('/elb_job_id="([^"]+)"/')
        .sort(VariableSort.DISABLED)
    )


def _asked(name: str, label: str, query: str) -> QueryVariable:
    return (
        QueryVariable(name)
        .label(label)
        .datasource(DATASOURCE)
        .query({"query": query, "refId": f"Variable-{name}"})
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
    )
