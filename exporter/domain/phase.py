"""The phase of one search, from its facts and its memory: one table, read from the top."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from exporter.domain.jobs import ENDED_OR_RUNNING, JobState
from exporter.domain.rules import Rules
from exporter.domain.words import TERMINAL_PHASES


class Phase(StrEnum):
    """Where a search is in its life. `UNKNOWN` is never exported: its series are absent instead."""

    INITIALIZING = "initializing"
    SUBMITTING = "submitting"
    PENDING = "pending"
    RUNNING = "running"
    FAILING = "failing"
    FINALIZING = "finalizing"
    CANCELLING = "cancelling"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    VANISHED = "vanished"
    COMPLETED_UNVERIFIED = "completed_unverified"
    UNKNOWN = "unknown"

    @property
    def terminal(self) -> bool:
        return self.value in TERMINAL_PHASES


class Reason(StrEnum):
    """Why a search is in its phase."""

    NONE = "none"
    ADMIN = "admin"
    EXTERNAL_DELETE = "external_delete"
    BATCH_FAILED = "batch_failed"
    PARTIAL_SUBMIT = "partial_submit"
    SUBMIT_FAILED = "submit_failed"
    SETUP_FAILED = "setup_failed"
    FINALIZER_FAILED = "finalizer_failed"
    IDLE = "idle"
    UNSCHEDULABLE = "unschedulable"
    SUBMIT_ACTIVE = "submit_active"
    STALLED = "stalled"
    PHANTOM = "phantom"
    MARKER_DOUBT = "marker_doubt"
    NO_FINALIZER = "no_finalizer"
    FINALIZER_LOST = "finalizer_lost"
    BATCHES_EXPIRED = "batches_expired"
    NOTHING_LEFT = "nothing_left"
    LOST = "lost"
    EXPIRED_UNSEEN = "expired_unseen"


Fate = Literal["never", "live", "succeeded", "failed", "lost"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of one search. Times are Unix seconds of the API server.

    `blast` and `submit_live` count live Jobs by state, `setup_shared` those of `setup_live` that a cancel spares;
    `succeeded failed lost expired_unseen` are blast Jobs ever seen to end so; `newest` is the newest time any of its
    objects carries; `newest_live_created` the newest creation of a live object, None without one.
    """

    blast: Mapping[JobState, int] = field(default_factory=dict)
    submit_live: Mapping[JobState, int] = field(default_factory=dict)
    setup_live: int = 0
    setup_shared: int = 0
    setup_seen: bool = False
    setup_failed: bool = False
    submit: Fate = "never"
    finalizer: Fate = "never"
    finalizer_created: float = 0.0
    succeeded: int = 0
    failed: int = 0
    lost: int = 0
    expired_unseen: int = 0
    retried_success: bool = False
    ever_ran: bool = False
    unschedulable: bool = False
    newest: float = 0.0
    newest_live_created: float | None = None
    cancel_requested: bool = False
    stale: bool = False

    @property
    def cancellable(self) -> bool:
        """Whether anything lives that a cancel takes away."""
        own_setup = self.setup_live > self.setup_shared
        return bool(self.blast or self.submit_live or own_setup or self.finalizer == "live")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A phase with its reason, and the row of the table that gave it."""

    phase: Phase
    reason: Reason = Reason.NONE
    row: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is remembered between two looks. `terminal_at`: the newest server time known when it became terminal."""

    phase: Phase | None = None
    reason: Reason = Reason.NONE
    terminal_at: float | None = None


def judge(facts: Facts, memory: Memory, *, now: float, rules: Rules) -> Verdict | None:
    """The verdict of the first row that matches; None (row 26) if nothing of the search was ever seen.

    b, set, sub, fin: live blast and setup Jobs, the fate of the submit and of the finalizer Job (worst of several:
    live, failed, succeeded, lost). S F L: blast Jobs succeeded, failed, lost. pre: sub or set is live.

    Rows 2 and 3 look at what a cancel takes away: setup Jobs that other searches share hold neither. The request
    stands: a Job that comes after the cancel was done reopens the search by row 1b, which is cancelling by row 2 while
    it lives and cancelled again when it has gone, never succeeded. A Job that a straggling client made and one of a new
    search under the same id look alike.

    ====  =====================================================  ==========================================
    row   condition                                              phase, reason
    ====  =====================================================  ==========================================
    0     batch data stale                                       as before; when it expires, the series go
    1     terminal, nothing live was created after its end       as before
    1b    terminal, something live was                           go on from row 2 (the search is reopened)
    2     cancel requested, anything live that it takes away     cancelling, admin
    3     cancel requested                                       cancelled, admin
    4     b or sub live, and each of them is being deleted       cancelling, external_delete
    5     F > 0 and (b or sub live)                              failing, batch_failed
    6     b and sub failed                                       failing, partial_submit
    7     fin failed and (b or pre)                              failing, finalizer_failed
    8     b, and one is running or any ever ran                  running; idle if none runs now
    9     b                                                      pending; unschedulable if its pods say so
    10    F > 0                                                  failed, batch_failed
    11    sub failed                                             failed, submit_failed; partial_submit if S > 0
    12    fin failed                                             failed, finalizer_failed
    13    L > 0 and sub not live                                 cancelled, external_delete
    14    set and S = 0                                          initializing
    15    a setup Job failed and S = 0                           failed, setup_failed; failing if sub or fin live
    16    sub live                                               submitting; running if S > 0; submit_active
    17    S > 0 and fin live                                     finalizing
    18    S > 0 and fin succeeded                                succeeded; marker_doubt if one of S had retried
    19    S > 0 and fin never seen                               finalizing, then succeeded; no_finalizer
    20    S > 0 and fin lost                                     succeeded, finalizer_lost
    21    fin succeeded                                          completed_unverified, batches_expired
    22    fin live and young                                     submitting
    23    fin live                                               finalizing, phantom
    24    set or sub seen, all succeeded or gone                 submitting; stalled; then completed_unverified,
                                                                 nothing_left
    25    only lost or expired_unseen things                     vanished, lost or expired_unseen
    26    nothing ever seen                                      not reported
    ====  =====================================================  ==========================================
    """
    if memory.phase is not None and (facts.stale or _unchanged(facts, memory)):
        return Verdict(phase=memory.phase, reason=memory.reason, row="0" if facts.stale else "1")
    return _cancelled(facts) or _with_batches(facts) or _ended(facts) or _before_or_after(facts, now, rules)


def _unchanged(facts: Facts, memory: Memory) -> bool:
    if memory.phase is None or not memory.phase.terminal:
        return False
    created = facts.newest_live_created
    return created is None or memory.terminal_at is None or created <= memory.terminal_at


def reopened(facts: Facts, memory: Memory) -> bool:
    """Whether row 1b holds: a terminal search has a live object that was created after its end."""
    terminal = memory.phase is not None and memory.phase.terminal
    return terminal and not facts.stale and not _unchanged(facts, memory)


def _cancelled(facts: Facts) -> Verdict | None:
    """Rows 2 to 4."""
    if facts.cancel_requested and facts.cancellable:
        return Verdict(phase=Phase.CANCELLING, reason=Reason.ADMIN, row="2")
    if facts.cancel_requested:
        return Verdict(phase=Phase.CANCELLED, reason=Reason.ADMIN, row="3")
    live = sum(facts.blast.values()) + sum(facts.submit_live.values())
    deleting = facts.blast.get(JobState.DELETING, 0) + facts.submit_live.get(JobState.DELETING, 0)
    if live and live == deleting:
        return Verdict(phase=Phase.CANCELLING, reason=Reason.EXTERNAL_DELETE, row="4")
    return None


def _with_batches(facts: Facts) -> Verdict | None:
    """Rows 5 to 9."""
    b = sum(facts.blast.values())
    if facts.failed and (b or facts.submit == "live"):
        return Verdict(phase=Phase.FAILING, reason=Reason.BATCH_FAILED, row="5")
    if b and facts.submit == "failed":
        return Verdict(phase=Phase.FAILING, reason=Reason.PARTIAL_SUBMIT, row="6")
    if facts.finalizer == "failed" and (b or facts.submit == "live" or facts.setup_live):
        return Verdict(phase=Phase.FAILING, reason=Reason.FINALIZER_FAILED, row="7")
    if not b:
        return None
    runs = sum(facts.blast.get(state, 0) for state in ENDED_OR_RUNNING)
    if runs or facts.ever_ran or facts.succeeded:
        return Verdict(phase=Phase.RUNNING, reason=Reason.NONE if runs else Reason.IDLE, row="8")
    return Verdict(phase=Phase.PENDING, reason=Reason.UNSCHEDULABLE if facts.unschedulable else Reason.NONE, row="9")


def _ended(facts: Facts) -> Verdict | None:
    """Rows 10 to 13: no batch is live, and something went wrong."""
    if facts.failed:
        return Verdict(phase=Phase.FAILED, reason=Reason.BATCH_FAILED, row="10")
    if facts.submit == "failed":
        reason = Reason.PARTIAL_SUBMIT if facts.succeeded else Reason.SUBMIT_FAILED
        return Verdict(phase=Phase.FAILED, reason=reason, row="11")
    if facts.finalizer == "failed":
        return Verdict(phase=Phase.FAILED, reason=Reason.FINALIZER_FAILED, row="12")
    if facts.lost and facts.submit != "live":
        return Verdict(phase=Phase.CANCELLED, reason=Reason.EXTERNAL_DELETE, row="13")
    return None


def _before_or_after(facts: Facts, now: float, rules: Rules) -> Verdict | None:
    """Rows 14 to 26: no batch is live, and nothing is known to have gone wrong with one."""
    s = facts.succeeded
    if facts.setup_live and not s:
        return Verdict(phase=Phase.INITIALIZING, row="14")
    if facts.setup_failed and not s:
        going = "live" in (facts.submit, facts.finalizer)
        return Verdict(phase=Phase.FAILING if going else Phase.FAILED, reason=Reason.SETUP_FAILED, row="15")
    if facts.submit == "live":
        return Verdict(phase=Phase.RUNNING if s else Phase.SUBMITTING, reason=Reason.SUBMIT_ACTIVE, row="16")
    return _all_succeeded(facts, now, rules) if s else _no_batches(facts, now, rules)


def _all_succeeded(facts: Facts, now: float, rules: Rules) -> Verdict:
    """Rows 17 to 20."""
    if facts.finalizer == "live":
        return Verdict(phase=Phase.FINALIZING, row="17")
    if facts.finalizer == "succeeded":
        doubt = Reason.MARKER_DOUBT if facts.retried_success else Reason.NONE
        return Verdict(phase=Phase.SUCCEEDED, reason=doubt, row="18")
    if facts.finalizer == "never":
        waited = now - facts.newest >= rules.no_finalizer_grace
        return Verdict(phase=Phase.SUCCEEDED if waited else Phase.FINALIZING, reason=Reason.NO_FINALIZER, row="19")
    return Verdict(phase=Phase.SUCCEEDED, reason=Reason.FINALIZER_LOST, row="20")


def _no_batches(facts: Facts, now: float, rules: Rules) -> Verdict | None:
    """Rows 21 to 26."""
    if facts.finalizer == "succeeded":
        return Verdict(phase=Phase.COMPLETED_UNVERIFIED, reason=Reason.BATCHES_EXPIRED, row="21")
    if facts.finalizer == "live":
        if now - facts.finalizer_created < rules.phantom_after:
            return Verdict(phase=Phase.SUBMITTING, row="22")
        return Verdict(phase=Phase.FINALIZING, reason=Reason.PHANTOM, row="23")
    if facts.submit == "succeeded" or (facts.setup_seen and facts.submit == "never"):
        return _nothing_followed(now - facts.newest, rules)
    if "lost" in (facts.submit, facts.finalizer):
        return Verdict(phase=Phase.VANISHED, reason=Reason.LOST, row="25")
    if facts.expired_unseen:
        return Verdict(phase=Phase.VANISHED, reason=Reason.EXPIRED_UNSEEN, row="25")
    return None


def _nothing_followed(silence: float, rules: Rules) -> Verdict:
    """Row 24."""
    if silence <= rules.stalled_after:
        return Verdict(phase=Phase.SUBMITTING, row="24")
    if silence <= rules.nothing_left_after:
        return Verdict(phase=Phase.SUBMITTING, reason=Reason.STALLED, row="24")
    return Verdict(phase=Phase.COMPLETED_UNVERIFIED, reason=Reason.NOTHING_LEFT, row="24")
