"""The lower rows of the board Batch Jobs and pods."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.generator.card import Card
from dashboards.generator.links import TO_SEARCH
from dashboards.generator.panels import bars, lines, timeline
from dashboards.generator.promql import SEARCH, coded, increase, oldest, one, rate, total
from dashboards.generator.shared import ALIVE, HERE, per_minute
from dashboards.generator.tables import Column, rows_of
from dashboards.generator.words import ROLES, colours
from exporter.domain.words import CLAIM_PHASES, POD_STATES

_BUDGET = 0.01  # the share of blast Jobs that may fail


def blocking() -> list[Panel]:
    """Why pods do not run."""
    return [
        lines(
            Card(
                "Blocked pods by reason",
                many=True,
                shows="Pods that cannot run now, by the first reason that fits.",
                good="Nothing, or cpu and memory while searches queue.",
                act="image, config: registry or names. affinity, taint: labels of nodes. volume, storage: disks.",
                w=8,
                empty="pods not read",
            ),
            (total(one("pods_blocked", HERE), "reason"), "{{reason}}"),
            stacked=True,
        ),
        lines(
            Card(
                "Oldest pending pod by role",
                shows="How long the oldest Pending pod of each role has waited.",
                good="Minutes.",
                act="setup or submit waits: no search can begin. finalizer waits: a search cannot end.",
                w=8,
                unit="s",
                empty="no pod is pending",
                colours=ROLES,
            ),
            (oldest("pods_pending_oldest_timestamp_seconds", HERE, "role"), "{{role}}"),
        ),
        lines(
            Card(
                "Pods by state",
                shows="Living pods by state.",
                good="Mostly running or ready.",
                act="terminating for long: the node is gone or a finalizer holds the pod.",
                w=8,
                empty="pods not read",
                colours=colours(POD_STATES),
            ),
            (total(one("pods", HERE), "state"), "{{state}}"),
            stacked=True,
        ),
        lines(
            Card(
                "Warning events per minute",
                many=True,
                shows="Warnings of Kubernetes on Jobs, pods, nodes and claims, by reason.",
                good="FailedScheduling while searches queue, little else.",
                act="FailedMount, Failed, BackOff: describe the pod. OOMKilling, Evicted: memory or disk of a node.",
                w=12,
                decimals=1,
                empty="no event has been seen",
            ),
            (f"{per_minute(total(rate('events_total'), 'kind', 'reason'))} > 0", "{{kind}} {{reason}}"),
        ),
        timeline(
            Card(
                "Volume claims",
                shows="Phase of each PersistentVolumeClaim.",
                good="Bound.",
                act="Pending: no disk was made, see its events. Lost: its volume is gone, load the database again.",
                w=12,
                words=CLAIM_PHASES,
                empty="no claims, or they cannot be read",
            ),
            coded("persistentvolumeclaim_phase", "phase", CLAIM_PHASES, HERE),
            "{{cluster}} {{namespace}}/{{persistentvolumeclaim}}",
        ),
    ]


def failures() -> list[Panel]:
    """What failed, why, and whether too much did."""
    ours = f'role="blast", reason!="bad_input", result="failed", {HERE}'
    failed = f'role="blast", result="failed", {HERE}'
    ended = f'role="blast", result=~"succeeded|failed", {HERE}'
    hour = (
        f"{total(increase('jobs_finished_total', ours, over='1h'))} "
        f"/ ({total(increase('jobs_finished_total', ended, over='1h'))} > 0)"
    )
    month = (
        f"{total(increase('jobs_finished_total', ours, over='30d'))} "
        f"/ ({total(increase('jobs_finished_total', ended, over='30d'))} > 0)"
    )
    return [
        lines(
            Card(
                "Share of blast Jobs that fail",
                shows="Blast Jobs that failed for another reason than the query, of those that ended, over an hour.",
                good="Below 1 %.",
                act="Above 14 % for minutes it is systemic: image, storage, database or quota. Pause submissions.",
                w=8,
                unit="percentunit",
                base="transparent",
                steps=[(0.01, "yellow"), (0.144, "red")],
                empty="no Job has ended in an hour",
                colours={"failed": "red"},
            ),
            (hour, "failed"),
            limits=True,
        ),
        lines(
            Card(
                "Error budget left",
                shows="What is left of the 1 % of blast Jobs that may fail in 30 days.",
                good="Above 0.",
                act="Below 0: mend before adding work. The reasons are beside.",
                w=8,
                unit="percentunit",
                least=-1,
                most=1,
                base="red",
                steps=[(0, "transparent")],
                empty="no Job has ended yet",
            ),
            (f"1 - ({month}) / {_BUDGET:g}", "left"),
            limits=True,
        ),
        bars(
            Card(
                "Blast Jobs failed by reason",
                shows="Blast Jobs without a retry left in the time shown, by the reason of their last attempt.",
                good="None, or bad_input.",
                act="The words are explained on the board Search, under What do I do if ….",
                w=8,
                base="red",
                decimals=0,
                empty="no blast Job has failed",
            ),
            f"{total(increase('jobs_finished_total', failed), 'reason')} > 0",
            "{{reason}}",
        ),
        lines(
            Card(
                "Failed attempts per minute by reason",
                many=True,
                shows="Attempts of pods that failed, whether retried or not.",
                good="Few against the Jobs that finish.",
                act="killed, evicted, terminated in bursts: nodes go, see Nodes and Azure. memory: larger nodes.",
                w=12,
                decimals=1,
                empty="no attempt has failed",
            ),
            (f"{per_minute(total(rate('attempts_failed_total'), 'reason'))} > 0", "{{reason}}"),
            stacked=True,
        ),
        bars(
            Card(
                "Failed attempts by role",
                shows="Attempts of pods that failed in the time shown, by role and reason.",
                good="None of setup, submit, finalizer and openapi.",
                act="setup: database or network. submit: its log. finalizer: the upload. openapi: it restarts.",
                w=12,
                base="orange",
                decimals=0,
                empty="no attempt has failed",
            ),
            f"{total(increase('attempts_failed_total'), 'role', 'reason')} > 0",
            "{{role}} {{reason}}",
        ),
    ]


def by_search() -> list[Panel]:
    """The ten that stand out."""
    told = f'reason!="none", {HERE}'
    flags = f"{one('search_flag', HERE)} == 1"
    return [
        _worst("Most Jobs waiting", "pending", "waiting", "Few searches share the nodes.", "yellow"),
        _worst("Most Jobs failed", "failed", "failed", "Empty.", "red"),
        rows_of(
            Card(
                "Blocked pods by search",
                shows="The ten searches with most pods that cannot run now.",
                good="Empty, or cpu and memory.",
                act="Open the search; the reason says what to mend.",
                w=8,
                empty="nothing blocks a pod",
            ),
            [f"topk(10, {one('search_pods_blocked', HERE)})"],
            [
                Column("elb_job_id", "Search", link=TO_SEARCH),
                Column("reason", "Reason", width=110),
                Column("A", "Pods", width=90),
            ],
            by="Pods",
        ),
        rows_of(
            Card(
                "Searches with a flag",
                shows="Abnormal facts that hold now: finalizers alone, Jobs made again, setups of others, and more.",
                good="Empty.",
                act="finalizer_alone and zombie hold a run slot: cancel the search. Others: see the board Search.",
                w=12,
                empty="nothing abnormal",
            ),
            [flags],
            [
                Column("cluster", "Cluster", width=110),
                Column("elb_job_id", "Search", link=TO_SEARCH),
                Column("flag", "Flag", width=180),
            ],
            by="Flag",
            rising=True,
        ),
        rows_of(
            Card(
                "Why searches are in their phase",
                shows="Searches with something to say: idle, unschedulable, stalled, phantom and more.",
                good="Empty, or submit_active.",
                act="The words are explained on the board Search, under What do I do if ….",
                w=12,
                empty="nothing to say",
            ),
            [f"{one('search_phase_reason', told)} {ALIVE}"],
            [
                Column("cluster", "Cluster", width=110),
                Column("elb_job_id", "Search", link=TO_SEARCH),
                Column("reason", "Why", width=180),
            ],
            by="Why",
            rising=True,
        ),
    ]


def _worst(title: str, state: str, adjective: str, good: str, colour: str) -> Panel:
    jobs = total(one("search_jobs", f'state="{state}", {HERE}'), *SEARCH)
    return rows_of(
        Card(
            title,
            shows=f"The ten searches with most blast Jobs {adjective}.",
            good=good,
            act="Open the search to see why.",
            w=8,
            empty=f"no Job is {adjective}",
        ),
        [f"topk(10, {jobs} > 0)"],
        [
            Column("elb_job_id", "Search", link=TO_SEARCH),
            Column("A", "Jobs", width=80, base=colour, steps=[(1, colour)]),
        ],
        by="Jobs",
    )
