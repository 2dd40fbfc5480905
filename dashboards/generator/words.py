"""Words and their colours: one colour for one meaning on every board."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

GOOD, BUSY, WAITING, STRANGE, BAD, STOPPED, QUIET = "green", "blue", "yellow", "orange", "red", "purple", "#8e8e8e"

_MEANINGS: Mapping[str, Iterable[str]] = {
    GOOD: ("succeeded", "ready", "fresh", "Succeeded", "Running", "Bound", "ok", "done", "true", "used", "allocatable"),
    "light-green": ("completed_unverified", "completed", "already_gone"),
    BUSY: ("running", "busy", "p50", "requested", "watch", "info"),
    "light-blue": ("initializing", "submitting", "created", "starting", "loading", "Creating", "Starting", "Scaling"),
    "dark-blue": ("finalizing", "finishing", "Updating", "Upgrading"),
    WAITING: ("pending", "Pending", "stale", "cordoned", "idle", "skipped", "planned", "retrying", "p95", "suspended"),
    STRANGE: ("failing", "expired", "not_found", "partial", "conflict", "terminating", "target", "expected", "warning"),
    BAD: (
        "failed",
        "Failed",
        "denied",
        "not_ready",
        "Lost",
        "unavailable",
        "audit_failed",
        "false",
        "limit",
        "critical",
    ),
    "dark-red": ("vanished", "lost", "interrupted"),
    STOPPED: ("cancelled", "Stopped", "stopped", "Canceled", "deallocated", "refused"),
    "light-purple": ("cancelling", "deleting", "Deleting", "Stopping", "Canceling", "stopping", "deallocating"),
    QUIET: ("absent", "never", "unknown", "other", "none"),
}
COLOURS: Mapping[str, str] = {word: colour for colour, words in _MEANINGS.items() for word in words}


ROLES: Mapping[str, str] = {
    "blast": "blue",
    "finalizer": "purple",
    "submit": "orange",
    "setup": "yellow",
    "warmup": "light-green",
    "prepare_db": "light-blue",
    "openapi": "green",
}
"""The colour of each role of a Job or pod."""


def colours(words: Iterable[str]) -> dict[str, str]:
    """The colour of each word that has one."""
    return {word: COLOURS[word] for word in words if word in COLOURS}
