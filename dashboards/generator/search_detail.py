"""The lower rows of the board Search."""

from __future__ import annotations

from collections.abc import Mapping

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.generator.card import Card
from dashboards.generator.links import runbook
from dashboards.generator.panels import bars, heat, lines, note, stats, timeline
from dashboards.generator.promql import coded, increase, one, rate, total
from dashboards.generator.shared import THIS
from dashboards.generator.tables import Column, rows_of
from exporter.domain import remedies
from exporter.domain.remedies import Remedy
from exporter.metrics.cancel import STAGE

STAGES = (STAGE.values or {})["stage"]
_LIKE = f"and on (cluster, program, db) {one('search_info', THIS)}"


def trouble() -> list[Panel]:
    """What keeps it from its end."""
    waits = f'phase=~"pending|running|failing", {THIS}'
    quiet = f"time() - {one('search_last_progress_timestamp_seconds', THIS)}"
    return [
        lines(
            Card(
                "Quiet for",
                shows="Time since a Job was created or a batch ended, while it is pending, running or failing.",
                good="Below the time that one batch takes.",
                act="Over an hour: see what blocks its pods. Over three hours it is taken to be stuck.",
                w=8,
                unit="s",
                steps=[(3600, "yellow"), (10800, "red")],
                base="transparent",
                empty="not pending or running in this time",
            ),
            (f"({quiet}) and on (cluster, namespace, elb_job_id) ({one('search_phase', waits)} == 1)", "quiet for"),
            limits=True,
        ),
        lines(
            Card(
                "What blocks its pods",
                shows="Pods of it that cannot run now, by reason.",
                good="Empty, or cpu and memory while it waits its turn.",
                act="Find the reason under Why pods are blocked below.",
                w=8,
                empty="nothing blocks a pod of it",
            ),
            (one("search_pods_blocked", THIS), "{{reason}}"),
            stacked=True,
        ),
        bars(
            Card(
                "Failed attempts",
                shows="Attempts of its pods that failed so far, by reason; most are retried.",
                good="None, or few of killed, evicted or network.",
                act="bad_input in all batches is the query; memory needs larger nodes; database on one node its copy.",
                w=8,
                base="orange",
                empty="no attempt has failed",
            ),
            one("search_attempts_failed", THIS),
            "{{reason}}",
        ),
        bars(
            Card(
                "Flags",
                shows="Abnormal facts about it that hold now.",
                good="None.",
                act="Find the flag under What flags mean below.",
                w=8,
                base="orange",
                unit="bool_yes_no",
                empty="nothing abnormal",
            ),
            f"{one('search_flag', THIS)} == 1",
            "{{flag}}",
        ),
        timeline(
            Card(
                "Stage of its cancel",
                shows="What a cancel of it works at: its finalizer, submit, setup, its batches, then looking.",
                good="Each stage for seconds.",
                act="A stage for minutes: see the board Administration and the audit log.",
                w=8,
                words=STAGES,
                empty="no cancel in this time",
            ),
            coded("search_cancel_stage", "stage", STAGES, THIS),
            "cancel",
        ),
        stats(
            Card(
                "Cancel asked for",
                shows="How long ago a cancel of it that still runs was asked for.",
                good="Below a minute.",
                act="Over 15 minutes: pods that do not go, or an API that refuses; see the board Administration.",
                w=8,
                unit="s",
                base="text",
                steps=[(900, "red")],
                empty="no cancel runs",
            ),
            f"time() - {one('search_cancel_start_timestamp_seconds', THIS)}",
        ),
    ]


def machines() -> list[Panel]:
    """What its Jobs take, of time and of nodes."""
    grown = increase("job_duration_seconds_bucket", over="$__rate_interval")
    hours = f"{increase('search_node_seconds_total', THIS)} / 3600"
    cost = f"({hours}) * on (cluster, pool) group_left (currency) {one('pool_node_hourly_price')}"
    spread = total(f"{grown} {_LIKE}", "le")
    return [
        heat(
            Card(
                "Duration of Jobs like its own",
                shows="Blast Jobs that succeeded with the same program and database, by how long they took.",
                good="One narrow band.",
                act="A second band far above: uneven shards, long queries, or a slow node.",
                w=8,
                unit="s",
                empty="no such Job has succeeded in this time",
            ),
            spread,
        ),
        lines(
            Card(
                "Memory of its fullest pod",
                shows="Largest working set of one of its running blast containers, over its limit.",
                good="Below 90 %.",
                act="Near 100 %: the next batch is killed. Take larger nodes, or a smaller batch length.",
                w=8,
                unit="percentunit",
                least=0,
                most=1,
                steps=[(0.9, "red")],
                base="transparent",
                empty="no running pod, or no usage metrics",
            ),
            (one("search_memory_max_ratio", THIS), "memory"),
            limits=True,
        ),
        lines(
            Card(
                "Nodes it uses",
                shows="Nodes charged to it, by pool; a node that it shares counts in part.",
                good="Steady while it has Jobs left.",
                act="Few while Jobs wait: see the board Nodes and Azure.",
                w=8,
                decimals=1,
                empty="no pod of it has run yet",
            ),
            (total(rate("search_node_seconds_total", THIS), "pool"), "{{pool}}"),
            stacked=True,
        ),
        stats(
            Card(
                "Cost so far",
                shows="Node time charged to it in the time shown, by the prices in the configuration. An estimate.",
                good="What you planned.",
                act="The time shown must begin before the search did; disks and network are not in it.",
                w=8,
                h=8,
                decimals=2,
                empty="no prices configured, or no node time yet",
            ),
            total(cost, "currency"),
            "{{currency}}",
        ),
        heat(
            Card(
                "Searches that succeeded with its program",
                shows="How long searches with the same program took that succeeded in the time shown.",
                good="Its own age fits in.",
                act="It is older than all of them: see Quiet for.",
                w=8,
                unit="s",
                empty="no such search has succeeded in this time",
            ),
            total(
                f"{increase('search_duration_seconds_bucket', over='$__rate_interval')} "
                f"and on (cluster, program) {one('search_info', THIS)}",
                "le",
            ),
        ),
        lines(
            Card(
                "Wait of Jobs for a node",
                shows="How long blast Jobs of all searches waited from their creation to their first container.",
                good="Minutes while nodes are few, seconds otherwise.",
                act="Rising: more work than nodes. See the board Nodes and Azure.",
                w=8,
                unit="s",
                empty="no Job has started in this time",
                colours={"p50": "blue", "p95": "orange"},
            ),
            *[
                (f"histogram_quantile({share}, {total(_WAITED, 'le')})", name)
                for share, name in ((0.5, "p50"), (0.95, "p95"))
            ],
        ),
    ]


_WAITED = rate("job_queue_duration_seconds_bucket")


def facts() -> list[Panel]:
    """What it is."""
    return [
        rows_of(
            Card(
                "Facts",
                shows="What is known of it from its Jobs; `unknown` until one tells it.",
                good="One row. Evidence `label` is the surest, `suffix` the least sure.",
                act="Mixed client versions in one cluster: submit with the same version of ElasticBLAST everywhere.",
                w=24,
                h=4,
                empty="not shown in this time",
            ),
            [one("search_info", THIS)],
            [
                Column("cluster", "Cluster", width=160),
                Column("namespace", "Namespace", width=160),
                Column("elb_job_id", "Search"),
                Column("program", "Program", width=160),
                Column("db", "Database", width=200),
                Column("mode", "Mode", width=140),
                Column("shards", "Shards", width=120),
                Column("evidence", "Evidence"),
                Column("client_version", "Client version"),
            ],
            by="Search",
        )
    ]


def advice() -> list[Panel]:
    """The same advice as on the exporter's status page, and the runbooks."""
    about = "What the words on this page ask for. The exporter's own page gives the commands too, filled in."
    alerts = ("ElbSearchStalled", "ElbSearchPhaseTooLong", "ElbSearchFailed", "ElbFinalizerHung", "ElbPodsOOMKilled")
    books = "Runbooks: " + ", ".join(runbook(alert) for alert in (*alerts, "ElbPodsUnschedulable"))
    return [
        note("Why it is in its phase", about, f"{books}\n\n{_words(remedies.REASONS)}", w=12, h=19),
        note("Why attempts fail", about, _words(remedies.FAILURES), w=12, h=19),
        note("Why pods are blocked", about, _words(remedies.BLOCKS), w=12, h=10),
        note("What flags mean", about, _words(remedies.FLAGS), w=12, h=10),
    ]


def _words(table: Mapping[str, Remedy]) -> str:
    return "\n".join(f"- **{word}**: {remedy.text.format(batch='NNN')}" for word, remedy in table.items())
