"""Every threshold of the rules, as one value."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Durations in seconds. The demo divides them by its speed, so that a fast world is judged by fast rules."""

    no_finalizer_grace: float = 120.0
    """A search without a finalizer has succeeded when nothing of it changed for this long."""
    phantom_after: float = 300.0
    """A finalizer alone, with neither a submit nor a blast Job, is a phantom from this age on."""
    stalled_after: float = 900.0
    """Setup and submit are over and no batch appeared: `stalled` from this age of the last sign of life."""
    nothing_left_after: float = 7200.0
    """As `stalled_after`, but now the search ends as completed_unverified, `nothing_left`."""
    export_stuck_after: float = 900.0
    """results-export runs on although blast ended: the flag `export_stuck` from this age on."""
    finalizer_alone_after: float = 60.0
    """The finalizer is live and no batch is: the flag `finalizer_alone` from this age on."""
    shown_for: float = 3600.0
    """A search keeps its series for this long after it became terminal."""
    forget_after: float = 86400.0
    """A search is forgotten this long after it became terminal."""
    settle: float = 3.0
    """A failed Job waits this long for the exit code of its last pod before it is counted as `other`; an exit code 137
    this long for the event that explains it before it is counted as `killed`."""
    oom_window: float = 120.0
    """A node's OOMKilling event explains an exit code 137 on it at most this long before or after."""

    def scaled(self, speed: float) -> Rules:
        """The same rules for a world that lives `speed` times faster than ours."""
        return Rules(**{f.name: getattr(self, f.name) / speed for f in fields(self)})
