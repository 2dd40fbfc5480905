"""What the tests of ARM and Azure Monitor start with."""

from __future__ import annotations

from dataclasses import dataclass, field

from exporter.adapters.azure.arm import Arm
from exporter.adapters.azure.credentials import Principal
from exporter.adapters.azure.monitor import Monitor
from exporter.adapters.azure.settings import AzureSettings
from exporter.adapters.clock import Clock, SystemClock
from exporter.domain.azure.armid import cluster_id
from exporter.domain.failures import Failed
from tests.simulator.azure import CLUSTER_ID, SUBSCRIPTION


@dataclass
class Reader:
    """The ARM reader of one cluster, and the codes of the answers that it got."""

    settings: AzureSettings
    clock: Clock = field(default_factory=SystemClock)
    codes: list[str] = field(default_factory=list)
    left: list[tuple[str, str, int]] = field(default_factory=list)
    skews: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.principal = Principal(self.settings, self.clock)
        self.arm = Arm(
            self.settings,
            self.principal,
            cluster_id(CLUSTER_ID),
            calls=self.principal.calls(cluster_id(CLUSTER_ID)),
            clock=self.clock,
            counted=lambda _verb, code: self.codes.append(code),
            left=lambda scope, operation, number: self.left.append((scope, operation, number)),
            skewed=self.skews.append,
        )
        self.monitor = Monitor(self.arm, SUBSCRIPTION, clock=self.clock)

    def close(self) -> None:
        self.monitor.close()
        self.arm.close()

    def word(self) -> tuple[str, float | None]:
        """The word of the failure to read the cluster, and its Retry-After; ok if it does not fail."""
        try:
            self.arm.cluster()
        except Failed as failure:
            return failure.word.value, failure.retry_after
        return "ok", None
