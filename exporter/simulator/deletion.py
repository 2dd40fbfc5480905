"""What a DELETE does to an object: finalizers by propagation policy, and the grace period of pods."""

from __future__ import annotations

from exporter.simulator.clock import SimClock, rfc3339
from exporter.simulator.errors import bad_request
from exporter.simulator.kinds import Object

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"
_POLICY_FINALIZER = {"Foreground": FOREGROUND, "Orphan": ORPHAN, "Background": None}


def mark(resource: str, obj: Object, *, propagation: str | None, grace_seconds: int | None, clock: SimClock) -> bool:
    """Change `obj` as a DELETE does and tell whether it can go at once."""
    _set_policy(resource, obj, propagation)
    grace = _grace(resource, obj, grace_seconds)
    metadata = obj["metadata"]
    if "deletionTimestamp" not in metadata or grace < metadata.get("deletionGracePeriodSeconds", 0):
        metadata["deletionTimestamp"] = rfc3339(clock.now() + clock.scaled(grace))
        metadata["deletionGracePeriodSeconds"] = grace
        if "generation" in metadata:
            metadata["generation"] += 1
    return can_go(obj)


def can_go(obj: Object) -> bool:
    """Whether nothing holds an object that is being deleted any more."""
    metadata = obj["metadata"]
    return (
        "deletionTimestamp" in metadata
        and not metadata.get("finalizers")
        and metadata.get("deletionGracePeriodSeconds", 0) == 0
    )


def _set_policy(resource: str, obj: Object, propagation: str | None) -> None:
    if propagation is not None and propagation not in _POLICY_FINALIZER:
        raise bad_request(f'invalid propagationPolicy: "{propagation}"')
    finalizers: list[str] = obj["metadata"].get("finalizers") or []
    if propagation is None:
        if FOREGROUND in finalizers or ORPHAN in finalizers or resource != "jobs":
            return
        # batch/v1 keeps its first behaviour: a Job deleted without a policy leaves its pods behind.
        propagation = "Orphan"
    kept = [f for f in finalizers if f not in (FOREGROUND, ORPHAN)]
    wanted = _POLICY_FINALIZER[propagation]
    set_finalizers(obj, [*kept, wanted] if wanted else kept)


def set_finalizers(obj: Object, finalizers: list[str]) -> None:
    """Replace the finalizers; none at all removes the field."""
    if finalizers:
        obj["metadata"]["finalizers"] = finalizers
    else:
        obj["metadata"].pop("finalizers", None)


def _grace(resource: str, obj: Object, asked: int | None) -> int:
    if resource != "pods":
        return 0
    done = obj.get("status", {}).get("phase") in ("Succeeded", "Failed")
    if done or not obj["spec"].get("nodeName"):
        return 0
    return int(obj["spec"].get("terminationGracePeriodSeconds", 30)) if asked is None else asked
