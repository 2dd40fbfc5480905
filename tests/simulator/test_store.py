"""The store on its own: versions, the watch log, shared objects, wake-ups."""

from __future__ import annotations

import threading

import pytest

from exporter.simulator.clock import SimClock
from exporter.simulator.errors import ApiError
from exporter.simulator.store import Store


def config_map(name: str, **metadata: object) -> dict[str, object]:
    return {"metadata": {"name": name, **metadata}}


def test_versions_grow_over_all_resources() -> None:
    store = Store()
    first = store.create("configmaps", config_map("a"))
    second = store.create("nodes", {"metadata": {"name": "n"}})
    assert int(second["metadata"]["resourceVersion"]) > int(first["metadata"]["resourceVersion"])
    assert store.rv == int(second["metadata"]["resourceVersion"])


def test_the_store_keeps_its_own_copy() -> None:
    store, mine = Store(), config_map("a", labels={"app": "blast"})
    store.create("configmaps", mine)
    mine["metadata"]["labels"]["app"] = "other"
    assert store.get("configmaps", "default", "a")["metadata"]["labels"] == {"app": "blast"}


def test_an_update_leaves_the_object_that_was_read_alone() -> None:
    store = Store()
    before = store.create("configmaps", config_map("a"))
    store.update("configmaps", "default", "a", lambda obj: obj.update(data={"x": "1"}))
    assert "data" not in before
    assert store.get("configmaps", "default", "a")["data"] == {"x": "1"}


def test_an_update_without_effect_makes_no_version() -> None:
    store = Store()
    store.create("configmaps", config_map("a"))
    before = store.rv
    store.update("configmaps", "default", "a", lambda obj: None)
    assert store.rv == before


def test_a_writer_cannot_change_identity() -> None:
    store = Store()
    made = store.create("configmaps", config_map("a"))

    def forge(obj: dict[str, dict[str, str]]) -> None:
        obj["metadata"] |= {"uid": "forged", "name": "b", "deletionTimestamp": "2020-01-01T00:00:00Z"}

    changed = store.update("configmaps", "default", "a", forge)
    assert changed["metadata"]["uid"] == made["metadata"]["uid"]
    assert changed["metadata"]["name"] == "a"
    assert "deletionTimestamp" not in changed["metadata"]


def test_generated_names_differ() -> None:
    store = Store()
    names = {store.create("pods", {"metadata": {"generateName": "p-"}})["metadata"]["name"] for _ in range(20)}
    assert len(names) == 20
    assert all(len(name) == len("p-") + 5 for name in names)


def test_changes_after_a_version_are_told_in_order() -> None:
    store = Store()
    since = store.rv
    store.create("configmaps", config_map("a"))
    store.update("configmaps", "default", "a", lambda obj: obj.update(data={}))
    store.delete("configmaps", "default", "a")
    assert [change.type for change in store.changes("configmaps", since)] == ["ADDED", "MODIFIED", "DELETED"]
    assert store.changes("configmaps", store.rv) == []


@pytest.mark.parametrize("how", ["compaction", "window"])
def test_a_version_that_is_forgotten_is_expired(how: str) -> None:
    store = Store(window=3)
    since = store.rv
    for number in range(7):
        store.create("configmaps", config_map(f"c{number}"))
    if how == "compaction":
        store.compact()
    with pytest.raises(ApiError) as refused:
        store.changes("configmaps", since)
    assert (refused.value.status, refused.value.reason) == (410, "Expired")
    assert store.changes("configmaps", store.rv) == []
    assert store.changes("pods", store.rv) == []


def test_a_finalizer_holds_an_object_until_it_is_taken_off() -> None:
    store = Store()
    store.create("configmaps", config_map("a", finalizers=["example.org/hold"]))
    store.delete("configmaps", "default", "a")
    assert store.get("configmaps", "default", "a")["metadata"]["deletionTimestamp"]
    store.update("configmaps", "default", "a", lambda obj: obj["metadata"].pop("finalizers"))
    assert store.find("configmaps", "default", "a") is None


def test_a_grace_period_is_shortened_by_the_speed() -> None:
    clock = SimClock(30.0, wall=lambda: 1_000_000.0)
    store = Store(clock)
    store.create("pods", {"metadata": {"name": "p"}, "spec": {"nodeName": "n"}})
    metadata = store.delete("pods", "default", "p")["metadata"]
    assert metadata["deletionGracePeriodSeconds"] == 30
    assert metadata["deletionTimestamp"] == "1970-01-12T13:46:41Z"
    store.delete("pods", "default", "p", grace_seconds=0)
    assert store.find("pods", "default", "p") is None


def test_waiting_ends_with_the_next_change() -> None:
    store = Store()
    since, done = store.rv, []
    waiter = threading.Thread(target=lambda: done.append(store.wait(since, 10.0)))
    waiter.start()
    store.create("configmaps", config_map("a"))
    waiter.join(5.0)
    assert done == [True]
    assert store.wait(store.rv, 0.01) is False


def test_a_subscriber_is_called_until_it_ends() -> None:
    store, calls = Store(), []
    end = store.subscribe(lambda: calls.append(1))
    store.create("configmaps", config_map("a"))
    end()
    store.create("configmaps", config_map("b"))
    assert calls == [1]


def test_many_writers_lose_no_update() -> None:
    store = Store()
    store.create("configmaps", {**config_map("a"), "count": 0})

    def work() -> None:
        for _ in range(100):
            store.update("configmaps", "default", "a", lambda obj: obj.update(count=obj["count"] + 1))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30.0)
    assert store.get("configmaps", "default", "a")["count"] == 400
