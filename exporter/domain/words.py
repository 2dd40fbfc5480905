"""The closed vocabulary: the words that label values may be."""

from __future__ import annotations

LIVE_PHASES = ("initializing", "submitting", "pending", "running", "failing", "finalizing", "cancelling")
TERMINAL_PHASES = ("succeeded", "failed", "cancelled", "vanished", "completed_unverified")
PHASES = (*LIVE_PHASES, *TERMINAL_PHASES)

FINISHED_PAIRS = (
    ("succeeded", "none"),
    ("succeeded", "marker_doubt"),
    ("succeeded", "no_finalizer"),
    ("succeeded", "finalizer_lost"),
    ("failed", "batch_failed"),
    ("failed", "submit_failed"),
    ("failed", "partial_submit"),
    ("failed", "finalizer_failed"),
    ("failed", "setup_failed"),
    ("cancelled", "admin"),
    ("cancelled", "external_delete"),
    ("vanished", "lost"),
    ("vanished", "expired_unseen"),
    ("completed_unverified", "batches_expired"),
    ("completed_unverified", "nothing_left"),
)

LIVE_JOB_STATES = ("created", "pending", "running", "retrying", "suspended", "finishing", "failing", "deleting")
JOB_VIEW = ("pending", "running", "succeeded", "failed", "lost")
VIEW_OF_STATE = {
    "created": "pending",
    "pending": "pending",
    "retrying": "pending",
    "suspended": "pending",
    "running": "running",
    "finishing": "running",
    "failing": "running",
    "deleting": "running",
}

FAILURE_REASONS = (
    "bad_input",
    "database",
    "engine",
    "memory",
    "network",
    "output",
    "exit_255",
    "download",
    "export",
    "killed",
    "terminated",
    "deadline",
    "evicted",
    "start",
    "other",
)
BLOCK_REASONS = ("cpu", "memory", "storage", "affinity", "taint", "volume", "image", "config", "crash_loop", "other")
FLAGS = (
    "finalizer_alone",
    "finalizer_early",
    "history_incomplete",
    "recreated",
    "foreign_setup",
    "shard_without_node",
    "zombie",
    "export_stuck",
)
POD_STATES = ("pending", "running", "ready", "terminating")
NODE_STATES = ("ready", "cordoned", "not_ready", "unknown")
PRESSURES = ("memory", "disk", "pid", "network")
CLAIM_PHASES = ("Bound", "Pending", "Lost")
WARMUP_STATES = ("loading", "ready", "failed", "stale", "unknown")
DISRUPTIONS = (
    "DeletionByTaintManager",
    "EvictionByEvictionAPI",
    "DeletionByPodGC",
    "PreemptionByScheduler",
    "TerminationByKubelet",
    "Evicted",
    "NodeLost",
    "other",
)
MODES = ("pv", "ssd", "sharded", "partitioned", "unknown")
PROGRAMS = ("blastp", "blastn", "blastx", "tblastn", "tblastx", "psiblast", "rpsblast", "rpstblastn", "other")
EVENT_REASONS = (
    ("Job", "BackoffLimitExceeded"),
    ("Job", "DeadlineExceeded"),
    ("Job", "FailedCreate"),
    ("Pod", "BackOff"),
    ("Pod", "Evicted"),
    ("Pod", "Failed"),
    ("Pod", "FailedAttachVolume"),
    ("Pod", "FailedCreatePodSandBox"),
    ("Pod", "FailedMount"),
    ("Pod", "FailedScheduling"),
    ("Pod", "Preempted"),
    ("Pod", "TaintManagerEviction"),
    ("Pod", "Unhealthy"),
    ("Node", "EvictionThresholdMet"),
    ("Node", "FreeDiskSpaceFailed"),
    ("Node", "OOMKilling"),
    ("Node", "PreemptScheduled"),
    ("Node", "Rebooted"),
    ("Node", "SystemOOM"),
    ("PersistentVolumeClaim", "FailedBinding"),
    ("PersistentVolumeClaim", "ProvisioningFailed"),
    ("Job", "other"),
    ("Pod", "other"),
    ("Node", "other"),
    ("PersistentVolumeClaim", "other"),
    ("other", "other"),
)
AUTH_FAILURES = ("missing", "malformed", "invalid", "audience", "limited", "forbidden", "unavailable")
REPLACED_LABELS = ("db", "pool", "program", "reason")
RESOURCE_STATES = ("fresh", "stale", "expired", "denied", "absent", "stopped", "never")

SEARCH_DURATION_BOUNDS = (60, 90, 120, 300, 600, 1800, 3600, 7200, 14400, 28800, 86400, 259200)
JOB_DURATION_BOUNDS = (10, 20, 40, 60, 120, 300, 600, 1200, 2400, 3600, 7200, 21600)
JOB_QUEUE_DURATION_BOUNDS = (5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21600)
CANCEL_DURATION_BOUNDS = (5, 10, 30, 60, 120, 300, 600, 900)
COLLECTOR_DURATION_BOUNDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60)
