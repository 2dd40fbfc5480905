"""The saga itself, against the real control plane, as the account of a daemon."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from exporter.adapters.clock import SystemClock
from exporter.adapters.endpoint import KubeSettings
from exporter.adapters.kube import connect
from exporter.cancel import saga
from exporter.cancel.api import JobsApi
from exporter.cancel.order import Order, Times
from exporter.cancel.progress import Progress
from exporter.domain.cancel import Result, Target
from exporter.domain.identity import SearchId
from tests.lives.arena import Arena

TIMES = Times(stage_one=20.0, settle=0.6, poll=0.1, whole=60.0)
Record = Mapping[str, object]


class MeddledApi(JobsApi):
    """Somebody acts right before each DELETE is sent."""

    meddle: Callable[[Target], object]

    def delete(self, target: Target, *, dry_run: bool = False) -> None:
        self.meddle(target)
        super().delete(target, dry_run=dry_run)


@contextmanager
def api_of(arena: Arena, token: str, meddle: Callable[[Target], object]) -> Iterator[JobsApi]:
    """The Jobs of the arena's namespace, as the exporter's account or as the owner of `token`."""
    settings = KubeSettings(
        mode="direct",
        server=arena.world.plane.url,
        ca_file=str(arena.world.plane.ca_file),
        token=token or arena.token,
    )
    access = connect(settings)
    more = [access.transport(f"cancel-{number}") for number in range(3)]
    api = MeddledApi(access.transport("cancel"), arena.world.namespace, more=more)
    api.meddle = meddle
    try:
        yield api
    finally:
        api.close()
        access.close()


def cancel(
    arena: Arena,
    *,
    records: list[Record] | None = None,
    times: Times = TIMES,
    token: str = "",
    requested: Callable[[], None] = lambda: None,
    meddle: Callable[[Target], object] = lambda target: None,
    **order: Any,
) -> Result:
    """Cancel the asked search; what the audit is told goes to `records`, `meddle` acts before each DELETE is sent."""
    kept: list[Record] = [] if records is None else records
    wanted = Order(search=SearchId(arena.asked), namespace=arena.world.namespace, caller="test")
    with api_of(arena, token, meddle) as api:
        return saga.run(
            replace(wanted, **order),
            api=api,
            audit=kept.append,
            times=times,
            progress=Progress(),
            stop=lambda: False,
            clock=SystemClock(),
            requested=requested,
        )
