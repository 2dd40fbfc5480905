"""What the API server's own audit log says that an exporter wrote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tests.lives.accounts import username
from tests.lives.world import World

Event = dict[str, Any]
_READS = ("get", "list", "watch")
_MAY_CREATE = ("events", "tokenreviews", "subjectaccessreviews", "selfsubjectaccessreviews")


def writes(world: World, account: str = "exporter") -> list[Event]:
    """Every request of the account that was not a read."""
    name = username(world, account)
    mine = [event for event in world.plane.audited() if event["user"]["username"] == name]
    return [event for event in mine if event["verb"] not in _READS]


def check_scope(world: World, search: str, *, dry_run: bool = False) -> list[Event]:
    """Check every write that the API server saw; returns those that deleted something.

    Each is a DELETE of one Job by name with uid, resourceVersion and foreground propagation, and what went carried the
    label of this search; or a review; or an Event.
    """
    deleted = []
    for event in writes(world):
        what = event["objectRef"]
        if event["verb"] == "create":
            assert what["resource"] in _MAY_CREATE, event
            continue
        asked, answer = event["requestObject"], event["responseObject"]
        assert (event["verb"], what["apiGroup"], what["resource"]) == ("delete", "batch", "jobs"), event
        assert what["name"], event
        assert what["namespace"] == world.namespace, event
        assert asked["preconditions"].keys() == {"uid", "resourceVersion"}, asked
        assert asked["propagationPolicy"] == "Foreground", asked
        assert asked.get("dryRun", []) == (["All"] if dry_run else []), asked
        if event["responseStatus"]["code"] == 200:
            assert _is_own(answer, search), answer
            assert answer["metadata"]["uid"] == asked["preconditions"]["uid"]
            deleted.append(event)
    return deleted


def check_order(world: World, search: str) -> None:
    """Check that no batch or setup Job was deleted while a finalizer or submit pod of the search was there."""
    gone = [_end(event) for event in world.plane.audited() if _takes_a_pod(event, world, search)]
    rest = [event for event in check_scope(world, search) if _app(event) in ("blast", "setup")]
    assert gone
    assert rest
    assert max(gone) <= min(event["requestReceivedTimestamp"] for event in rest)


def intended(records: Iterable[Mapping[str, Any]]) -> set[str]:
    """The uids that intent records of the exporter's own audit name."""
    return {uid for record in records if record["event"] == "cancel_intent" for uid in record["uids"]}


def deleted_uids(events: Iterable[Event]) -> set[str]:
    return {event["requestObject"]["preconditions"]["uid"] for event in events}


def _takes_a_pod(event: Event, world: World, search: str) -> bool:
    """The request with which the kubelet lets a finalizer or submit pod go."""
    what = event["objectRef"]
    if (event["verb"], what["resource"], what.get("namespace")) != ("delete", "pods", world.namespace):
        return False
    ours = tuple(f"{name}-{search[-8:]}" for name in ("elb-finalizer", "submit-jobs"))
    return what.get("name", "").startswith(ours) and event["responseStatus"]["code"] == 200


def _is_own(job: Mapping[str, Any], search: str) -> bool:
    labels, name = job["metadata"]["labels"], job["metadata"]["name"]
    own_setup = labels["app"] != "setup" or name.startswith("init-ssd-")
    return labels["elb-job-id"] == search and labels["app"] in ("finalizer", "submit", "setup", "blast") and own_setup


def _app(event: Event) -> str:
    app: str = event["responseObject"]["metadata"]["labels"]["app"]
    return app


def _end(event: Event) -> str:
    moment: str = event["stageTimestamp"]
    return moment
