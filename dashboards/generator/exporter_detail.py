"""The lower rows of the board Exporter."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.generator.card import Card
from dashboards.generator.panels import lines
from dashboards.generator.promql import increase, one, rate, series, total
from dashboards.generator.shared import per_minute
from dashboards.generator.tables import Column, rows_of


def requests() -> list[Panel]:
    """What it asks of the API servers and of ARM."""
    asked = total(rate("exporter_api_requests_total"), "collector", "verb")
    refused = total(rate("exporter_api_requests_total", 'code!~"2xx|3xx"'), "collector", "code")
    return [
        lines(
            Card(
                "Requests per minute",
                many=True,
                shows="Requests to API servers and to ARM.",
                good="Tens at most, mostly watches that last.",
                act="Many lists: watches break off, see Reads that failed.",
                w=8,
                decimals=1,
                empty="no request yet",
            ),
            (per_minute(asked), "{{collector}} {{verb}}"),
        ),
        lines(
            Card(
                "Refused requests per minute",
                many=True,
                shows="Requests that were answered with an error, by HTTP status.",
                good="None; 404 where a kind is not served; 410 now and then.",
                act="403: a right. 401: the token. 429: the API is busy. 5xx: the control plane.",
                w=8,
                decimals=1,
                empty="no request was refused",
            ),
            (f"{per_minute(refused)} > 0", "{{collector}} {{code}}"),
        ),
        lines(
            Card(
                "Requests that ARM still allows",
                many=True,
                shows="What ARM said in its last answer may still be asked in this hour.",
                good="Thousands.",
                act="Near 0: another tool uses up the limit of the subscription; the exporter waits by itself.",
                w=8,
                empty="Azure not read",
            ),
            (one("exporter_arm_ratelimit_remaining"), "{{cluster}} {{scope}} {{operation}}"),
        ),
        lines(
            Card(
                "Clock skew",
                many=True,
                shows="Clock of each API minus that of the exporter.",
                good="Within two seconds.",
                act="More: set the clock of the node; ages and durations are wrong by as much.",
                w=12,
                unit="s",
                decimals=1,
                empty="no answer yet",
            ),
            (one("exporter_clock_skew_seconds"), "{{cluster}} {{collector}}"),
        ),
        rows_of(
            Card(
                "Credentials",
                shows="How the exporter shows who it is to each API.",
                good="workload identity or a service account; no secrets that somebody must renew.",
                act="A client secret or a kubeconfig: note when it ends.",
                w=12,
                empty="no credential needed",
            ),
            [one("exporter_credential_info")],
            [Column("cluster", "Cluster"), Column("api", "API"), Column("mode", "Mode")],
            by="API",
            rising=True,
        ),
    ]


def left_out() -> list[Panel]:
    """What the page does not say."""
    return [
        lines(
            Card(
                "Records rejected by resource",
                many=True,
                shows="Objects that could not be decoded in the hour before each point, by resource.",
                good="0.",
                act="Report it with the line of the log.",
                w=8,
                decimals=0,
                empty="exporter not seen",
            ),
            (total(increase("exporter_records_rejected_total", over="1h"), "resource"), "{{resource}}"),
        ),
        lines(
            Card(
                "Words replaced by other",
                many=True,
                shows="Texts of objects that became `other` in the hour before each point, by label.",
                good="0, or little.",
                act="program or db: more pairs than are kept apart. reason: a new word of Kubernetes, report it.",
                w=8,
                decimals=0,
                empty="exporter not seen",
            ),
            (total(increase("exporter_label_values_replaced_total", over="1h"), "label"), "{{label}}"),
        ),
        lines(
            Card(
                "Searches hidden over time",
                many=True,
                shows="Searches over the cap, which have no series of their own.",
                good="0.",
                act="Raise the cap, or show ended searches for a shorter time.",
                w=8,
                empty="Jobs not read",
            ),
            (one("exporter_searches_hidden"), "{{cluster}} hidden"),
        ),
    ]


def process() -> list[Panel]:
    """The process, and those who ask it."""
    return [
        lines(
            Card(
                "CPU",
                shows="Cores that each exporter uses.",
                good="Well below its limit.",
                act="At its limit: scrapes are slow and data grows old. Raise it, or shard the fleet.",
                w=6,
                decimals=3,
                empty="exporter not seen",
            ),
            (f"max by (instance) (rate({series('process_cpu_seconds_total')}[$__rate_interval]))", "{{instance}}"),
        ),
        lines(
            Card(
                "Memory",
                shows="Resident memory of each exporter.",
                good="Level.",
                act="Near its limit it is killed: raise the limit, or show fewer searches.",
                w=6,
                unit="bytes",
                empty="exporter not seen",
            ),
            (f"max by (instance) ({series('process_resident_memory_bytes')})", "{{instance}}"),
        ),
        lines(
            Card(
                "Open files",
                shows="File descriptors that each exporter has open: connections, watches, files.",
                good="Level.",
                act="Rising without end: report it.",
                w=6,
                empty="exporter not seen",
            ),
            (f"max by (instance) ({series('process_open_fds')})", "{{instance}}"),
        ),
        lines(
            Card(
                "Running for",
                shows="Time since each exporter started.",
                good="Long.",
                act="It falls to 0 again and again: the last lines of the log before the restart say why.",
                w=6,
                unit="s",
                empty="exporter not seen",
            ),
            (f"time() - max by (instance) ({series('process_start_time_seconds')})", "{{instance}}"),
        ),
        lines(
            Card(
                "Duration of scrapes",
                shows="How long Prometheus waited for each page.",
                good="Well below a second.",
                act="Seconds: too little CPU, or a slow network between them. Its timeout is 10 seconds by default.",
                w=8,
                unit="s",
                base="transparent",
                steps=[(5, "yellow"), (10, "red")],
                empty="no scrape yet",
            ),
            ('max by (instance) (scrape_duration_seconds{job=~"$job"})', "{{instance}}"),
            limits=True,
        ),
        lines(
            Card(
                "Requests answered per minute",
                many=True,
                shows="Requests that the exporter answered, by page and HTTP status.",
                good="metrics 200 as often as Prometheus scrapes.",
                act="503: not ready. 429: too many at once; somebody else scrapes too.",
                w=8,
                decimals=1,
                empty="no request yet",
            ),
            (per_minute(total(rate("exporter_http_requests_total"), "handler", "code")), "{{handler}} {{code}}"),
        ),
        rows_of(
            Card(
                "Builds",
                shows="Version, revision and Python of each exporter.",
                good="The same for all.",
                act="Different: a rollout hangs.",
                w=8,
                empty="exporter not seen",
            ),
            [f"max by (instance, version, revision, python_version) ({series('exporter_build_info')})"],
            [
                Column("instance", "Instance"),
                Column("version", "Version"),
                Column("revision", "Revision"),
                Column("python_version", "Python"),
            ],
            by="Version",
        ),
    ]
