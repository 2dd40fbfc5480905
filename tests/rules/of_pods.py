"""Cases of the alerts on batches and pods of a whole cluster, and the recording rules for the fleet."""

from __future__ import annotations

from tests.rules.cases import LONG, Case, Event, Record, State
from tests.rules.of_search import S, phase

C = 'cluster="blast"'
N = f'{C},namespace="default"'
NEVER = f"0x{LONG}"
PLANNED = ("Upgrading", "Stopping", "Deleting")


def finished(result: str, reason: str) -> str:
    labels = f'{N},role="blast",result="{result}",reason="{reason}"'
    return f"elasticblast_jobs_finished_total{{{labels}}}"


def blocked(role: str, reason: str) -> str:
    return f'elasticblast_pods_blocked{{{N},role="{role}",reason="{reason}"}}'


def pods(role: str, state: str) -> str:
    return f'elasticblast_pods{{{N},role="{role}",state="{state}"}}'


def searches(word: str) -> str:
    return f'elasticblast_searches{{{N},phase="{word}"}}'


def provisioning(state: str) -> str:
    return f'elasticblast_aks_provisioning_state{{{C},state="{state}"}}'


def pool_provisioning(state: str) -> str:
    return f'elasticblast_pool_provisioning_state{{{C},pool="blastpool",state="{state}"}}'


def power(state: str) -> str:
    return f'elasticblast_aks_power_state{{{C},state="{state}"}}'


OK, MEMORY, INPUT = finished("succeeded", "none"), finished("failed", "memory"), finished("failed", "bad_input")
BURN = "ElbBatchJobErrorBudgetBurn"
DISRUPTIONS = f'elasticblast_pod_disruptions_total{{{C},pool="blastpool",reason="PreemptionByScheduler"}}'

BUDGET = (
    Case(alert=BURN, claim="fires when a fifth fails and resolves when no more do",
         series={OK: "0+8x100", MEMORY: "0+2x20 40x80"}, labels=C, value="20%", fires=[8, 20], silent=[5, 7, 27, 60]),
    Case(alert=BURN, claim="is silent on bad input", series={OK: "0+8x100", INPUT: "0+20x100", MEMORY: "0x100"},
         silent=[8, 20, 60]),
    Case(alert=BURN, claim="is silent on few Jobs", series={OK: "0x100", MEMORY: "0+0.5x100"}, silent=[8, 30, 60]),
    Case(alert=BURN, claim="is silent on one bad minute", series={OK: "0+8x100", MEMORY: "0x4 40x100"},
         silent=[5, 6, 12, 30]),
    Case(alert=BURN, claim="is silent on a restart", series={OK: "800x9 0+8x100", MEMORY: "200x9 0x100"},
         silent=[10, 12, 20, 60]),
    Case(alert=BURN, claim="is silent on a counter that is born", series={OK: "0+8x100", MEMORY: "_x20 200x80"},
         silent=[20, 23, 60]),
)  # fmt: skip

PODS = (
    State(alert="ElbPodsOOMKilled", signal=f'elasticblast_search_attempts_failed{{{S},reason="memory"}}', good="1",
          bad="3", labels=S, value="3",
          hushed={f"is silent on a search that is {word}": {phase(word): f"1x{LONG}"}
                  for word in ("succeeded", "cancelling", "cancelled")}),
    State(alert="ElbPodsUnschedulable", signal=blocked("blast", "affinity"), bad="2", value="2",
          labels=f'{N},reason="affinity"', words=("affinity", "taint", "volume", "storage"),
          background={pods("blast", "running"): f"9x{LONG}"}),
    State(alert="ElbPodsUnschedulable", signal=blocked("blast", "cpu"), bad="40", value="40",
          labels=f'{N},reason="cpu"', words=("cpu", "memory"),
          background={pods("blast", "running"): NEVER, pods("blast", "ready"): NEVER},
          hushed={f"is silent on a queue behind batches that are {word}": {pods("blast", word): f"9x{LONG}"}
                  for word in ("running", "ready")}),
    State(alert="ElbPodsCannotStart", signal=blocked("setup", "image"), bad="2", value="2",
          labels=f'{N},role="setup",reason="image"', words=("image", "config")),
    Case(alert="ElbPodsCannotStart", claim="is silent on retries", series={blocked("blast", "crash_loop"): "3x60"},
         silent=[5, 30]),
    Event(alert="ElbPodsEvicted", counter=DISRUPTIONS, rise=9, value="9", labels=f'{C},pool="blastpool"',
          hushed={"is silent on a few": {DISRUPTIONS: "0x4 3x120"}}
          | {f"is silent on a pool that was {word}": {pool_provisioning(word): "1x6 0x120"} for word in PLANNED}
          | {f"is silent on a cluster that was {word}": {provisioning(word): "1x6 0x120"} for word in PLANNED}),
    State(alert="ElbOpenapiNotReady", signal=pods("openapi", "running"), labels=N,
          background={pods("openapi", "ready"): NEVER}, words=("running", "pending"),
          hushed={"is silent while another is ready": {pods("openapi", "ready"): f"1x{LONG}"}}),
    State(alert="ElbWarmupFailed", signal=f'elasticblast_warmup_jobs{{{C},db="core_nt",state="failed"}}', bad="3",
          value="3", labels=f'{C},db="core_nt",state="failed"'),
    State(alert="ElbWarmupFailed", signal=f'elasticblast_warmup_jobs{{{C},db="core_nt",state="stale"}}', bad="3",
          value="3", labels=f'{C},db="core_nt",state="stale"', background={searches("running"): f"1x{LONG}"},
          hushed={"is silent after a planned stop, while no search lives": {searches("running"): NEVER}}),
)  # fmt: skip

IDLE = f'elasticblast_node_seconds_total{{{C},pool="blastpool",use="idle"}}'
BUSY = f'elasticblast_node_seconds_total{{{C},pool="blastpool",use="busy"}}'
PRICE = f'elasticblast_pool_node_hourly_price{{{C},pool="blastpool",currency="EUR"}}'

RECORDS = (
    Record(claim="live searches of a cluster in all its namespaces and phases",
           query="cluster:elasticblast_searches:sum", at=1,
           series={searches("running"): "2x9", searches("pending"): "1x9",
                   f'elasticblast_searches{{{C},namespace="blast",phase="running"}}': "4x9"},
           gives={f"cluster:elasticblast_searches:sum{{{C}}}": 7}),
    Record(claim="the share of batches that fail for other reasons than their input",
           query="cluster:elasticblast_jobs_failed_infra:ratio_rate5m", at=10,
           series={OK: "0+4x20", MEMORY: "0+2x20", INPUT: "0+2x20"},
           gives={f"cluster:elasticblast_jobs_failed_infra:ratio_rate5m{{{C}}}": 0.25}),
    Record(claim="a restart does not change the share within the hour",
           query="cluster:elasticblast_jobs_failed_infra:ratio_rate1h", at=40,
           series={OK: "80+8x20 0+8x30", MEMORY: "20+2x20 0+2x30"},
           gives={f"cluster:elasticblast_jobs_failed_infra:ratio_rate1h{{{C}}}": 0.2}),
    Record(claim="Jobs that ended within the hour, of all results",
           query="cluster:elasticblast_jobs_finished:increase1h", at=10,
           series={OK: "0+6x20", MEMORY: "0+2x20"},
           gives={f"cluster:elasticblast_jobs_finished:increase1h{{{C}}}": 80}),
    Record(claim="ten nodes at 2 EUR cost 20 EUR an hour, busy or idle",
           query="pool:elasticblast_node_cost_per_hour:sum", at=20,
           series={IDLE: "0+240x30", BUSY: "0+360x30", PRICE: "2x30"},
           gives={f'pool:elasticblast_node_cost_per_hour:sum{{{C},pool="blastpool",currency="EUR"}}': 20}),
)  # fmt: skip
