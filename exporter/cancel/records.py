"""What the audit is told: who asked for what, which objects it was meant for, and what came of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from exporter.cancel.order import Order
from exporter.domain.cancel import Plan, Result, Target
from exporter.domain.text import clean

Item = TypeVar("Item")
_OBJECTS = 200  # of one record: a line stays under 16 KiB
_REASON_LENGTH = 200


def intents(order: Order, plan: Plan, targets: Sequence[Target], at: float) -> Iterator[Mapping[str, object]]:
    """The records that name every object before its delete is sent."""
    uids = [target.uid for target in targets]
    parts = _parts(uids)
    for number, part in enumerate(parts, 1):
        yield {
            **_head(order, "cancel_intent", at, plan.digest),
            "count": len(targets),
            "part": number,
            "parts": len(parts),
            "uids": part,
        }


def outcomes(order: Order, result: Result) -> Iterator[Mapping[str, object]]:
    """The records of what came of it."""
    parts = _parts(result.objects)
    for number, part in enumerate(parts, 1):
        yield {
            **_head(order, "cancel_outcome", result.ended, result.plan.digest),
            "outcome": result.outcome.value,
            "refusal": result.refusal.value if result.refusal else None,
            "detail": result.detail,
            "deleted": result.deleted,
            "remaining": len(result.remaining),
            "duration": round(result.ended - result.began, 3),
            "part": number,
            "parts": len(parts),
            "results": {one.target.uid: one.result for one in part},
        }


def _head(order: Order, event: str, at: float, digest: str) -> dict[str, object]:
    return {
        "event": event,
        "audit": True,
        "time": at,
        "request_id": order.request_id,
        "caller": order.caller,
        "caller_uid": order.caller_uid,
        "groups": order.groups,
        "source": order.source,
        "cluster": order.cluster,
        "namespace": order.namespace,
        "id": str(order.search),
        "dry_run": order.dry_run,
        "reason": clean(order.reason, _REASON_LENGTH),
        "digest": digest,
    }


def _parts(items: Sequence[Item]) -> list[Sequence[Item]]:
    return [items[first : first + _OBJECTS] for first in range(0, len(items), _OBJECTS)] or [items]
