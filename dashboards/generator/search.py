"""ElasticBLAST / Search: where is my search, when will it be done, is it complete?"""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.generator import search_detail
from dashboards.generator.board import Board, Row
from dashboards.generator.card import Card
from dashboards.generator.panels import bars, lines, stats, timeline
from dashboards.generator.promql import coded, one, total
from dashboards.generator.shared import THIS, done
from dashboards.generator.variables import search
from dashboards.generator.words import colours
from exporter.domain.words import JOB_VIEW, PHASES


def board() -> Board:
    """One search, for the person whose search it is."""
    return Board(
        uid="elb-search",
        title="Search",
        tag="scientist",
        serves="the person whose search it is",
        asks="Where is my search, when will it be done, is it complete?",
        since="now-6h",
        marks=("Search begins", "Search ends", "Cancel begins", "Alert: critical", "Alert: warning"),
        one_search=True,
        variables=(search(),),
        rows=(
            Row(title="", panels=[*_now(), *_time(), _history(), _in_phase(), _jobs(), _speed()]),
            Row(title="Trouble", panels=search_detail.trouble()),
            Row(title="Time and machines", panels=search_detail.machines()),
            Row(title="Facts", panels=search_detail.facts(), folded=True),
            Row(title="What do I do if …", panels=search_detail.advice(), folded=True),
        ),
    )


def _now() -> list[Panel]:
    return [
        stats(
            Card(
                "Phase",
                shows="What the search does now.",
                good="Running or pending, later finalizing, then succeeded.",
                act="The panel Why says why it is in this phase.",
                w=3,
                h=4,
                words=PHASES,
                empty="not shown in this time",
            ),
            coded("search_phase", "phase", PHASES, THIS),
        ),
        stats(
            Card(
                "Why",
                shows="Why the search is in its phase; `none` if there is nothing to say.",
                good="none.",
                act="Find the word under What do I do if … at the end of this page.",
                w=3,
                h=4,
                base="text",
                empty="not shown in this time",
            ),
            one("search_phase_reason", THIS),
            "{{reason}}",
            name_only=True,
        ),
        stats(
            Card(
                "Done",
                shows="Share of its batches that have ended, also failed ones. Unknown while it is submitted.",
                good="Rising.",
                act="Standing still: see Quiet for and What blocks its pods.",
                w=3,
                h=4,
                unit="percentunit",
                empty="not known yet",
                least=0,
                most=1,
                steps=[(1, "green")],
            ),
            done(THIS),
        ),
        stats(
            Card(
                "Jobs left",
                shows="Blast Jobs of it that have not ended.",
                good="Falling to 0.",
                act="Standing still: see Quiet for and What blocks its pods.",
                w=3,
                h=4,
                empty="not shown in this time",
            ),
            total(one("search_jobs", f'state=~"pending|running|lost", {THIS}')),
        ),
    ]


def _time() -> list[Panel]:
    return [
        stats(
            Card(
                "Time left",
                shows="Estimated time to the end, from the time that its finished Jobs took.",
                good="Falling as fast as the clock.",
                act="It grows: fewer nodes than before, or longer batches. No estimate is made without finished Jobs.",
                w=3,
                h=4,
                unit="s",
                decimals=1,
                empty="no estimate, or ended",
            ),
            f"clamp_min({one('search_eta_timestamp_seconds', THIS)} - time(), 0)",
        ),
        stats(
            Card(
                "In this phase for",
                shows="Time since its phase began; if it has ended, since then.",
                good="Initializing below 40 minutes, submitting below 15, finalizing below 30.",
                act="Longer: the panel Why, then row Trouble.",
                w=3,
                h=4,
                unit="s",
                decimals=1,
                empty="not shown in this time",
            ),
            f"time() - {one('search_phase_start_timestamp_seconds', THIS)}",
        ),
        stats(
            Card(
                "Age",
                shows="Time since its first object was created.",
                good="What such a search usually takes: see Searches that succeeded with its program below.",
                act="Much longer: see the phase in which the time went.",
                w=3,
                h=4,
                unit="s",
                decimals=1,
                empty="not shown in this time",
            ),
            f"time() - {one('search_created_timestamp_seconds', THIS)}",
        ),
        stats(
            Card(
                "Failed Jobs",
                shows="Blast Jobs that have used up their retries. With any the results are incomplete.",
                good="0.",
                act="See Failed attempts for the reason, mend it, submit the search again.",
                w=3,
                h=4,
                base="green",
                steps=[(1, "red")],
                empty="not shown in this time",
            ),
            total(one("search_jobs", f'state="failed", {THIS}')),
        ),
    ]


def _history() -> Panel:
    return timeline(
        Card(
            "Phase over time",
            shows="Which phase it was in, and when.",
            good="Initializing for minutes, then mostly running.",
            act="Long pending: no room on the nodes. Long finalizing: the finalizer Job hangs.",
            w=16,
            h=5,
            words=PHASES,
            empty="not shown in this time",
        ),
        coded("search_phase", "phase", PHASES, THIS),
        "{{cluster}}",
    )


def _in_phase() -> Panel:
    held = f"count_over_time((max by (phase) ({one('search_phase', THIS)}) == 1)[$__range:1m])"
    return bars(
        Card(
            "Time in each phase",
            shows="How long it was in each phase in the time shown, to the minute.",
            good="Most of the time in running.",
            act="Most of it in initializing or pending: warm the database up, or add nodes.",
            w=8,
            h=5,
            unit="s",
            empty="not shown in this time",
            colours=colours(PHASES),
        ),
        f"60 * {held}",
        "{{phase}}",
    )


def _jobs() -> Panel:
    return lines(
        Card(
            "Jobs by state",
            shows="Its blast Jobs by state, stacked, and how many there will be once that is known.",
            good="Succeeded grows until it fills the expected height.",
            act="Failed or lost: those batches have no results. Pending does not fall: no room or blocked.",
            w=12,
            h=10,
            empty="no blast Jobs yet",
            colours=colours((*JOB_VIEW, "expected")),
        ),
        (total(one("search_jobs", THIS), "state"), "{{state}}"),
        (total(one("search_jobs_expected", THIS)), "expected"),
        stacked=True,
        outline="expected",
    )


def _speed() -> Panel:
    ended = total(one("search_jobs", f'state=~"succeeded|failed", {THIS}'))
    return lines(
        Card(
            "Jobs done per minute",
            shows="How fast its blast Jobs end: over 15 minutes, and over an hour.",
            good="Steady while it runs.",
            act="Falling while Jobs wait: fewer nodes, or the long batches are left.",
            w=12,
            h=10,
            decimals=1,
            empty="no blast Jobs yet",
            colours={"15 minutes": "blue", "1 hour": "green"},
        ),
        (f"60 * clamp_min(deriv(({ended})[15m:1m]), 0)", "15 minutes"),
        (f"60 * clamp_min(deriv(({ended})[1h:1m]), 0)", "1 hour"),
    )
