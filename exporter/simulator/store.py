"""The objects of the simulated cluster, their versions and their watch log, behind one lock."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable

from exporter.simulator import deletion
from exporter.simulator.clock import SimClock
from exporter.simulator.errors import already_exists, conflict, not_found
from exporter.simulator.journal import Change, ChangeType, Entry, Journal
from exporter.simulator.kinds import KINDS, Kind, Object
from exporter.simulator.objects import copied, owner_uids, prepared, restore
from exporter.simulator.selectors import Matches, both, by_fields, by_labels

# The class has a method called list, which hides the type from its annotations.
Objects = list[Object]
Entries = list[Entry]
Changes = list[Change]
Owned = list[tuple[str, Object]]

Key = tuple[str, str]
"""Namespace and name; the namespace of a cluster-wide object is empty."""

_FIRST_RV = 1000
_PRECONDITIONS = (
    ("uid", "UID", "deleted and then recreated"),
    ("resourceVersion", "ResourceVersion", "modified"),
)


class Store:
    """Creates, reads, changes and deletes objects; every change gets a resourceVersion and wakes the watchers.

    Objects it returns are the stored ones, shared with every other reader: change them through `update` only.
    Refusals are `ApiError`. All methods may be called from any thread.
    """

    def __init__(self, clock: SimClock | None = None, *, window: int = 20_000) -> None:
        self.clock = clock or SimClock()
        self.kinds: dict[str, Kind] = dict(KINDS)
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._objects: defaultdict[str, dict[Key, Entry]] = defaultdict(dict)
        self._uids: dict[str, tuple[str, Key]] = {}
        self._owned: defaultdict[str, dict[tuple[str, Key], None]] = defaultdict(dict)
        self._journal = Journal(_FIRST_RV, window)
        self._wakers: dict[int, Callable[[], None]] = {}
        for name in ("default", "kube-system"):
            self.create("namespaces", {"metadata": {"name": name}})

    # Reading

    @property
    def rv(self) -> int:
        """The newest resourceVersion."""
        return self._journal.rv

    def kind(self, resource: str) -> Kind:
        """The kind of a resource; KeyError if it is not served."""
        return self.kinds[resource]

    def get(self, resource: str, namespace: str | None, name: str) -> Object:
        """One object; ApiError 404."""
        return self.entry(resource, namespace, name).obj

    def find(self, resource: str, namespace: str | None, name: str) -> Object | None:
        """One object, or None."""
        with self._lock:
            entry = self._objects[resource].get((namespace or "", name))
        return entry.obj if entry else None

    def entry(self, resource: str, namespace: str | None, name: str) -> Entry:
        """One object with its encoded form; ApiError 404."""
        with self._lock:
            entry = self._objects[resource].get((namespace or "", name))
        if entry is None:
            raise not_found(self.kinds[resource].plural, name, self.kinds[resource].group)
        return entry

    def list(
        self, resource: str, namespace: str | None = None, label_selector: str = "", field_selector: str = ""
    ) -> Objects:
        """The matching objects by namespace and name."""
        matches = self.selector(resource, label_selector, field_selector)
        return [entry.obj for entry in self.snapshot(resource, namespace)[1] if matches(entry.obj)]

    def snapshot(self, resource: str, namespace: str | None = None) -> tuple[int, Entries]:
        """The resourceVersion and all entries of that moment by namespace and name."""
        with self._lock:
            items = list(self._objects[resource].items())
            rv = self._journal.rv
        items.sort(key=lambda item: item[0])
        return rv, [entry for key, entry in items if not namespace or key[0] == namespace]

    def selector(self, resource: str, label_selector: str = "", field_selector: str = "") -> Matches:
        """The predicate of both selectors; ApiError 400."""
        return both(by_labels(label_selector), by_fields(field_selector, self.kinds[resource]))

    def owned(self, uid: str) -> Owned:
        """The objects that name `uid` as an owner, each with its resource."""
        with self._lock:
            return [(resource, self._objects[resource][key].obj) for resource, key in self._owned.get(uid, ())]

    def by_uid(self, uid: str) -> tuple[str, Object] | None:
        """The resource and the object with that uid, if it exists."""
        with self._lock:
            place = self._uids.get(uid)
            return (place[0], self._objects[place[0]][place[1]].obj) if place else None

    # Writing

    def register(self, resource: str, kind: Kind) -> None:
        """Serve one more resource."""
        with self._lock:
            self.kinds = {**self.kinds, resource: kind}

    def withdraw(self, resource: str) -> None:
        """Serve a resource no more; its objects go."""
        with self._lock:
            self.kinds = {name: kind for name, kind in self.kinds.items() if name != resource}
            for key, entry in list(self._objects[resource].items()):
                self._remove(resource, key, copied(entry.obj))

    def create(self, resource: str, obj: Object, *, dry_run: bool = False) -> Object:
        """Store a copy of `obj` with the server's defaults; ApiError 409 for a name that is taken."""
        kind = self.kinds[resource]
        made = prepared(resource, kind, obj, self.clock)
        key = (made["metadata"].get("namespace", ""), made["metadata"]["name"])
        with self._lock:
            if kind.namespaced and ("", key[0]) not in self._objects["namespaces"]:
                raise not_found("namespaces", key[0])
            if key in self._objects[resource]:
                raise already_exists(kind.plural, key[1], kind.group)
            return made if dry_run else self._commit(resource, key, made, "ADDED")

    def update(
        self,
        resource: str,
        namespace: str | None,
        name: str,
        change: Callable[[Object], None],
        *,
        expected_rv: str | None = None,
        dry_run: bool = False,
    ) -> Object:
        """Let `change` work on a copy and store it; the version grows only if something differs.

        ApiError 409 if `expected_rv` is given and not the current one.
        An object that is being deleted goes once nothing holds it.
        """
        key = (namespace or "", name)
        with self._lock:
            old = self.entry(resource, namespace, name).obj
            if expected_rv not in (None, "", old["metadata"]["resourceVersion"]):
                why = "the object has been modified; please apply your changes to the latest version and try again"
                raise conflict(self.kinds[resource].plural, name, why, self.kinds[resource].group)
            new = copied(old)
            change(new)
            restore(new, old)
            if new == old or dry_run:
                return new
            if "generation" in old["metadata"] and new.get("spec") != old.get("spec"):
                new["metadata"]["generation"] = old["metadata"]["generation"] + 1
            if deletion.can_go(new):
                self._remove(resource, key, copied(old))
                return new
            return self._commit(resource, key, new, "MODIFIED")

    def delete(
        self,
        resource: str,
        namespace: str | None,
        name: str,
        *,
        propagation: str | None = None,
        grace_seconds: int | None = None,
        preconditions: dict[str, str] | None = None,
        dry_run: bool = False,
    ) -> Object:
        """Delete as the API server does and return the object as it then is, or as it was last.

        ApiError 404 if it is not there, 409 if a precondition (uid, resourceVersion) does not hold.
        """
        return self.remove(
            resource,
            (namespace or "", name),
            propagation=propagation,
            grace_seconds=grace_seconds,
            preconditions=preconditions,
            dry_run=dry_run,
        )[0]

    def remove(
        self,
        resource: str,
        key: Key,
        *,
        propagation: str | None = None,
        grace_seconds: int | None = None,
        preconditions: dict[str, str] | None = None,
        dry_run: bool = False,
    ) -> tuple[Object, bool]:
        """`delete`, which also tells whether the object is gone."""
        with self._lock:
            old = self.get(resource, *key)
            self._check(resource, old, preconditions or {})
            obj = copied(old)
            gone = deletion.mark(resource, obj, propagation=propagation, grace_seconds=grace_seconds, clock=self.clock)
            if dry_run:
                return obj, gone
            # A pod is seen being deleted before it is seen gone, whatever its grace period; others just go.
            if not (gone and resource != "pods") and obj != old:
                self._commit(resource, key, obj, "MODIFIED")
            if gone:
                obj = self._remove(resource, key, copied(obj if resource == "pods" else old))
            return obj, gone

    # Watching

    def changes(self, resource: str, since: int) -> Changes:
        """What happened to a resource after version `since`; ApiError 410 if that is forgotten."""
        with self._lock:
            return self._journal.since(resource, since)

    @property
    def compacted(self) -> int:
        """The oldest version from which reading can go on."""
        return self._journal.compacted

    def compact(self) -> None:
        """Forget the watch log: every older version is gone from now on."""
        with self._lock:
            self._journal.compact()

    def wait(self, since: int, timeout: float) -> bool:
        """Block until something is newer than version `since`, at most `timeout` real seconds; tell whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: self._journal.rv > since, timeout)

    def subscribe(self, waker: Callable[[], None]) -> Callable[[], None]:
        """Call `waker` after every change, under the lock: it must be quick. Returns the function that ends it."""
        with self._lock:
            token = id(waker)
            self._wakers[token] = waker

        def unsubscribe() -> None:
            with self._lock:
                self._wakers.pop(token, None)

        return unsubscribe

    def touch(self) -> None:
        """Wake every watcher though nothing changed."""
        with self._changed:
            self._changed.notify_all()
            for waker in tuple(self._wakers.values()):
                waker()

    # Inside the lock

    def _commit(self, resource: str, key: Key, obj: Object, change: ChangeType) -> Object:
        rv = self._journal.rv + 1
        obj["metadata"]["resourceVersion"] = str(rv)
        entry = Entry.of(obj, rv)
        table = self._objects[resource]
        previous = table.get(key)
        table[key] = entry
        self._index((resource, key), previous.obj if previous else None, obj)
        self._publish(resource, Change(rv, change, entry, previous))
        return obj

    def _remove(self, resource: str, key: Key, obj: Object) -> Object:
        rv = self._journal.rv + 1
        obj["metadata"]["resourceVersion"] = str(rv)
        previous = self._objects[resource].pop(key)
        self._index((resource, key), previous.obj, None)
        self._publish(resource, Change(rv, "DELETED", Entry.of(obj, rv), previous))
        return obj

    def _publish(self, resource: str, change: Change) -> None:
        self._journal.append(resource, change)
        self.touch()

    def _index(self, place: tuple[str, Key], old: Object | None, new: Object | None) -> None:
        if old is not None:
            self._uids.pop(old["metadata"]["uid"], None)
            for uid in owner_uids(old):
                self._owned[uid].pop(place, None)
                if not self._owned[uid]:
                    del self._owned[uid]
        if new is not None:
            self._uids[new["metadata"]["uid"]] = place
            for uid in owner_uids(new):
                self._owned[uid][place] = None

    def _check(self, resource: str, obj: Object, preconditions: dict[str, str]) -> None:
        kind = self.kinds[resource]
        for field, shown, guess in _PRECONDITIONS:
            wanted, found = preconditions.get(field), obj["metadata"][field]
            if wanted not in (None, found):
                why = (
                    f"the {shown} in the precondition ({wanted}) does not match the {shown} in record ({found})."
                    f" The object might have been {guess}"
                )
                raise conflict(kind.kind, obj["metadata"]["name"], why, kind.group)
