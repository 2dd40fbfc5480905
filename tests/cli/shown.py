"""Three searches: one that runs, one that fails, one of which little is known."""

from __future__ import annotations

from exporter.domain.phase import Phase, Reason
from tests.web.views import failure, search

RUNNING = search(0x7C1D90AA, openapi_id="4fa1c09be377")
FAILING = search(
    0x11E0,
    phase=Phase.FAILING,
    reason=Reason.BATCH_FAILED,
    jobs={"pending": 812, "running": 96, "succeeded": 2980, "failed": 3, "lost": 0},
    expected=3891,
    attempts={"memory": 11},
    blocked={"cpu": 40, "volume": 1},
    flags={"history_incomplete": True},
    failures=(failure(batch=91, exit_code=None, reason="evicted", node=""), failure()),
)
DARK = search(0x44, phase=None, reason=Reason.NONE, program="unknown", db="", jobs={}, expected=None, eta=None)
