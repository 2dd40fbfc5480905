"""Asks ARM, once each, for what the daemon will ask it for about a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from exporter.adapters.azure.arm import Arm
from exporter.adapters.azure.calls import Calls
from exporter.adapters.azure.monitor import Monitor
from exporter.adapters.azure.user_credential import asker
from exporter.adapters.clock import SystemClock
from exporter.cli.check.rights import CREDENTIAL, METRICS, QUOTA, READ, RESOURCE, RESOURCE_METRICS, Asked, Right
from exporter.config import Cluster
from exporter.domain.azure.armid import ArmId, cluster_id, resource_id
from exporter.domain.failures import Failed, Word
from exporter.wiring_fleet import Door

_Question = tuple[Right, str, Callable[[], object]]


def rights(given: Cluster, door: Door) -> list[Asked]:
    """What ARM allows of what is configured for one cluster; nothing without its resource_id.

    One request for each right. After a failure that is neither `denied` nor `absent` the rest is not asked. Raises
    ConnectError if the credential cannot be made.
    """
    if given.azure.resource_id is None:
        return []
    place = cluster_id(given.azure.resource_id)
    clock = SystemClock()
    door.credential()
    arm = Arm(
        door.settings,
        door.credential,
        place,
        calls=Calls(clock),
        clock=clock,
        counted=_unheard,
        left=_unheard,
        skewed=_unheard,
    )
    monitor = Monitor(arm, place.subscription, clock=clock)
    try:
        return _answers(_questions(given, door, place, arm, monitor))
    finally:
        monitor.close()
        arm.close()


def _questions(given: Cluster, door: Door, place: ArmId, arm: Arm, monitor: Monitor) -> Iterator[_Question]:
    yield READ, place.path, arm.cluster
    yield METRICS, place.path, partial(monitor.offers, place.path, place.key)
    yield QUOTA, f"/subscriptions/{place.subscription}", arm.usages
    if given.connect.mode == "aks":
        yield CREDENTIAL, place.path, asker(door.settings, door.credential(), place, Calls(SystemClock()))
    for one in map(resource_id, given.resources):
        yield RESOURCE, one.path, partial(arm.resource, one)
        yield RESOURCE_METRICS, one.path, partial(monitor.offers, one.path, one.key)


def _answers(questions: Iterator[_Question]) -> list[Asked]:
    found: list[Asked] = []
    ended = False
    for right, scope, ask in questions:
        # The quota's region is that of the cluster.
        unknowable = right is QUOTA and found[0].failed is not None
        if ended or unknowable:
            found.append(Asked(right=right, scope=scope, asked=False))
            continue
        failed = _failure(ask)
        ended = failed is not None and failed.word not in (Word.DENIED, Word.ABSENT)
        found.append(Asked(right=right, scope=scope, failed=failed))
    return found


def _failure(ask: Callable[[], object]) -> Failed | None:
    try:
        ask()
    except Failed as failure:
        return failure
    return None


def _unheard(*_: object) -> None:
    """Nobody counts here."""
