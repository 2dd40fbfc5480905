"""ElasticBLAST / Administration: what was cancelled, did it work, who was refused?"""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.generator.board import Board, Row
from dashboards.generator.card import Card
from dashboards.generator.links import TO_SEARCH, runbook
from dashboards.generator.panels import bars, lines, note, stats
from dashboards.generator.promql import increase, one, quantile, rate, total
from dashboards.generator.shared import per_minute
from dashboards.generator.tables import Column, rows_of
from dashboards.generator.words import ROLES, colours
from exporter.metrics.cancel import CANCELS

_OFF = "the admin port is off"
_STOPPED = 'phase=~"cancelling|cancelled"'
_BAD = 'result=~"partial|conflict|refused|unavailable|interrupted|audit_failed"'


def board() -> Board:
    """Cancels, without a word of who asked: that is in the audit log."""
    return Board(
        uid="elb-admin",
        title="Administration",
        tag="operator",
        serves="the person who runs the cluster",
        asks="What was cancelled, did it work, and who was refused?",
        since="now-7d",
        marks=("Cancel begins", "Cancel ends", "Alert: critical"),
        rows=(
            Row(title="", panels=[*_now(), _running(), _cancelled(), *_over_time()]),
            Row(title="Callers", panels=_callers()),
            Row(title="Where to read who asked", panels=[_audit()]),
        ),
    )


def _count(
    title: str, name: str, where: str, *, shows: str, good: str, act: str, steps: list[tuple[float, str]]
) -> Panel:
    card = Card(title, shows=shows, good=good, act=act, w=4, h=4, decimals=0, base="green", steps=steps, empty=_OFF)
    return stats(card, total(increase(name, where)))


def _now() -> list[Panel]:
    red = [(0.5, "red")]
    return [
        _count(
            "Cancels done",
            "exporter_cancels_total",
            'result=~"done|already_gone"',
            shows="Cancels in the time shown after which nothing of the search was left.",
            good="Any number.",
            act="More than you know of: the audit log says who asked.",
            steps=[],
        ),
        _count(
            "Cancels not done",
            "exporter_cancels_total",
            _BAD,
            shows="Cancels in the time shown that left something, or were stopped.",
            good="0.",
            act="Ask for it again: a cancel begins where the last one ended. Else delete the Jobs by their label.",
            steps=red,
        ),
        stats(
            Card(
                "Oldest cancel that runs",
                shows="How long ago the oldest cancel that still runs was asked for.",
                good="Below a minute.",
                act="Over 15 minutes: pods that do not go, or an API that refuses. See its stage below.",
                w=4,
                h=4,
                unit="s",
                base="green",
                steps=[(300, "yellow"), (900, "red")],
                empty="no cancel runs",
            ),
            f"time() - min({one('search_cancel_start_timestamp_seconds')})",
        ),
        _count(
            "Jobs after a cancel",
            "jobs_after_cancel_total",
            "",
            shows="Jobs of a search that were made after its cancel was done.",
            good="0.",
            act="Something still submits: stop the process or the service that does, then cancel again.",
            steps=red,
        ),
        _count(
            "Refused",
            "exporter_cancels_refused_total",
            "",
            shows="Cancels that were refused before anything was deleted.",
            good="Few.",
            act="See the reasons below; forbidden and unauthenticated many times may be somebody who should not.",
            steps=[(10, "yellow")],
        ),
        _count(
            "Audit records lost",
            "exporter_audit_failures_total",
            "",
            shows="Audit records that could not be written. No cancel begins without one.",
            good="0.",
            act="The place of the audit log is full or not writable.",
            steps=red,
        ),
    ]


def _running() -> Panel:
    age = f"time() - {one('search_cancel_start_timestamp_seconds')}"
    left = total(one("search_jobs", 'state=~"pending|running"'), "cluster", "namespace", "elb_job_id")
    return rows_of(
        Card(
            "Cancels that run",
            shows="Each cancel at work: its stage, its age, and the blast Jobs that are left.",
            good="Gone within a minute.",
            act="Stage verify for long: pods do not end. Others: the API refuses deletes, see the log.",
            h=7,
            empty="no cancel runs",
        ),
        [f"{one('search_cancel_stage')} == 1", age, f"{left} and on (cluster, namespace, elb_job_id) {age}"],
        [
            Column("cluster", "Cluster"),
            Column("elb_job_id", "Search", link=TO_SEARCH),
            Column("stage", "Stage"),
            Column("B", "Age", unit="s", steps=[(900, "red")]),
            Column("C", "Jobs left"),
        ],
        by="Age",
    )


def _cancelled() -> Panel:
    return rows_of(
        Card(
            "Searches cancelled",
            shows="Searches that are shown and were cancelled, and by what: admin, or a delete from outside.",
            good="Those that you know of.",
            act="external_delete that nobody knows of: see the audit log of the API server.",
            h=7,
            empty="none within the hour",
        ),
        [
            f"{one('search_phase_reason')} and on (cluster, namespace, elb_job_id) "
            f"({one('search_phase', _STOPPED)} == 1)"
        ],
        [
            Column("cluster", "Cluster", width=110),
            Column("namespace", "Namespace", width=110),
            Column("elb_job_id", "Search", link=TO_SEARCH),
            Column("reason", "By", width=150),
        ],
        by="By",
        rising=True,
    )


def _over_time() -> list[Panel]:
    took = "exporter_cancel_duration_seconds"
    return [
        lines(
            Card(
                "Cancels ended",
                many=True,
                shows="Cancels that ended in the hour before each point, by result; planned are dry runs.",
                good="done and planned.",
                act="partial, interrupted: ask again. unavailable: the API did not answer. conflict: two at once.",
                w=8,
                h=10,
                decimals=0,
                empty=_OFF,
                colours=colours((CANCELS.values or {})["result"]),
            ),
            (total(increase("exporter_cancels_total", over="1h"), "result"), "{{result}}"),
            stacked=True,
        ),
        lines(
            Card(
                "Time to the last pod",
                shows="From the request of a cancel to the moment its last pod was gone: median and 95th percentile.",
                good="Below a minute, 30 seconds of which pods may take to end.",
                act="Minutes: nodes that are gone keep their pods; the control plane is slow.",
                w=8,
                h=10,
                unit="s",
                empty="no cancel has ended in this time",
                colours={"p50": "blue", "p95": "orange"},
            ),
            (quantile(0.5, took, over="1h"), "p50"),
            (quantile(0.95, took, over="1h"), "p95"),
        ),
        lines(
            Card(
                "Jobs deleted by cancels",
                shows="Jobs whose deletion the API server accepted in the hour before each point, by role.",
                good="It fits the searches that were cancelled.",
                act="Far more than expected: the audit log says for which search.",
                w=8,
                h=10,
                decimals=0,
                empty=_OFF,
                colours=ROLES,
            ),
            (total(increase("exporter_cancel_objects_deleted_total", over="1h"), "role"), "{{role}}"),
            stacked=True,
        ),
    ]


def _callers() -> list[Panel]:
    return [
        bars(
            Card(
                "Cancels refused by reason",
                shows="Cancels that were refused in the time shown, by reason.",
                good="None, or confirm and count: a caller who was made to think again.",
                act="too_many: a script in a loop. unlabelled: the search has Jobs of an old client. limited: wait.",
                w=8,
                base="yellow",
                decimals=0,
                empty="none refused, or the admin port is off",
            ),
            f"{total(increase('exporter_cancels_refused_total'), 'reason')} > 0",
            "{{reason}}",
        ),
        lines(
            Card(
                "Callers not known or not allowed, per minute",
                many=True,
                shows="Requests to the admin port whose caller was not known or had no right, by reason.",
                good="0.",
                act="invalid, missing in numbers: somebody tries. forbidden: no right.",
                w=8,
                decimals=1,
                empty=_OFF,
            ),
            (per_minute(total(rate("exporter_auth_failures_total"), "reason")), "{{reason}}"),
        ),
        lines(
            Card(
                "Admin requests per minute",
                shows="Requests that the admin port answered, by HTTP status.",
                good="200 and 202.",
                act="401, 403: see beside. 429: a limit of callers. 5xx: the exporter's log.",
                w=8,
                decimals=1,
                empty="no request yet, or the admin port is off",
            ),
            (per_minute(total(rate("exporter_http_requests_total", 'handler=~"admin_.+"'), "code")), "{{code}}"),
        ),
    ]


def _audit() -> Panel:
    text = (
        "No metric says who asked for a cancel; the audit log does, one line for each request and each end, with the "
        "caller, the search and the result. On Kubernetes: `kubectl logs deploy/elasticblast-exporter`.\n\n"
        f"Runbooks: {runbook('ElbCancelFailed')}, {runbook('ElbCancelStuck')}."
    )
    return note("Where to read who asked", "Where the names of callers are kept.", text, h=4)
