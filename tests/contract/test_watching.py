"""Watches: what a change looks like through a selector, bookmarks, time limits."""

from __future__ import annotations

import time

from tests.contract.targets import Target
from tests.support.kubeapi import Body, expect


def shapes(events: list[Body]) -> list[tuple[str, str]]:
    return [(event["type"], event["object"]["metadata"]["name"]) for event in events]


def relabel(target: Target, name: str, app: str | None) -> Body:
    return expect(target.api.patch(f"{target.configmaps}/{name}", {"metadata": {"labels": {"app": app}}}))


def test_a_watch_shows_each_step_after_its_version(target: Target) -> None:
    since = target.version(target.configmaps)
    made = target.make(target.configmaps, "one")
    changed = expect(target.api.patch(f"{target.configmaps}/one", {"data": {"a": "b"}}))
    expect(target.api.delete(f"{target.configmaps}/one"))
    events = target.until(target.configmaps, 3, since=since, fieldSelector="metadata.name=one")
    assert shapes(events) == [("ADDED", "one"), ("MODIFIED", "one"), ("DELETED", "one")]
    assert [event["object"]["kind"] for event in events] == ["ConfigMap"] * 3
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in events]
    assert versions[:2] == [int(obj["metadata"]["resourceVersion"]) for obj in (made, changed)]
    assert versions[2] > versions[1]
    assert events[2]["object"]["data"] == {"a": "b"}


def test_leaving_a_selector_is_a_deletion_with_the_content_before(target: Target) -> None:
    """Why success and deletion cannot be told apart on a watch with a field selector."""
    target.make(target.configmaps, "one", labels={"app": "blast"})
    since = target.version(target.configmaps)
    left = relabel(target, "one", "other")
    event = target.until(target.configmaps, 1, since=since, labelSelector="app=blast")[0]
    assert event["type"] == "DELETED"
    assert event["object"]["metadata"]["labels"] == {"app": "blast"}
    assert event["object"]["metadata"]["resourceVersion"] == left["metadata"]["resourceVersion"]


def test_entering_a_selector_is_an_addition(target: Target) -> None:
    target.make(target.configmaps, "one")
    since = target.version(target.configmaps)
    relabel(target, "one", "blast")
    expect(target.api.patch(f"{target.configmaps}/one", {"data": {"a": "b"}}))
    relabel(target, "one", None)
    events = target.until(target.configmaps, 3, since=since, labelSelector="app=blast")
    assert shapes(events) == [("ADDED", "one"), ("MODIFIED", "one"), ("DELETED", "one")]


def test_a_pod_that_ends_leaves_a_watch_on_its_phase(target: Target) -> None:
    target.make_pod("one")
    since = target.version(target.pods)
    target.set_status(f"{target.pods}/one", {"phase": "Succeeded"})
    stream = target.api.watch(
        target.pods, resourceVersion=since, timeoutSeconds=15, fieldSelector="status.phase=Pending"
    )
    event = next(event for event in stream if event["type"] == "DELETED")
    assert event["object"]["status"]["phase"] == "Pending"


def test_changes_outside_the_selector_and_the_namespace_are_not_seen(target: Target) -> None:
    since = target.version(target.configmaps)
    target.make("/api/v1/namespaces/default/configmaps", f"of-{target.namespace}", labels={"app": "blast"})
    target.make(target.configmaps, "other", labels={"app": "other"})
    target.make(target.configmaps, "mine", labels={"app": "blast"})
    events = target.until(target.configmaps, 1, since=since, labelSelector="app=blast")
    assert shapes(events) == [("ADDED", "mine")]


def test_a_watch_without_a_version_begins_with_what_is_there(target: Target) -> None:
    target.make(target.configmaps, "one", labels={"app": "blast"})
    stream = target.api.watch(target.configmaps, timeoutSeconds=10, labelSelector="app=blast")
    assert next(stream)["object"]["metadata"]["name"] == "one"
    target.make(target.configmaps, "two", labels={"app": "blast"})
    assert shapes([next(stream)]) == [("ADDED", "two")]


def test_a_change_that_changes_nothing_is_not_an_event(target: Target) -> None:
    target.make(target.configmaps, "one", labels={"app": "blast"})
    since = target.version(target.configmaps)
    relabel(target, "one", "blast")
    relabel(target, "one", "other")
    events = target.until(target.configmaps, 1, since=since, labelSelector="app")
    assert events[0]["object"]["metadata"]["labels"] == {"app": "other"}


def test_a_bookmark_comes_before_the_time_is_over(target: Target) -> None:
    """It carries a version to go on from, and no content."""
    since = target.version(target.configmaps)
    target.make(target.configmaps, "elsewhere", labels={"app": "other"})
    stream = target.api.watch(
        target.configmaps,
        resourceVersion=since,
        timeoutSeconds=5,
        labelSelector="app=blast",
        allowWatchBookmarks="true",
    )
    event = next(stream)
    assert event["type"] == "BOOKMARK"
    assert (event["object"]["kind"], event["object"]["apiVersion"]) == ("ConfigMap", "v1")
    assert int(event["object"]["metadata"]["resourceVersion"]) > int(since)
    assert "name" not in event["object"]["metadata"]


def test_no_bookmark_is_sent_unasked_and_the_watch_ends_in_time(target: Target) -> None:
    since = target.version(target.configmaps)
    target.make(target.configmaps, "elsewhere", labels={"app": "other"})
    begun = time.monotonic()
    events = list(
        target.api.watch(target.configmaps, resourceVersion=since, timeoutSeconds=2, labelSelector="app=blast")
    )
    assert events == []
    assert 1.5 < time.monotonic() - begun < 4.0


def test_initial_events_end_with_a_marked_bookmark(target: Target) -> None:
    target.make(target.configmaps, "one", labels={"app": "blast"})
    stream = target.api.watch(
        target.configmaps,
        timeoutSeconds=15,
        labelSelector="app=blast",
        sendInitialEvents="true",
        resourceVersionMatch="NotOlderThan",
        allowWatchBookmarks="true",
    )
    first, second = next(stream), next(stream)
    assert shapes([first]) == [("ADDED", "one")]
    assert second["type"] == "BOOKMARK"
    assert second["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
