"""ElasticBLAST / Batch Jobs and pods: does work flow, and what blocks it?"""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.generator import jobs_around, jobs_detail
from dashboards.generator.board import Board, Row
from dashboards.generator.card import Card
from dashboards.generator.links import to
from dashboards.generator.panels import lines, stats
from dashboards.generator.promql import increase, oldest, one, quantile, rate, total
from dashboards.generator.shared import HERE, WAITING, per_minute
from dashboards.generator.variables import namespace
from dashboards.generator.words import colours
from exporter.domain.words import LIVE_JOB_STATES


def board() -> Board:
    """All Jobs and pods, for the person who runs the cluster."""
    return Board(
        uid="elb-jobs",
        title="Batch Jobs and pods",
        tag="operator",
        serves="the person who runs the cluster",
        asks="Does work flow, and what blocks it?",
        since="now-24h",
        marks=("Alert: critical",),
        variables=(namespace(),),
        rows=(
            Row(title="", panels=[*_now(), *_flow()]),
            Row(title="What blocks work", panels=jobs_detail.blocking()),
            Row(title="Failures", panels=jobs_detail.failures()),
            Row(title="By search", panels=jobs_detail.by_search()),
            Row(title="Submission, warm-up and the OpenAPI service", panels=jobs_around.around()),
            Row(title="Custom resources", panels=jobs_around.custom(), folded=True),
        ),
    )


def _now() -> list[Panel]:
    slots = one("run_slots_limit", HERE)
    finalizers = total(one("jobs", f'role="finalizer", {HERE}'), "cluster", "namespace")
    failed = increase("jobs_finished_total", f'role="blast", result="failed", {HERE}')
    ended = increase("jobs_finished_total", f'role="blast", result=~"succeeded|failed", {HERE}')
    return [
        stats(
            Card(
                "Live Jobs",
                shows="Jobs of all roles that have not ended.",
                good="Rises with a search, falls to 0 after the last.",
                act="Left over with no live search: finalizers that hang (below), or warm-up.",
                w=3,
                h=4,
                empty="Jobs not read",
            ),
            total(one("jobs", HERE)),
        ),
        stats(
            Card(
                "Blast Jobs waiting",
                shows="Blast Jobs that wait for a node or for a retry.",
                good="Falling while others run.",
                act="Standing still: row What blocks work.",
                w=3,
                h=4,
                base="green",
                steps=[(1, "yellow")],
                empty="Jobs not read",
            ),
            total(one("jobs", f"{WAITING}, {HERE}")),
        ),
        stats(
            Card(
                "Oldest pending pod",
                shows="How long the pod that has been Pending for longest has waited.",
                good="Minutes; more while searches queue for nodes.",
                act="Over an hour: row What blocks work names the reason.",
                w=3,
                h=4,
                unit="s",
                base="green",
                steps=[(1800, "yellow"), (7200, "red")],
                empty="no pod is pending",
            ),
            oldest("pods_pending_oldest_timestamp_seconds", HERE),
        ),
        stats(
            Card(
                "Blast Jobs failed",
                shows="Share of the blast Jobs that ended in the time shown and failed.",
                good="Below 1 %.",
                act="Row Failures says for what reasons. bad_input is the users' to mend, all others are yours.",
                w=3,
                h=4,
                unit="percentunit",
                decimals=2,
                base="green",
                steps=[(0.01, "yellow"), (0.05, "red")],
                empty="no Job has ended yet",
            ),
            f"{total(failed)} / ({total(ended)} > 0)",
        ),
        stats(
            Card(
                "Run slots taken",
                shows="Share of the searches that the OpenAPI service may run at once, by live finalizer Jobs.",
                good="Below 100 %.",
                act="100 % with little work: a finalizer that is alone holds a slot. Table Searches with a flag below.",
                w=3,
                h=4,
                unit="percentunit",
                base="green",
                steps=[(1, "yellow")],
                empty="no OpenAPI service, or no limit",
            ),
            f"{total(finalizers)} / ({total(slots)} > 0)",
        ),
        stats(
            Card(
                "Job objects stored",
                shows="All Job objects that the API server keeps, also finished ones. An estimate.",
                good="Below a few ten thousand.",
                act="Many: lists become slow. Delete finished Jobs, or submit with a time to live.",
                w=3,
                h=4,
                base="green",
                steps=[(20000, "yellow"), (50000, "red")],
                empty="not counted yet",
            ),
            total(one("jobs_stored", HERE)),
        ),
        stats(
            Card(
                "Jobs without a search",
                shows="Jobs of ElasticBLAST whose search cannot be told: no label, no environment, no path.",
                good="0.",
                act="A cancel does not reach them. An old client makes them: kubectl get jobs --show-labels.",
                w=3,
                h=4,
                base="green",
                steps=[(1, "orange")],
                empty="Jobs not read",
            ),
            total(one("jobs_unattributed", HERE)),
        ),
        stats(
            Card(
                "OpenAPI pods ready",
                shows="Pods of the OpenAPI service that are ready.",
                good="At least 1 where the service is used.",
                act="0: searches cannot be submitted through it. See its failed attempts in row Failures.",
                w=3,
                h=4,
                base="text",
                steps=[(1, "green")],
                empty="pods not read",
                link=to("elb-exporter"),
            ),
            total(one("pods", f'role="openapi", state="ready", {HERE}')),
        ),
    ]


def _flow() -> list[Panel]:
    ended = rate("jobs_finished_total", f'role="blast", {HERE}')
    return [
        lines(
            Card(
                "Blast Jobs finished per minute",
                shows="How many blast Jobs end in a minute, by result.",
                good="A steady height while searches run, and nothing failed or lost.",
                act="Failed: row Failures. A fall to 0 while Jobs wait: row What blocks work.",
                w=12,
                h=9,
                decimals=1,
                empty="no Job has ended yet",
                colours=colours(("succeeded", "failed", "lost")),
            ),
            (per_minute(total(ended, "result")), "{{result}}"),
            stacked=True,
        ),
        lines(
            Card(
                "Live Jobs by state",
                many=True,
                shows="Jobs of all roles that have not ended, by state.",
                good="Running is the largest part while nodes are there.",
                act="retrying: row Failures. suspended: by a queue. deleting for long: finalizers on objects.",
                w=12,
                h=9,
                empty="Jobs not read",
                colours=colours(LIVE_JOB_STATES),
            ),
            (total(one("jobs", HERE), "state"), "{{state}}"),
            stacked=True,
        ),
        lines(
            Card(
                "Wait of blast Jobs",
                shows="Time from the creation of a blast Job to its first container: median and 95th percentile.",
                good="Seconds with free nodes, minutes in a queue.",
                act="Rising: more work than nodes, or image pulls that take long.",
                w=12,
                h=9,
                unit="s",
                empty="no Job has started in this time",
                colours={"p50": "blue", "p95": "orange"},
            ),
            (quantile(0.5, "job_queue_duration_seconds"), "p50"),
            (quantile(0.95, "job_queue_duration_seconds"), "p95"),
        ),
        lines(
            Card(
                "Duration of blast Jobs by program",
                many=True,
                shows="95th percentile of the time that blast Jobs take which succeed, by program and database.",
                good="Steady for the same program and database.",
                act="One that grows: its database is read from far away, or its batches are longer.",
                w=12,
                h=9,
                unit="s",
                empty="no blast Job has succeeded in this time",
            ),
            (quantile(0.95, "job_duration_seconds", "", "program", "db"), "{{program}} {{db}}"),
        ),
    ]
