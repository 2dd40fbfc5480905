"""Requests that change something: create, replace, merge-patch and delete, with dry run."""

from __future__ import annotations

from typing import Any

import msgspec

from exporter.simulator.errors import ApiError, bad_request, conflict, no_such_path
from exporter.simulator.kinds import Object
from exporter.simulator.paths import Address
from exporter.simulator.store import Store

MERGE_PATCH = "application/merge-patch+json"
_WITH_STATUS = frozenset({"jobs", "pods", "nodes", "persistentvolumeclaims", "namespaces"})
_RETURN_DELETED = frozenset({"pods", "persistentvolumeclaims"})


def decoded(body: bytes) -> Object:
    """A JSON object out of a request; ApiError 400."""
    try:
        obj: Object = msgspec.json.decode(body or b"{}", type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise bad_request(f"the object provided is unrecognized: {error}") from error
    return obj


def write(
    store: Store,
    resource: str,
    address: Address,
    method: str,
    body: bytes,
    query: dict[str, str],
    content_type: str,
) -> tuple[int, Object]:
    """Do it and return the HTTP status and the answer; ApiError as the API server refuses."""
    if resource == "pods" and address.subresource == "binding" and method == "POST":
        return 201, _bind(store, address, decoded(body))
    if address.subresource not in ("", "status"):
        raise no_such_path()
    if bool(address.name) is (method == "POST"):
        raise ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
    obj = decoded(body)
    if method == "POST":
        return 201, _create(store, resource, address, obj, query)
    if method == "DELETE":
        return 200, _delete(store, resource, address, obj if body else _options(query))
    if method == "PATCH" and not content_type.startswith(MERGE_PATCH):
        message = f"the body of the request was in an unknown format - accepted media types include: {MERGE_PATCH}"
        raise ApiError(415, "UnsupportedMediaType", message)
    return 200, _change(store, resource, address, obj, replace=method == "PUT", dry_run=_dry(query))


def _create(store: Store, resource: str, address: Address, obj: Object, query: dict[str, str]) -> Object:
    metadata = obj.setdefault("metadata", {})
    if metadata.setdefault("namespace", address.namespace) != address.namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    if not address.namespace:
        del metadata["namespace"]
    return store.create(resource, obj, dry_run=_dry(query))


def _bind(store: Store, address: Address, binding: Object) -> Object:
    target = binding.get("target", {}).get("name", "")

    def change(pod: Object) -> None:
        if pod["spec"].get("nodeName"):
            raise conflict("pods/binding", address.name, f"pod {address.name} is already assigned to a node")
        pod["spec"]["nodeName"] = target
        others = [c for c in pod["status"].get("conditions", ()) if c["type"] != "PodScheduled"]
        scheduled = {"type": "PodScheduled", "status": "True", "lastTransitionTime": store.clock.stamp()}
        pod["status"]["conditions"] = [*others, scheduled]

    store.update("pods", address.namespace, address.name, change)
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


def _change(store: Store, resource: str, address: Address, body: Object, *, replace: bool, dry_run: bool) -> Object:
    status_only = address.subresource == "status"
    with_status = resource in _WITH_STATUS or store.kind(resource).custom

    def change(obj: Object) -> None:
        new = dict(body) if replace else merged(obj, body)
        for field in set(obj) | set(new):
            if _may_write(with_status, field, status_only):
                if field in new:
                    obj[field] = new[field]
                else:
                    obj.pop(field, None)

    expected = body.get("metadata", {}).get("resourceVersion")
    name, namespace = address.name, address.namespace
    return store.update(resource, namespace, name, change, expected_rv=expected, dry_run=dry_run)


def _may_write(with_status: bool, field: str, status_only: bool) -> bool:
    if status_only:
        return field == "status"
    return field != "status" or not with_status


def merged(old: Any, patch: Any) -> Any:
    """RFC 7386: null removes, objects merge, everything else replaces."""
    if not isinstance(patch, dict):
        return patch
    result = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def _options(query: dict[str, str]) -> Object:
    """The DeleteOptions in a query, which count only when there is no body."""
    options: Object = {"dryRun": [query["dryRun"]]} if "dryRun" in query else {}
    options |= {key: query[key] for key in ("propagationPolicy", "gracePeriodSeconds") if key in query}
    return options


def _delete(store: Store, resource: str, address: Address, options: Object) -> Object:
    grace = options.get("gracePeriodSeconds")
    if grace is not None and not str(grace).isdigit():
        raise bad_request(f"gracePeriodSeconds: Invalid value: {grace}: must be a number that is not negative")
    obj, gone = store.remove(
        resource,
        (address.namespace, address.name),
        propagation=options.get("propagationPolicy"),
        grace_seconds=None if grace is None else int(grace),
        preconditions=options.get("preconditions"),
        dry_run=_dry({"dryRun": ",".join(options.get("dryRun") or [])}),
    )
    if not gone or resource in _RETURN_DELETED:
        return obj
    kind = store.kind(resource)
    details = {"name": address.name, "group": kind.group, "kind": kind.plural, "uid": obj["metadata"]["uid"]}
    details = {field: value for field, value in details.items() if value}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


def _dry(query: dict[str, str]) -> bool:
    value = query.get("dryRun", "")
    if value not in ("", "All"):
        raise ApiError(422, "Invalid", f'dryRun: Unsupported value: "{value}": supported values: "All"')
    return value == "All"
