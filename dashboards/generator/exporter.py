"""ElasticBLAST / Exporter: can the numbers be trusted?"""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.generator import exporter_detail
from dashboards.generator.board import Board, Row
from dashboards.generator.card import Card
from dashboards.generator.panels import lines, stats, timeline
from dashboards.generator.promql import coded, increase, one, rate, total, zero
from dashboards.generator.shared import TROUBLE, age
from dashboards.generator.tables import Column, rows_of
from exporter.domain.words import RESOURCE_STATES


def board() -> Board:
    """The exporter itself."""
    return Board(
        uid="elb-exporter",
        title="Exporter",
        tag="operator",
        serves="the person who runs the exporter",
        asks="Can the numbers be trusted?",
        since="now-24h",
        marks=("Alert: critical",),
        rows=(
            Row(title="", panels=[*_now(), *_health(), *_reads()]),
            Row(title="Requests to the APIs", panels=exporter_detail.requests()),
            Row(title="What is left out", panels=exporter_detail.left_out()),
            Row(title="Process and scrapes", panels=exporter_detail.process()),
        ),
    )


def _now() -> list[Panel]:
    blind = f"count({one('exporter_collector_state', TROUBLE)} == 1)"
    return [
        stats(
            Card(
                "Exporters up",
                shows="Scrape targets of the exporter that answer.",
                good="As many as there are replicas.",
                act="Fewer: see the pod, its probes and the network policy.",
                w=3,
                h=4,
                base="red",
                steps=[(1, "green")],
                empty="no target of the exporter",
            ),
            'sum(up{job=~"$job"})',
        ),
        stats(
            Card(
                "Resources not read",
                shows="Resources whose data is old, refused or was never had.",
                good="0.",
                act="The timeline below says which; the table says by which failure.",
                w=3,
                h=4,
                base="green",
                steps=[(1, "red")],
                empty="exporter not seen",
            ),
            zero(blind, one("exporter_collector_state")),
        ),
        stats(
            Card(
                "Age of the data",
                shows="Time since Jobs, pods or nodes were last read, whichever is oldest, of clusters that are on.",
                good="Below 2 minutes.",
                act="Older than 5 minutes it is no longer shown: see Reads that failed.",
                w=3,
                h=4,
                unit="s",
                base="green",
                steps=[(150, "yellow"), (300, "red")],
                empty="exporter not seen",
            ),
            age(),
        ),
        stats(
            Card(
                "Searches hidden",
                shows="Searches without series of their own, because the cap is reached. They count in all sums.",
                good="0.",
                act="Raise the cap in the configuration, or show ended searches for a shorter time.",
                w=3,
                h=4,
                base="green",
                steps=[(1, "yellow")],
                empty="Jobs not read",
            ),
            total(one("exporter_searches_hidden")),
        ),
        stats(
            Card(
                "Records rejected",
                shows="Objects of the API that were left out in the time shown, because they could not be decoded.",
                good="0.",
                act="Report it with the line of the log; the numbers lack those objects.",
                w=3,
                h=4,
                decimals=0,
                base="green",
                steps=[(0.5, "yellow")],
                empty="exporter not seen",
            ),
            total(increase("exporter_records_rejected_total")),
        ),
        stats(
            Card(
                "Credentials end in",
                shows="Time to the end of the token that ends first.",
                good="Above some minutes; it is renewed before.",
                act="It falls to 0: the identity, its federation or its secret has ended.",
                w=3,
                h=4,
                unit="s",
                base="red",
                steps=[(60, "green")],
                empty="no token that ends",
            ),
            f"min({one('exporter_credential_expiry_timestamp_seconds')}) - time()",
        ),
        stats(
            Card(
                "Series per scrape",
                shows="Samples of the largest page in its last scrape.",
                good="A few thousand; see the budget in the list of metrics.",
                act="Far more: many searches are shown, or many clusters in one replica. Shard the fleet.",
                w=3,
                h=4,
                empty="no scrape yet",
            ),
            'max(scrape_samples_scraped{job=~"$job"})',
        ),
        stats(
            Card(
                "Version",
                shows="Version of the exporter that runs.",
                good="One version.",
                act="Two: a rollout hangs.",
                w=3,
                h=4,
                base="text",
                empty="exporter not seen",
            ),
            f"max by (version) ({one('exporter_build_info')})",
            "{{version}}",
            name_only=True,
        ),
    ]


def _health() -> list[Panel]:
    return [
        timeline(
            Card(
                "What is read",
                shows="How far the data of each resource may be trusted.",
                good="fresh. absent: the API does not serve it. stopped: the cluster is off.",
                act="denied: grant the right of elasticblast-exporter check. stale, expired: see Reads that failed.",
                w=14,
                h=11,
                words=RESOURCE_STATES,
                empty="exporter not seen",
            ),
            coded("exporter_collector_state", "state", RESOURCE_STATES),
            "{{cluster}} {{resource}}",
            rows=16,
        ),
        rows_of(
            Card(
                "How it is read",
                shows="Each resource: watched or polled, and when it was last read.",
                good="watch where the API has one.",
                act="poll for jobs or pods: the Role lacks the verb watch, so numbers come late.",
                w=10,
                h=11,
                empty="exporter not seen",
            ),
            [one("exporter_collector_info"), f"time() - {one('exporter_collector_last_success_timestamp_seconds')}"],
            [
                Column("cluster", "Cluster", width=90),
                Column("collector", "Collector", width=90),
                Column("resource", "Resource"),
                Column("mode", "Mode", width=70),
                Column("B", "Read before", unit="s", decimals=0, width=130),
            ],
            by="Read before",
        ),
    ]


def _reads() -> list[Panel]:
    failed = rate("exporter_collector_runs_total", 'result!~"ok|skipped"')
    bucket = total(rate("exporter_collector_duration_seconds_bucket"), "collector", "le")
    return [
        lines(
            Card(
                "Reads that failed, per minute",
                many=True,
                shows="Attempts to read a resource that failed, by the word of the failure.",
                good="None, or single ones.",
                act="denied, unauthenticated: rights and tokens. dns, connect, timeout: network. throttled: slow down.",
                w=12,
                decimals=1,
                empty="exporter not seen",
            ),
            (f"60 * {total(failed, 'resource', 'result')} > 0", "{{resource}} {{result}}"),
        ),
        lines(
            Card(
                "Duration of reads",
                shows="95th percentile of the time that a list or a poll takes, by collector.",
                good="Below the interval of the collector.",
                act="Rising: many Jobs stored, or a slow API server.",
                w=12,
                unit="s",
                empty="no list or poll in this time",
            ),
            (f"histogram_quantile(0.95, {bucket})", "{{collector}}"),
        ),
    ]
