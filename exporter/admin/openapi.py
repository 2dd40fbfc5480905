"""The OpenAPI 3.1 document of the admin port. Its schemas are printed from the values that are read and written."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec

from exporter import __version__
from exporter.admin.documents import SearchesDocument
from exporter.admin.problems import MEDIA_TYPE, TITLES
from exporter.admin.wish import CancelRequest
from exporter.cancel.documents import PlanDocument, ProgressDocument, ResultDocument

Json = dict[str, Any]
_REFERENCE = "#/components/schemas/{name}"
_ID = {"type": "string", "maxLength": 63, "pattern": "^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$"}
_KEY = {"type": "string", "maxLength": 64, "pattern": "^[A-Za-z0-9._~-]+$"}
_ALWAYS = (400, 403, 408, 429, 431, 503)
_OF_STATUS = {
    400: "The request is not understood.",
    401: "The caller is not known.",
    403: "The host, the origin or the caller is not let in.",
    404: "There is no such namespace, search or cancel.",
    408: "The request did not come in time; the connection is closed without an answer.",
    409: "An object changed meanwhile, the count differs, or the search is being cancelled already.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "The id, the confirmation, the cluster or the namespace is not right, or the cancel was refused.",
    429: "Too many requests. Retry-After says when to ask again.",
    431: "The head of the request is too long.",
    500: "Something is left, or the exporter has a fault. Repeating the request is safe.",
    503: "What must be known or recorded cannot be, or the exporter is ending.",
}
_PLAIN = (400, 431, 503)  # said by the listener before any handler sees the request
_INFO = (
    "Stops exactly one search: its finalizer and submit Jobs first, then what loads its database, then its batches. "
    "Nothing of another search and nothing shared is ever deleted."
)


class ProblemDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong (RFC 9457). An ended cancel that is no success has all members of ResultDocument too."""

    type: str
    title: str
    status: int
    detail: str


@cache
def document() -> Json:
    """The document, ready to be encoded."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "ElasticBLAST exporter: cancel", "version": __version__, "description": _INFO},
        "paths": _paths(),
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"caller": {"type": "http", "scheme": "bearer"}},
        },
    }


def _paths() -> Json:
    search, key = _parameter("id", "path", _ID), _parameter("key", "path", _KEY)
    name = {"type": "string", "maxLength": 63}
    place = [
        _parameter("cluster", "query", name, "Required where there are several clusters."),
        _parameter("namespace", "query", name, "Required where the cluster has several namespaces."),
    ]
    again = _parameter("Idempotency-Key", "header", _KEY, "The same key with the same body is the same cancel.")
    body = {"required": True, "content": {"application/json": {"schema": _reference("CancelRequest")}}}
    cancel = _operation("cancel", "Cancel one search", [search, again], (401, 404, 409, 413, 415, 422, 500)) | {
        "requestBody": body
    }
    cancel["responses"]["200"] = _answer("ResultDocument", "It is over, and nothing is left.")
    cancel["responses"]["202"] = _answer("ProgressDocument", "It goes on. Location is where to look.") | {
        "headers": {"Location": {"schema": {"type": "string"}}, "Retry-After": {"schema": {"type": "string"}}}
    }
    searches = _operation("searches", "The searches that the caller may see", place, (401, 404, 422))
    searches["responses"]["200"] = _answer("SearchesDocument", "The searches, as the exporter saw them last.")
    plan = _operation("plan", "What a cancel would do now", [search, *place], (401, 404, 422))
    plan["responses"]["200"] = _answer("PlanDocument", "The plan, looked up live.")
    progress = _operation("progress", "How far a cancel is, or how it ended", [key], (401, 404))
    progress["responses"]["200"] = _answer("ProgressDocument", "The cancel, for an hour after its end.")
    return {
        "/v1/searches": {"get": searches},
        "/v1/searches/{id}": {"get": plan},
        "/v1/searches/{id}/cancel": {"post": cancel},
        "/v1/cancels/{key}": {"get": progress},
        "/openapi.json": {"get": _open("openapi", "This document", "application/json", {"type": "object"})},
        "/": {"get": _open("page", "This document as a page", "text/html", {"type": "string"})},
    }


def _operation(name: str, summary: str, parameters: Sequence[Json], statuses: Sequence[int]) -> Json:
    return {
        "operationId": name,
        "summary": summary,
        "parameters": list(parameters),
        "security": [{"caller": []}],
        "responses": {str(status): _problem(status) for status in sorted({*_ALWAYS, *statuses})},
    }


def _open(name: str, summary: str, media_type: str, schema: Json) -> Json:
    """An operation for which nobody need say who they are."""
    operation = _operation(name, summary, [], ()) | {"security": []}
    operation["responses"]["200"] = {"description": summary, "content": {media_type: {"schema": schema}}}
    return operation


def _answer(schema: str, description: str) -> Json:
    return {"description": description, "content": {"application/json": {"schema": _reference(schema)}}}


def _problem(status: int) -> Json:
    content: Json = {} if status in (408, 431) else {MEDIA_TYPE: {"schema": _reference("ProblemDocument")}}
    if status in _PLAIN:
        content["text/plain"] = {"schema": {"type": "string"}}
    return {"description": _OF_STATUS[status], **({"content": content} if content else {})}


def _parameter(name: str, place: str, schema: Json, description: str = "") -> Json:
    parameter = {"name": name, "in": place, "required": place == "path", "schema": schema}
    return parameter | ({"description": description} if description else {})


def _reference(name: str) -> Json:
    return {"$ref": _REFERENCE.format(name=name)}


def _schemas() -> Json:
    kinds = [CancelRequest, SearchesDocument, PlanDocument, ResultDocument, ProgressDocument, ProblemDocument]
    _, schemas = msgspec.json.schema_components(kinds, ref_template=_REFERENCE)
    schemas["ProblemDocument"]["properties"]["type"]["enum"] = [f"about:blank#{name}" for name in sorted(TITLES)]
    return schemas
