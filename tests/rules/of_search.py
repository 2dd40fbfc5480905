"""Cases of the alerts on one search."""

from __future__ import annotations

from tests.rules.cases import LONG, Case, Record, State

S = 'cluster="blast",namespace="default",elb_job_id="job-1"'
UNNAMED = S.partition(",")[2]
ALWAYS = f"1x{LONG}"
PROGRESS = f"elasticblast_search_last_progress_timestamp_seconds{{{S}}}"
BEGAN = f"elasticblast_search_phase_start_timestamp_seconds{{{S}}}"
ETA = f"elasticblast_search_eta_timestamp_seconds{{{S}}}"
EXPECTED = f"elasticblast_search_jobs_expected{{{S}}}"


def phase(word: str) -> str:
    return f'elasticblast_search_phase{{{S},phase="{word}"}}'


def reason(word: str) -> str:
    return f'elasticblast_search_phase_reason{{{S},reason="{word}"}}'


def jobs(state: str) -> str:
    return f'elasticblast_search_jobs{{{S},state="{state}"}}'


def flag(word: str) -> str:
    return f'elasticblast_search_flag{{{S},flag="{word}"}}'


STALLED = (
    Case(alert="ElbSearchStalled", claim="fires five minutes after three hours and resolves with the next batch",
         series={PROGRESS: "0x189 11400x60", phase("running"): ALWAYS}, labels=S, value="3h 6m 0s", fires=[186],
         silent=[180, 181, 185, 191]),
    Case(alert="ElbSearchStalled", claim="is silent on a batch that takes little more than three hours",
         series={PROGRESS: "0x181 10920x60", phase("running"): ALWAYS}, silent=[181, 183, 187, 200]),
    Case(alert="ElbSearchStalled", claim="is silent on a search that has ended",
         series={PROGRESS: f"0x{LONG}", phase("running"): f"1x60 0x{LONG}", phase("succeeded"): f"0x60 1x{LONG}"},
         silent=[187, 190]),
    Case(alert="ElbSearchStalled", claim="is silent on a cluster that was stopped",
         series={PROGRESS: "0x182 stale", phase("running"): "1x182 stale"}, silent=[183, 187, 200]),
)  # fmt: skip


def too_long(word: str, fires: int, value: str) -> tuple[Case, Case]:
    labels = f'{S},phase="{word}"'
    lasting = {BEGAN: f"0x{LONG}", phase(word): ALWAYS}
    ends = {BEGAN: f"0x{fires - 4} {60 * (fires - 3)}x60", phase(word): f"1x{fires - 4} 0x60",
            phase("running"): f"0x{fires - 4} 1x60"}  # fmt: skip
    name = "ElbCancelStuck" if word == "cancelling" else "ElbSearchPhaseTooLong"
    return (
        Case(alert=name, claim=f"fires while {word} lasts and resolves",
             series={BEGAN: f"0x{fires} {60 * fires + 60}x60", phase(word): f"1x{fires} 0x60",
                     phase("running"): f"0x{fires} 1x60"},
             labels=labels, value=value, fires=[fires], silent=[fires - 6, fires - 1, fires + 1]),
        Case(alert=name, claim=f"is silent when {word} ends just in time", series=ends, silent=[fires, fires + 5]),
        Case(alert=name, claim=f"is silent when the cluster is stopped while {word}",
             series={name: f"{values.split('x')[0]}x{fires - 4} stale" for name, values in lasting.items()},
             silent=[fires, fires + 30]),
    )  # fmt: skip


TOO_LONG = (
    *too_long("initializing", 46, "46m 0s"),
    *too_long("submitting", 21, "21m 0s"),
    *too_long("finalizing", 36, "36m 0s"),
    Case(alert="ElbSearchPhaseTooLong", claim="is silent on a search that runs for hours",
         series={BEGAN: f"0x{LONG}", phase("running"): ALWAYS}, silent=[60, 120]),
)  # fmt: skip

ENDED = (
    State(alert="ElbSearchFailed", signal=phase("failed"), labels=f'{S},reason="batch_failed"',
          background={reason("batch_failed"): ALWAYS}),
    State(alert="ElbSearchFailed", signal=phase("vanished"), labels=f'{S},reason="lost"',
          background={reason("lost"): ALWAYS}),
    Case(alert="ElbSearchFailed", claim="fires in a cluster without a name", fires=[5],
         labels=f'{UNNAMED},reason="lost"', silent=[4],
         series={f'elasticblast_search_phase{{{UNNAMED},phase="vanished"}}': f"0x4 {ALWAYS}",
                 f'elasticblast_search_phase_reason{{{UNNAMED},reason="lost"}}': ALWAYS}),
    Case(alert="ElbSearchFailed", claim="is silent on a search that was cancelled",
         series={phase("cancelled"): ALWAYS, phase("failed"): "0x60", reason("admin"): ALWAYS}, silent=[1, 30]),
    Case(alert="ElbSearchFailed", claim="is silent on attempts that were retried",
         series={phase("running"): ALWAYS, phase("failed"): "0x60", reason("none"): ALWAYS,
                 f'elasticblast_search_attempts_failed{{{S},reason="engine"}}': "3x60"}, silent=[1, 30]),
    State(alert="ElbSearchMarkerDoubt", signal=phase("succeeded"), labels=f'{S},reason="marker_doubt"',
          background={reason("marker_doubt"): ALWAYS}),
    State(alert="ElbSearchMarkerDoubt", signal=phase("succeeded"), labels=f'{S},reason="finalizer_lost"',
          background={reason("finalizer_lost"): ALWAYS}),
    Case(alert="ElbSearchMarkerDoubt", claim="is silent on a search without a finalizer",
         series={phase("succeeded"): ALWAYS, reason("no_finalizer"): ALWAYS}, silent=[1, 30]),
)  # fmt: skip

FAILING = (
    State(alert="ElbSearchFailing", signal=phase("failing"), labels=f'{S},reason="batch_failed"',
          background={reason("batch_failed"): ALWAYS}),
    State(alert="ElbSearchFailureRatioHigh", signal=jobs("failed"), bad="4", labels=S, value="10%",
          background={phase("failing"): ALWAYS, jobs("succeeded"): f"36x{LONG}", jobs("pending"): f"60x{LONG}",
                      jobs("running"): f"0x{LONG}", EXPECTED: f"100x{LONG}"},
          hushed={"is silent while few batches have ended": {jobs("succeeded"): f"6x{LONG}"},
                  "is silent on a small share": {jobs("succeeded"): f"96x{LONG}"},
                  "is silent when the search is nearly done": {jobs("pending"): f"2x{LONG}"},
                  "is silent on a search that has ended": {phase("failing"): f"0x{LONG}"}}),
    State(alert="ElbSearchJobsLost", signal=jobs("lost"), bad="3", labels=S, value="3",
          background={phase("running"): ALWAYS},
          hushed={"is silent on a cancel": {phase("running"): f"0x{LONG}", phase("cancelling"): ALWAYS}}),
    *(Case(alert="ElbSearchJobsLost", claim=f"fires while {word}", series={jobs("lost"): "1x20", phase(word): ALWAYS},
           labels=S, value="1", fires=[5], silent=[4]) for word in ("submitting", "pending", "failing", "finalizing")),
)  # fmt: skip

FLAGS = (
    State(alert="ElbFinalizerHung", signal=flag("finalizer_alone"), labels=S, background={phase("failed"): ALWAYS},
          hushed={f"leaves what is {word} for long to another alert":
                  {phase("failed"): f"0x{LONG}", phase(word): ALWAYS} for word in ("finalizing", "cancelling")}),
    State(alert="ElbFinalizerEarly", signal=flag("finalizer_early"), labels=S),
    State(alert="ElbExportStuck", signal=flag("export_stuck"), labels=S),
    Case(alert="ElbSearchLong", claim="fires after half an hour of such estimates and resolves",
         series={ETA: "200000x35 3600x60"}, labels=S, value="2d 7h 3m 20s", fires=[30], silent=[29, 36, 60]),
    Case(alert="ElbSearchLong", claim="is silent on one wild estimate",
         series={ETA: "3600x4 900000 3600x60"}, silent=[5, 35, 40]),
    Case(alert="ElbSearchLong", claim="is silent without an estimate", series={ETA: "200000x20 stale"},
         silent=[30, 40]),
)  # fmt: skip

RECORDS = (
    Record(claim="jobs of a search still open, without those that have ended",
           query="search:elasticblast_search_jobs_open:sum", at=1,
           series={jobs("pending"): "5x9", jobs("running"): "3x9", jobs("lost"): "1x9", jobs("succeeded"): "90x9",
                   jobs("failed"): "1x9"},
           gives={f"search:elasticblast_search_jobs_open:sum{{{S}}}": 9}),
    Record(claim="the progress of a search does not fall when its Jobs are cleaned up",
           query="search:elasticblast_search_progress:ratio", at=20,
           series={jobs("pending"): "5x30", jobs("running"): "3x30", jobs("lost"): "2x30",
                   EXPECTED: "100x9 40x20"},
           gives={f"search:elasticblast_search_progress:ratio{{{S}}}": 0.9}),
    Record(claim="there is no progress before the submission has closed",
           query="search:elasticblast_search_progress:ratio", at=5, series={jobs("pending"): "5x9"}, gives={}),
    Record(claim="expected Jobs are gone when the search is",
           query="search:elasticblast_search_jobs_expected:max1d", at=20, series={EXPECTED: "100x9 stale"}, gives={}),
    Record(claim="the time left is never below 0",
           query="search:elasticblast_search_remaining:seconds", at=20, series={ETA: "600x30"},
           gives={f"search:elasticblast_search_remaining:seconds{{{S}}}": 0}),
    Record(claim="the age of a phase counts from its beginning and names it",
           query="search:elasticblast_search_phase_age:seconds", at=10,
           series={BEGAN: "0x4 240x30", phase("pending"): "1x4 0x30", phase("running"): "0x4 1x30"},
           gives={f'search:elasticblast_search_phase_age:seconds{{{S},phase="running"}}': 360}),
    Record(claim="a search that runs is idle since its last batch",
           query="search:elasticblast_search_idle:seconds", at=10,
           series={PROGRESS: "60x30", phase("running"): "1x30", phase("pending"): "0x30"},
           gives={f"search:elasticblast_search_idle:seconds{{{S}}}": 540}),
    Record(claim="a search that has ended is not idle",
           query="search:elasticblast_search_idle:seconds", at=10,
           series={PROGRESS: "60x30", phase("running"): "0x30", phase("succeeded"): "1x30"}, gives={}),
)  # fmt: skip
