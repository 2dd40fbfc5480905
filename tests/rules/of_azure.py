"""Cases of the alerts on nodes, Azure and cost."""

from __future__ import annotations

from tests.rules.cases import LONG, Case, State
from tests.rules.of_pods import (
    BUSY,
    IDLE,
    NEVER,
    PRICE,
    C,
    N,
    blocked,
    pool_provisioning,
    power,
    provisioning,
    searches,
)

P = f'{C},pool="blastpool"'
ALWAYS = f"1x{LONG}"
STOPPED = {power("Stopped"): ALWAYS}
POOL_STOPPED = {f'elasticblast_pool_power_state{{{P},state="Stopped"}}': ALWAYS}
TARGET, MOST = f"elasticblast_pool_nodes_target{{{P}}}", f"elasticblast_pool_nodes_max{{{P}}}"
POOL = f'elasticblast_pool_info{{{P},mode="User",vm_size="Standard_E16s_v5",priority="Regular"}}'
USED, LIMIT = (f'elasticblast_quota_{what}_cores{{{C},family="cores"}}' for what in ("used", "limit"))
STORAGE = 'name="results",response="ServerBusyError"'
BUILT = 'elasticblast_exporter_build_info{job="exporter",instance="a",version="1.0.0"}'
OF_CLUSTER = ("Creating", "Starting", "Stopping", "Upgrading", "Deleting")
OF_POOL = (*OF_CLUSTER, "Scaling")


def nodes(state: str) -> str:
    return f'elasticblast_pool_nodes{{{P},state="{state}"}}'


def collector(resource: str, state: str, *, of: str = C, name: str = "core") -> str:
    labels = f'{of},collector="{name}",resource="{resource}",state="{state}"'
    return f"elasticblast_exporter_collector_state{{{labels}}}"


NODES = (
    State(alert="ElbNodeNotReady", signal=nodes("not_ready"), bad="2", value="2", labels=P,
          hushed={f"is silent while the cluster is {word}": {provisioning(word): ALWAYS} for word in OF_CLUSTER}
          | {f"is silent while the pool is {word}": {pool_provisioning(word): ALWAYS} for word in OF_POOL}),
    State(alert="ElbNodeNotReady", signal=nodes("unknown"), value="1", labels=P),
    State(alert="ElbNodePressure", signal=f'elasticblast_pool_nodes_pressure{{{P},condition="disk"}}', bad="3",
          value="3", labels=f'{P},condition="disk"'),
    State(alert="ElbNodePoolBelowTarget", signal=TARGET, good="10", bad="12", value="2", labels=P,
          background={nodes("ready"): f"9x{LONG}", nodes("cordoned"): ALWAYS, collector("nodes", "fresh"): ALWAYS},
          hushed={"is silent on a stopped cluster": STOPPED, "is silent on a stopped pool": POOL_STOPPED,
                  "is silent while nodes cannot be read": {collector("nodes", "fresh"): NEVER,
                                                           collector("nodes", "expired"): ALWAYS}}),
    State(alert="ElbNodePoolBelowTarget", signal=TARGET, bad="12", value="12", labels=P,
          background={collector("nodes", "stale"): ALWAYS}),
    State(alert="ElbNodePoolAtMax", signal=blocked("blast", "cpu"), bad="4", value="12", labels=P,
          background={TARGET: f"12x{LONG}", MOST: f"12x{LONG}", POOL: ALWAYS}, words=("cpu", "memory"),
          hushed={"is silent while the pool can grow": {TARGET: f"5x{LONG}"},
                  "is silent on a system pool": {POOL: "_", POOL.replace("User", "System"): ALWAYS}}),
)  # fmt: skip

AZURE = (
    State(alert="ElbClusterApiUnreachable", signal=collector("jobs", "stale", name="batch"), labels=C,
          words=("stale", "expired", "never"),
          hushed={f"is silent while the cluster is {word}": {provisioning(word): ALWAYS}
                  for word in OF_CLUSTER if word != "Upgrading"}
          | {"is silent on a stopped cluster": {collector("jobs", "stale", name="batch"): NEVER,
                                                collector("jobs", "stopped", name="batch"): ALWAYS}}),
    State(alert="ElbClusterProvisioningFailed", signal=provisioning("Failed"), labels=f'{C},state="Failed"'),
    State(alert="ElbClusterProvisioningFailed", signal=provisioning("Canceled"), labels=f'{C},state="Canceled"'),
    State(alert="ElbClusterOperationStuck", signal=provisioning("Upgrading"), labels=f'{C},state="Upgrading"',
          words=("Upgrading", "Creating", "Updating", "Scaling", "Deleting", "Stopping", "Starting", "Canceling")),
    Case(alert="ElbClusterOperationStuck", claim="is silent on a cluster that is stopped for hours",
         series={provisioning("Succeeded"): ALWAYS, provisioning("Stopping"): f"1x5 0x{LONG}", **STOPPED},
         silent=[61, 70, 200]),
    State(alert="ElbNodePoolProvisioningFailed", signal=pool_provisioning("Failed"), labels=P,
          hushed={"is silent on a stopped cluster": STOPPED, "is silent on a stopped pool": POOL_STOPPED}),
    State(alert="ElbQuotaNearlyUsed", signal=USED, good="500", bad="950", value="95%", labels=f'{C},family="cores"',
          background={LIMIT: f"1000x{LONG}"}, hushed={"is silent on a stopped cluster": STOPPED}),
    State(alert="ElbControlPlaneBusy", good="0.5", bad="0.9", value="90%", labels=f'{C},resource="etcd_database"',
          signal=f'elasticblast_aks_control_plane_usage_ratio{{{C},resource="etcd_database"}}'),
    State(alert="ElbJobsPilingUp", signal=f"elasticblast_jobs_stored{{{N}}}", good="900", bad="30000", value="30k",
          labels=N),
    State(alert="ElbStorageErrors", bad="5", value="5", labels=f"{C},{STORAGE}",
          words=("ServerBusyError", "AuthenticationError", "AuthorizationError", "ClientThrottlingError",
                 "ServerTimeoutError"),
          signal=f"elasticblast_azure_storage_transactions_per_second{{{C},{STORAGE}}}"),
)  # fmt: skip

OTHER = collector("jobs", "fresh", of='cluster="other"', name="batch")
HERE = collector("jobs", "fresh", name="batch")
SECOND = 'job="exporter",instance="b"'
LEAVING = (
    State(alert="ElbClusterLeaving", signal=provisioning("Deleting"), value="2", labels=C,
          background={searches("running"): f"2x{LONG}", HERE: ALWAYS, BUILT: ALWAYS},
          hushed={"is silent on a cluster without searches": {searches("running"): NEVER}}),
    Case(alert="ElbClusterLeaving", claim="fires when a cluster with searches is no longer followed and resolves",
         series={searches("running"): "2x30 stale", HERE: "1x30 stale", OTHER: ALWAYS, BUILT: ALWAYS}, labels=C,
         value="2", fires=[41, 80], silent=[30, 40, 92, 120]),
    Case(alert="ElbClusterLeaving", claim="is silent on a restart of the exporter",
         series={searches("running"): "2x30 stale _x3 2x60", HERE: "1x30 stale _x3 1x60", BUILT: "1x30 stale _x3 1x60"},
         silent=[31, 35, 41, 60]),
    Case(alert="ElbClusterLeaving", claim="is silent when the exporter is down",
         series={searches("running"): "2x30 stale", HERE: "1x30 stale", BUILT: "1x30 stale"}, silent=[41, 60]),
    Case(alert="ElbClusterLeaving", claim="is silent when the exporter that follows it is down, and another is not",
         series={searches("running"): "2x30 stale", HERE: "1x30 stale", OTHER: ALWAYS, BUILT: ALWAYS,
                 f"up{{{SECOND}}}": f"1x30 0x{LONG}",
                 f"elasticblast_exporter_build_info{{{SECOND}}}": "1x30 stale"}, silent=[41, 60]),
)  # fmt: skip

UNNAMED = (
    Case(alert="ElbClusterApiUnreachable", claim="fires for a cluster without a name", fires=[15], silent=[4, 14],
         series={collector("jobs", "expired", of='job="exporter"', name="batch"): f"0x4 {ALWAYS}",
                 'elasticblast_aks_provisioning_state{state="Starting"}': NEVER}),
    Case(alert="ElbClusterApiUnreachable", claim="is silent while a cluster without a name is Starting",
         series={collector("jobs", "expired", of='job="exporter"', name="batch"): ALWAYS,
                 'elasticblast_aks_provisioning_state{state="Starting"}': ALWAYS}, silent=[12, 60]),
)  # fmt: skip
"""The label `cluster` is absent where the exporter follows one cluster that has no name."""

COST = (
    Case(alert="ElbNodePoolIdle", claim="fires after 45 idle minutes and resolves with the next pod",
         series={IDLE: "0+600x120", BUSY: "0x49 60+60x60", POOL: ALWAYS}, labels=P, value="10", fires=[46, 49],
         silent=[44, 51, 60]),
    Case(alert="ElbNodePoolIdle", claim="is silent on a system pool",
         series={IDLE: "0+600x120", BUSY: "0x120", POOL.replace("User", "System"): ALWAYS}, silent=[46, 100]),
    Case(alert="ElbNodePoolIdle", claim="is silent on a pool that was scaled to 0",
         series={IDLE: "0+600x20 12000x100", BUSY: "0x120", POOL: ALWAYS}, silent=[46, 100]),
    Case(alert="ElbNodePoolIdle", claim="is silent on a stopped cluster",
         series={IDLE: "0+600x120", BUSY: "0x120", POOL: ALWAYS, **STOPPED}, silent=[46, 100]),
    Case(alert="ElbNodePoolIdle", claim="is silent on one idle blip",
         series={IDLE: "0x29 600x90", BUSY: "0+600x120", POOL: ALWAYS}, silent=[31, 46, 80]),
    Case(alert="ElbNodePoolIdle", claim="is silent on a counter that is born",
         series={IDLE: "_x30 900000+600x90", BUSY: "_x30 0x90", POOL: ALWAYS}, silent=[31, 46, 74]),
    Case(alert="ElbNodePoolIdle", claim="is silent on a restart of a pool at work",
         series={IDLE: "6000x30 0x90", BUSY: "6000+600x30 0+600x90", POOL: ALWAYS}, silent=[46, 80, 120]),
    Case(alert="ElbClusterLeftRunning", claim="fires after four hours without a search and resolves with the next",
         series={searches("running"): "0x240 1x60", power("Running"): ALWAYS}, labels=C, fires=[230, 240],
         silent=[199, 229, 246]),
    Case(alert="ElbClusterLeftRunning", claim="is silent while the last search is less than four hours away",
         series={searches("running"): f"0x50 1x6 0x{LONG}", power("Running"): ALWAYS}, silent=[230, 296]),
    Case(alert="ElbClusterLeftRunning", claim="is silent on a stopped cluster",
         series={searches("running"): NEVER, power("Running"): NEVER, **STOPPED}, silent=[230, 300]),
    Case(alert="ElbClusterLeftRunning", claim="is silent while little is known of the four hours",
         series={searches("running"): f"0x50 _x100 0x{LONG}", power("Running"): ALWAYS}, silent=[230, 250]),
    Case(alert="ElbClusterLeftRunning", claim="is silent on a running state that lasts a blip",
         series={searches("running"): NEVER, power("Running"): f"0x220 1x5 0x{LONG}"}, silent=[230, 251, 260]),
)  # fmt: skip

SPEND_OFF = Case(alert="ElbSpendRateHigh", claim="is silent by default", silent=[63, 100],
                 series={IDLE: "0+60000x120", PRICE: "2x120"})  # fmt: skip
SPEND = (
    Case(alert="ElbSpendRateHigh", claim="fires after an hour over the limit and resolves when the pool is small",
         series={IDLE: "0+600x70 42000+60x60", PRICE: "2x130"}, labels=f'{C},currency="EUR"', value="20",
         fires=[63, 70], silent=[62, 76, 100]),
    Case(alert="ElbSpendRateHigh", claim="is silent on a blip", series={IDLE: "0+60x30 9000+60x90", PRICE: "2x130"},
         silent=[31, 63, 95]),
    Case(alert="ElbSpendRateHigh", claim="is silent on a counter that is born",
         series={IDLE: "_x30 900000+60x90", PRICE: "2x130"}, silent=[31, 91, 95]),
    Case(alert="ElbSpendRateHigh", claim="is silent on a restart", series={IDLE: "9000+60x30 0+60x90", PRICE: "2x130"},
         silent=[31, 63, 95]),
)  # fmt: skip
"""With a limit of 10 per hour."""
