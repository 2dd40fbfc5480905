"""What is around the Jobs: submission, warm-up, usage, custom resources."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.generator.card import Card
from dashboards.generator.panels import lines
from dashboards.generator.promql import increase, oldest, one, total
from dashboards.generator.shared import HERE
from dashboards.generator.tables import Column, rows_of
from dashboards.generator.words import ROLES, colours
from exporter.domain.words import WARMUP_STATES


def around() -> list[Panel]:
    """What must work before a batch can run."""
    others = f'role!="blast", {HERE}'
    ended = increase("jobs_finished_total", others, over="1h")
    return [
        lines(
            Card(
                "Submit lock held for",
                shows="How long the lock under which searches are submitted has been held, and by whom.",
                good="Seconds to minutes, then free.",
                act="For long: the submitter has died; others wait until the Lease runs out.",
                w=8,
                unit="s",
                empty="the lock is free",
            ),
            (
                oldest("submit_lease_acquired_timestamp_seconds", HERE, "namespace", "holder"),
                "{{namespace}} {{holder}}",
            ),
        ),
        lines(
            Card(
                "Warm-up Jobs",
                many=True,
                shows="Jobs that keep a database on the nodes, by database and state.",
                good="ready for as many nodes as the pool has.",
                act="stale: the node is new or gone, the next search copies again. failed: read the Job's log.",
                w=8,
                empty="no warm-up Jobs",
                colours=colours(WARMUP_STATES),
            ),
            (total(one("warmup_jobs"), "db", "state"), "{{db}} {{state}}"),
        ),
        lines(
            Card(
                "Setup, submit and finalizer Jobs",
                many=True,
                shows="Live Jobs that copy databases, create batches and complete results.",
                good="setup below 45 minutes, one finalizer for each live search.",
                act="setup for long: a slow download. More finalizers than searches: phantoms hold run slots.",
                w=8,
                empty="Jobs not read",
                colours=ROLES,
            ),
            (total(one("jobs", others), "role"), "{{role}}"),
        ),
        lines(
            Card(
                "Jobs ended by role",
                many=True,
                shows="Jobs other than batches that ended in the last hour, by role and result.",
                good="Succeeded only.",
                act="setup failed: read its log; it blocks others too. finalizer failed: results lack a marker.",
                w=8,
                decimals=0,
                empty="no Job has ended yet",
            ),
            (f"{total(ended, 'role', 'result')} > 0", "{{role}} {{result}}"),
        ),
        lines(
            Card(
                "CPU of pods by role",
                many=True,
                shows="Cores in use by the pods of each role.",
                good="blast near the cores of its nodes.",
                act="blast far below them: it waits for the database to be read.",
                w=8,
                decimals=1,
                empty="no usage metrics",
                colours=ROLES,
            ),
            (total(one("pods_cpu_usage_cores", HERE), "role"), "{{role}}"),
            stacked=True,
        ),
        lines(
            Card(
                "Memory of pods by role",
                many=True,
                shows="Working set of the pods of each role.",
                good="Below the memory of the nodes.",
                act="Near it: evictions follow. See Pools on the board Nodes and Azure.",
                w=8,
                unit="bytes",
                empty="no usage metrics",
                colours=ROLES,
            ),
            (total(one("pods_memory_usage_bytes", HERE), "role"), "{{role}}"),
            stacked=True,
        ),
    ]


def custom() -> list[Panel]:
    """Custom resources, where any are configured or known and served."""
    kind = ("cluster", "group", "kind")
    return [
        lines(
            Card(
                "Custom resources by state",
                many=True,
                shows="Custom resources by kind and state.",
                good="running and succeeded.",
                act="failed or pending for long: describe the resource; its conditions say why.",
                empty="no custom resources are read",
            ),
            (f"{total(one('custom_resources', HERE), 'kind', 'state')} > 0", "{{kind}} {{state}}"),
        ),
        rows_of(
            Card(
                "Conditions that are not true",
                shows="Conditions of custom resources that are false or unknown, with their reason where it is known.",
                good="Only conditions of which false is the good word, such as Failed or Suspended.",
                act="Ready, Active or Admitted false: describe the resource.",
                empty="all conditions are true, or none are read",
            ),
            [total(one("custom_resource_conditions", f'state!="true", {HERE}'), *kind, "condition", "state", "reason")],
            [
                Column("kind", "Kind"),
                Column("condition", "Condition"),
                Column("state", "State"),
                Column("reason", "Reason"),
                Column("A", "Resources", width=130),
            ],
            by="Resources",
        ),
        lines(
            Card(
                "Amounts in custom resources",
                many=True,
                shows="Numbers in the status of custom resources, such as active replicas or pending workloads.",
                good="They follow the work.",
                act="failed grows or pending does not fall: see the queue or the resource itself.",
                empty="no custom resources are read",
            ),
            (f"{total(one('custom_resource_amounts', HERE), 'kind', 'amount')} > 0", "{{kind}} {{amount}}"),
        ),
        lines(
            Card(
                "Custom resources with an old status",
                many=True,
                shows="Custom resources whose controller has not yet seen their newest specification.",
                good="0, or for seconds.",
                act="It stays: the controller of the kind is down or cannot keep up.",
                empty="no custom resources are read",
            ),
            (total(one("custom_resources_stale_status", HERE), "kind"), "{{kind}}"),
        ),
    ]
