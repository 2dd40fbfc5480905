"""The closed words of the vocabulary as people say them, and numbers and times as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from exporter.domain.cost import Cost

UNKNOWN = "–"

PHASES: Mapping[str, tuple[str, str]] = {
    "initializing": ("busy", "preparing the disk and the database"),
    "submitting": ("busy", "creating its Jobs"),
    "pending": ("wait", "Jobs exist, none has run yet"),
    "running": ("busy", "BLAST is running"),
    "failing": ("bad", "something failed, the rest goes on"),
    "finalizing": ("busy", "BLAST is done, results are being completed"),
    "cancelling": ("wait", "its Jobs are being deleted"),
    "succeeded": ("good", "every batch succeeded"),
    "failed": ("bad", "it will not complete"),
    "cancelled": ("off", "it was stopped before its end"),
    "vanished": ("off", "its Jobs are gone, the outcome was not seen"),
    "completed_unverified": ("wait", "it has ended, the batches' outcome was not seen"),
    "unknown": ("off", "no recent word from the cluster"),
}
"""Phase → tone (a class of the style sheet) and what it means."""

REASONS: Mapping[str, str] = {
    "admin": "cancelled through this exporter",
    "external_delete": "somebody deleted its Jobs",
    "batch_failed": "a batch failed for good",
    "partial_submit": "only a part of its batches was submitted",
    "submit_failed": "the submit Job failed",
    "setup_failed": "a setup Job failed",
    "finalizer_failed": "the finalizer Job failed",
    "idle": "no batch is running at the moment",
    "unschedulable": "no node can take its pods",
    "submit_active": "batches are still being submitted",
    "stalled": "setup is over, but no batch has appeared",
    "phantom": "only a finalizer is left, it has nothing to wait for",
    "marker_doubt": "some batches needed a retry: check that the SUCCESS marker is there",
    "no_finalizer": "it has no finalizer Job",
    "finalizer_lost": "the finalizer Job was deleted before it ended",
    "batches_expired": "its batches were cleaned up before they were seen",
    "nothing_left": "setup ended hours ago and nothing followed",
    "lost": "its Jobs were deleted before they ended",
    "expired_unseen": "its Jobs were cleaned up while nobody looked",
}

FLAGS: Mapping[str, str] = {
    "finalizer_alone": "the finalizer runs with no batch to wait for",
    "finalizer_early": "the finalizer ended before the batches did",
    "history_incomplete": "older batches were not seen: counts are lower bounds",
    "recreated": "Jobs appeared after its end",
    "foreign_setup": "a setup Job of another search holds its submission up",
    "shard_without_node": "a database shard has no node that holds it",
    "zombie": "Jobs of it were made after it was cancelled",
    "export_stuck": "BLAST has ended, but its results are not uploaded yet",
}

BLOCKS: Mapping[str, str] = {
    "cpu": "not enough CPU",
    "memory": "not enough memory",
    "storage": "not enough disk",
    "affinity": "no matching node",
    "taint": "nodes refuse the pod (taint)",
    "volume": "volume not ready",
    "image": "image cannot be pulled",
    "config": "configuration missing",
    "crash_loop": "container keeps crashing",
    "other": "other causes",
}

STATES: Mapping[str, tuple[str, str]] = {
    "fresh": ("good", "up to date"),
    "stale": ("wait", "late, last values are shown"),
    "expired": ("bad", "too old, its values are withheld"),
    "denied": ("bad", "access is refused"),
    "absent": ("off", "the cluster does not offer it"),
    "stopped": ("off", "the cluster is stopped"),
    "never": ("wait", "nothing received yet"),
}
"""State of a collector → tone and what it means."""

POWER: Mapping[str, str] = {"Running": "good", "Stopped": "off"}
PROVISIONING: Mapping[str, str] = {"Succeeded": "good", "Failed": "bad", "Canceled": "wait", "Deleting": "wait"}
"""Word of ARM → tone; any other one is something under way."""


def count(value: float | None) -> str:
    """A whole number with its thousands apart; unknown is a dash, never 0."""
    return UNKNOWN if value is None else f"{value:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def span(seconds: float) -> str:
    """A duration in its two largest units; what a clock's skew makes negative is 0 s."""
    left = max(0, int(seconds))
    if left < 60:
        return f"{left} s"
    if left < 3600:
        return f"{left // 60} min"
    if left < 86400:
        return f"{left // 3600} h {left % 3600 // 60} min"
    return f"{left // 86400} d {left % 86400 // 3600} h"


def rate(per_minute: float | None) -> str:
    """A speed with two figures that count."""
    if per_minute is None:
        return UNKNOWN
    return f"{per_minute:.0f}" if per_minute >= 10 or not per_minute else f"{per_minute:.2g}"


def share(part: float, whole: float) -> str:
    """Whole percent, rounded down; unknown of nothing."""
    return f"{int(100 * part / whole)} %" if whole else UNKNOWN


def size(bytes_: float) -> str:
    """Bytes in GiB."""
    return f"{bytes_ / 2**30:.1f} GiB"


def money(cost: Cost | None) -> str:
    """An amount by currency, never more exact than cents; `≥` where it was more than that."""
    if cost is None:
        return UNKNOWN
    least = "≥ " if cost.unpriced or cost.incomplete else ""
    return " + ".join(f"{least}{_amount(amount, currency)}" for currency, amount in sorted(cost.amounts.items()))


def _amount(amount: float, currency: str) -> str:
    return f"< 0.01 {currency}" if 0 < amount < 0.01 else f"{amount:,.2f} {currency}"


def clock(at: float, now: float, *, seconds: bool = False) -> str:
    """A moment in UTC: the time alone when it is of today."""
    moment, today = _utc(at), _utc(now)
    if moment is None:
        return UNKNOWN
    day = "" if today is not None and moment.date() == today.date() else f"{moment:%Y-%m-%d} "
    return f"{day}{moment:%H:%M:%S} UTC" if seconds else f"{day}{moment:%H:%M} UTC"


def machine_time(at: float) -> str:
    """A moment for the `datetime` attribute; empty when it is none."""
    moment = _utc(at)
    return "" if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def short_id(identity: str) -> str:
    """Enough of a search id to tell two apart: `job-` and the first eight signs."""
    return identity if len(identity) <= 14 else f"{identity[:12]}…"


def _utc(at: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(at, UTC)
    except (ValueError, OverflowError, OSError):
        return None
