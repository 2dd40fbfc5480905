"""Cases of the alerts on cancel, the admin port and the exporter itself."""

from __future__ import annotations

from tests.rules.cases import LONG, Case, Event, State
from tests.rules.of_azure import ALWAYS, BUILT, NEVER, SECOND, C, collector
from tests.rules.of_search import S, flag, too_long

DOWN = "ElbExporterDown"
BUILT_B = f"elasticblast_exporter_build_info{{{SECOND}}}"
SKEW = f'elasticblast_exporter_clock_skew_seconds{{{C},collector="core"}}'


def cancels(result: str) -> str:
    return f'elasticblast_exporter_cancels_total{{{C},result="{result}"}}'


def auth(reason: str) -> str:
    return f'elasticblast_exporter_auth_failures_total{{{SECOND},reason="{reason}"}}'


def runs(result: str, collector: str = "arm", resource: str = "managed_cluster") -> str:
    labels = f'{C},collector="{collector}",resource="{resource}",result="{result}"'
    return f"elasticblast_exporter_collector_runs_total{{{labels}}}"


ADMIN = (
    Event(alert="ElbCancelFailed", counter=cancels("partial"), value="2", labels=f'{C},result="partial"',
          words=("partial", "conflict", "unavailable", "interrupted"),
          hushed={"is silent on cancels that are done":
                  {cancels("partial"): "0x120", cancels("done"): "0x4 3x120"}}),
    *too_long("cancelling", 21, "21m 0s"),
    Event(alert="ElbCancelAuditFailed", counter=f"elasticblast_exporter_audit_failures_total{{{SECOND}}}", value="2",
          labels=SECOND),
    State(alert="ElbSearchZombie", signal=flag("zombie"), labels=S),
    Event(alert="ElbAdminAuthFailures", counter=auth("invalid"), rise=30, window=15, value="30",
          labels=f'{SECOND},reason="invalid"', words=("invalid", "missing", "malformed", "audience", "forbidden"),
          hushed={"is silent on a few": {auth("invalid"): "0x4 5x120"}}),
    Event(alert="ElbAdminAuthFailures", counter=auth("unavailable"), rise=1, window=15, value="1",
          labels=f'{SECOND},reason="unavailable"'),
)  # fmt: skip

EXPORTER = (
    Case(alert=DOWN, claim="fires after ten minutes and resolves when it is back",
         series={BUILT: "1x4 stale _x19 1x30"}, fires=[15, 24], silent=[4, 14, 25, 40]),
    Case(alert=DOWN, claim="is silent on a restart", series={BUILT: "1x4 stale _x4 1x30"}, silent=[5, 9, 15, 20]),
    Case(alert=DOWN, claim="is silent while another one answers", series={BUILT: ALWAYS, BUILT_B: "1x4 stale"},
         silent=[15, 30]),
    State(alert="ElbExporterTargetDown", signal=f"up{{{SECOND}}}", good="1", bad="0", labels=SECOND,
          background={BUILT: ALWAYS, BUILT_B: ALWAYS},
          hushed={"leaves the last one to ElbExporterDown": {BUILT: "1x4 stale", BUILT_B: "1x4 stale"},
                  "is silent on a target that is no exporter": {BUILT_B: "_"}}),
    Case(alert="ElbExporterTargetDown", claim="fires for as long as it is down", labels=SECOND, fires=[15, 300],
         series={f"up{{{SECOND}}}": f"1x4 0x{LONG}", BUILT: ALWAYS, BUILT_B: "1x4 stale"}, silent=[14]),
    State(alert="ElbExporterCollectorFailing", signal=collector("pods", "denied"),
          labels=f'{C},collector="core",resource="pods"',
          hushed={"is silent on a stopped cluster": {collector("pods", "denied"): NEVER,
                                                     collector("pods", "stopped"): ALWAYS},
                  **{f"leaves an API that is {word} to ElbClusterApiUnreachable":
                     {collector("jobs", word, name="batch"): ALWAYS} for word in ("stale", "expired", "never")}},
          words=("denied", "stale", "expired", "never")),
    Event(alert="ElbExporterUnauthenticated", counter=runs("unauthenticated"), rise=5, window=15, value="5",
          labels=f'{C},collector="arm"',
          hushed={"is silent on one refusal, as of a token that is renewed": {runs("unauthenticated"): "0x4 1x90"}}),
    Event(alert="ElbExporterThrottled", counter=runs("throttled"), rise=5, value="20%",
          labels=f'{C},collector="arm"', background={runs("ok"): "0+1x200"},
          hushed={"is silent on two in half an hour": {runs("throttled"): "0x4 2x120", runs("ok"): "0x4 1x120"},
                  "is silent on a small share": {runs("ok"): "0+60x120"}}),
    Event(alert="ElbExporterBug", counter=runs("bug", "core", "pods"),
          labels=f'{C},collector="core",resource="pods"'),
    Event(alert="ElbExporterRecordsRejected", value="2", labels=f'{C},resource="pods"',
          counter=f'elasticblast_exporter_records_rejected_total{{{C},resource="pods"}}'),
    State(alert="ElbExporterSearchesHidden", signal=f"elasticblast_exporter_searches_hidden{{{C}}}", bad="7",
          value="7", labels=C),
    State(alert="ElbExporterClockSkew", signal=SKEW, good="0.5", bad="-45", value="45s",
          labels=f'{C},collector="core"'),
    Case(alert="ElbExporterClockSkew", claim="is silent on half a second", series={SKEW: f"0.5x{LONG}"},
         silent=[16, 60]),
)  # fmt: skip
