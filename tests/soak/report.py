"""What a run has done, as a value to print."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

from tests.soak.balance import Balance


@dataclass(slots=True)
class Report:
    """Counts of one run; `recoveries` are the seconds from the end of each outage until everything was fresh."""

    deaths: Counter[str] = field(default_factory=Counter)
    quiet_points: int = 0
    series: int = 0
    recoveries: list[float] = field(default_factory=list)
    scrapes: int = 0
    relists: int = 0
    gone: int = 0
    searches: int = 0
    expired: int = 0
    balance: Balance | None = None
    began: float = field(default_factory=time.monotonic)

    def __str__(self) -> str:
        lines = [
            f"seconds: {time.monotonic() - self.began:.0f}",
            f"deaths: {self.deaths.total()}",
            *(f"  {kind}: {number}" for kind, number in sorted(self.deaths.items())),
            f"quiet points: {self.quiet_points}",
            f"series compared at quiet points: {self.series}",
            f"slowest return to fresh: {max(self.recoveries, default=0.0):.1f} s",
            f"times everything had to be listed anew: {self.relists}, answers 410 at them: {self.gone}",
            f"scrapes meanwhile: {self.scrapes}",
            f"pages on which something had expired: {self.expired}",
            f"searches: {self.searches}",
        ]
        if self.balance is not None:
            lines += [
                f"ended Jobs demanded exactly: {self.balance.jobs}, exempt: {self.balance.exempt}",
                f"failed attempts demanded: {self.balance.attempts} of {self.balance.attempts_seen}",
                f"tallies of searches compared at the end: {self.balance.tallies}",
            ]
        return "\n".join(lines)
