"""Links between the boards, and out of them; they carry the variables and the time."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import DashboardLink
from grafana_foundation_sdk.models.dashboard import DashboardLinkType

TAG = "elastic-blast"
PROJECT = "https://github.com/elasticblast/elasticblast-exporter/blob/main/docs"
PORTAL = "https://portal.azure.com/#browse/Microsoft.ContainerService%2FmanagedClusters"

_CARRIED = "${datasource:queryparam}&${cluster:queryparam}&${job:queryparam}&${__url_time_range}"
TO_SEARCH = f"/d/elb-search?{_CARRIED}&var-search=${{__data.fields.elb_job_id}}"
TO_POOL = f"/d/elb-nodes?{_CARRIED}&var-pool=${{__data.fields.pool}}"


def to(uid: str) -> str:
    """The address of another board, below whatever path Grafana has."""
    return f"/d/{uid}?{_CARRIED}"


def boards_link() -> DashboardLink:
    """The menu of all boards."""
    return (
        DashboardLink("ElasticBLAST")
        .type(DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(True)
        .include_vars(True)
        .keep_time(True)
        .icon("external link")
    )


def runbook(alert: str) -> str:
    """A link in Markdown to the runbook of an alert."""
    return f"[{alert}]({PROJECT}/runbook/{alert}.md)"
