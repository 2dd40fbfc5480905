"""The keeper of one cluster's gate: asks whether the API answers where ARM says that it need not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from exporter.adapters.clock import Clock
from exporter.adapters.transport import Transport
from exporter.domain.azure.gate import PAUSED, ArmState, Gate, answers, doubtful, gate
from exporter.domain.failures import Failed

_ASK_AGAIN = 60.0
_BUDGET = 5.0
_CAP = 64 * 1024


@dataclass(slots=True, eq=False)
class Gatekeeper:
    """`told` is what ARM says now, None while it says nothing fresh; `turn` hears the gate's state when it changes.

    While the gate is shut the API is asked once a minute, for ARM may be late to say that the cluster is back.
    """

    told: Callable[[], ArmState | None]
    transport: Transport
    turn: Callable[[Gate], None]
    clock: Clock
    state: Gate = "open"
    _asked_at: float = field(default=float("-inf"))
    _told: ArmState | None = None

    def needed(self) -> bool:
        """Whether a look could turn anything."""
        return self.state != "open" or doubtful(self.told())

    def look(self) -> None:
        """Decide, and tell if it is something new. Takes at most as long as one request."""
        arm = self.told()
        fresh, self._told = arm != self._told, arm
        if not fresh and self.state in PAUSED and self.clock.mono() - self._asked_at < _ASK_AGAIN:
            return
        state = gate(arm, not doubtful(arm) or self._reachable())
        if state != self.state:
            self.state = state
            self.turn(state)

    def _reachable(self) -> bool:
        self._asked_at = self.clock.mono()
        try:
            self.transport.get("/version", budget=_BUDGET, cap=_CAP)
        except Failed as failure:
            return answers(failure.word)
        return True
