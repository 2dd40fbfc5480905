"""Versions that are too old: continue tokens and watches."""

from __future__ import annotations

from tests.contract.targets import Target
from tests.support.kubeapi import expect


def test_what_is_too_old_is_refused_as_expired(forgetful: Target) -> None:
    """A list answers 410 and offers a token to go on inconsistently; a watch answers 200 and then an ERROR event."""
    for name in ("a", "b", "c"):
        forgetful.make(forgetful.configmaps, name, labels={"paged": "yes"})
    first = expect(forgetful.api.get(forgetful.configmaps, limit=1, labelSelector="paged=yes"))["metadata"]
    expect(forgetful.api.delete(f"{forgetful.configmaps}/b"))
    forgetful.forget(first["resourceVersion"])

    query = {"labelSelector": "paged=yes", "limit": 1, "continue": first["continue"]}
    status, body = forgetful.api.get(forgetful.configmaps, **query)
    assert (status, body["kind"], body["reason"], body["code"]) == (410, "Status", "Expired", 410)
    rest = expect(forgetful.api.get(forgetful.configmaps, **{**query, "continue": body["metadata"]["continue"]}))
    assert [item["metadata"]["name"] for item in rest["items"]] == ["c"]

    events = list(forgetful.api.watch(forgetful.configmaps, resourceVersion=first["resourceVersion"], timeoutSeconds=5))
    assert [event["type"] for event in events] == ["ERROR"]
    error = events[0]["object"]
    assert (error["kind"], error["code"], error["reason"]) == ("Status", 410, "Expired")
