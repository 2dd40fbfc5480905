"""A poll of a server that answers from a table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from exporter.adapters.custom_api import CustomApi, CustomLimits
from exporter.adapters.discovery import Discovery
from exporter.adapters.endpoint import KubeSettings
from exporter.adapters.kube import connect
from exporter.domain.custom.kinds import MPIJOB
from exporter.domain.custom.objects import Kind
from exporter.domain.failures import Failed
from tests.custom.serving import Answers, answering
from tests.support.clock import ManualClock
from tests.support.hostile import Hostile


@dataclass
class Served:
    """A server that answers from a table, and a poll of it."""

    answers: Answers
    server: Hostile
    api: CustomApi
    clock: ManualClock
    rejected: list[int] = field(default_factory=list)

    @property
    def asked(self) -> list[str]:
        return [one.target for one in self.server.asked]

    def states(self, kind: Kind = MPIJOB) -> dict[str, int]:
        counts = self.api.counts(kind, "default" if kind.namespaced else "", 5.0)
        return {state: number for state, number in counts.states.items() if number}

    def failure(self, kind: Kind = MPIJOB) -> Failed:
        with pytest.raises(Failed) as caught:
            self.states(kind)
        return caught.value


@contextmanager
def serving(answers: Answers, **limits: int) -> Iterator[Served]:
    with Hostile(answering(answers)) as server:
        access = connect(KubeSettings(mode="direct", server=server.url, insecure_http=True), env={})
        clock, rejected = ManualClock(), list[int]()
        discovery = Discovery(access.transport("discovery"), clock)
        api = CustomApi(
            discovery=discovery,
            transport=access.transport("mpijobs"),
            clock=clock,
            limits=CustomLimits(**limits),
            rejected=rejected.append,
        )
        try:
            yield Served(answers, server, api, clock, rejected)
        finally:
            api.transport.close()
            discovery.close()
            access.close()


def refused(status: int, **headers: str) -> tuple[int, dict[str, Any], dict[str, str]]:
    return status, {"kind": "Status", "code": status}, headers
