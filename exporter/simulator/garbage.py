"""The garbage collector: objects whose owners are gone, and owners that wait for what they own."""

from __future__ import annotations

from exporter.simulator.deletion import FOREGROUND, ORPHAN, set_finalizers
from exporter.simulator.job_status import is_deleting
from exporter.simulator.kinds import Object
from exporter.simulator.objects import key_of, owner_uids
from exporter.simulator.store import Store


def collect(store: Store, uid: str) -> None:
    """Do what is due for the object with that uid."""
    place = store.by_uid(uid)
    if place is None:
        return
    resource, obj = place
    finalizers = obj["metadata"].get("finalizers", ())
    if is_deleting(obj) and FOREGROUND in finalizers:
        _delete_owned(store, resource, obj)
    elif is_deleting(obj) and ORPHAN in finalizers:
        _let_go(store, resource, obj)
    elif not is_deleting(obj):
        _delete_abandoned(store, resource, obj)


def empty(store: Store, namespace: str) -> None:
    """Delete what is left in a namespace that is gone."""
    for resource, kind in tuple(store.kinds.items()):
        for obj in store.list(resource, namespace) if kind.namespaced else ():
            store.delete(resource, *key_of(obj), propagation="Background", grace_seconds=0)


def _delete_owned(store: Store, resource: str, owner: Object) -> None:
    for kind, owned in store.owned(owner["metadata"]["uid"]):
        if not is_deleting(owned):
            further = "Foreground" if store.owned(owned["metadata"]["uid"]) else "Background"
            _delete(store, kind, owned, further)
    if not any(_blocks(owned, owner) for _, owned in store.owned(owner["metadata"]["uid"])):
        _drop_finalizer(store, resource, owner, FOREGROUND)


def _let_go(store: Store, resource: str, owner: Object) -> None:
    uid = owner["metadata"]["uid"]

    def forget(owned: Object) -> None:
        kept = [r for r in owned["metadata"]["ownerReferences"] if r["uid"] != uid]
        owned["metadata"]["ownerReferences"] = kept
        if not kept:
            del owned["metadata"]["ownerReferences"]

    for kind, owned in store.owned(uid):
        store.update(kind, *key_of(owned), forget)
    _drop_finalizer(store, resource, owner, ORPHAN)


def _delete_abandoned(store: Store, resource: str, obj: Object) -> None:
    owners = list(owner_uids(obj))
    if owners and not any(store.by_uid(owner) for owner in owners):
        _delete(store, resource, obj, "Background")


def _delete(store: Store, resource: str, obj: Object, propagation: str) -> None:
    store.delete(resource, *key_of(obj), propagation=propagation)


def _blocks(owned: Object, owner: Object) -> bool:
    references = owned["metadata"].get("ownerReferences", ())
    return any(r["uid"] == owner["metadata"]["uid"] and r.get("blockOwnerDeletion") for r in references)


def _drop_finalizer(store: Store, resource: str, obj: Object, finalizer: str) -> None:
    def change(new: Object) -> None:
        set_finalizers(new, [f for f in new["metadata"].get("finalizers", ()) if f != finalizer])

    store.update(resource, *key_of(obj), change)
