"""Bytes of the Kubernetes API, a list page or a watch line, to records.

One bad object is counted and left out. Bytes that are not the answer we asked for raise `Failed` with the word
`garbled`; nothing else is ever raised.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Generic, Literal, TypeVar

from msgspec import Raw, Struct, ValidationError, field
from msgspec.json import Decoder

from exporter.adapters.decode_core import Claim, Event, Node, claim_record, event_record, node_record
from exporter.adapters.decode_job import Job, job_record
from exporter.adapters.decode_parts import Metadata, told_uid
from exporter.adapters.decode_pod import Pod, pod_record
from exporter.domain.failures import Failed, Word
from exporter.domain.records import Record, Uid, value_class

ResourceName = Literal["jobs", "pods", "nodes", "persistentvolumeclaims", "events"]
EventType = Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"]
Item = TypeVar("Item")

_TOLERATED_REJECTS = 3
_TOLERATED_SHARE = 0.01
_TOKEN_LENGTH = 16 * 1024
_VERSION_LENGTH = 128
_SURROGATES = re.compile(
    rb"(\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)


@value_class
class Page:
    """One page of a list. `rejects`: how many objects were broken; `remaining`: how many follow, if the API says."""

    records: list[Record]
    rejects: int
    resource_version: str
    continue_token: str
    remaining: int | None


@value_class
class WatchEvent:
    """One event of a watch. `record` None: a bookmark, an error, an object that is not ours, or a rejected one, whose
    `uid` is told."""

    type: EventType
    record: Record | None = None
    resource_version: str = ""
    code: int = 0
    rejected: bool = False
    uid: Uid = ""


class _ListMetadata(Struct, gc=False, rename="camel"):
    resource_version: str = ""
    continue_token: str = field(name="continue", default="")
    remaining_item_count: int | None = None


class _ListOf(Struct, Generic[Item], gc=False, rename="camel"):
    kind: str
    api_version: str
    metadata: _ListMetadata
    items: list[Item] | None


class _EventOf(Struct, Generic[Item], gc=False):
    type: EventType
    object: Item


class _Bare(Struct, gc=False):
    metadata: Metadata
    kind: str = ""
    code: int = 0


class _Form:
    """How one resource is read: whole pages at once, and object by object when one of them is broken."""

    def __init__(self, kind: str, api_version: str, item: Any, to_record: Callable[[Any], Record | None]) -> None:
        self.kind = kind
        self.api_version = api_version
        self.to_record = to_record
        self.item: Decoder[Any] = Decoder(item)
        self.page: Decoder[_ListOf[Any]] = Decoder(_ListOf[item])
        self.event: Decoder[_EventOf[Any]] = Decoder(_EventOf[item])


_FORMS = {
    "jobs": _Form("Job", "batch/v1", Job, job_record),
    "pods": _Form("Pod", "v1", Pod, pod_record),
    "nodes": _Form("Node", "v1", Node, node_record),
    "persistentvolumeclaims": _Form("PersistentVolumeClaim", "v1", Claim, claim_record),
    "events": _Form("Event", "v1", Event, event_record),
}
_RAW_PAGE = Decoder(_ListOf[Raw])
_RAW_EVENT = Decoder(_EventOf[Raw])
_BARE = Decoder(_Bare)


def decode_page(resource: ResourceName, body: bytes) -> Page:
    """Return one page of a list of `resource`; objects that are not ours are left out."""
    form = _FORMS[resource]
    _check_text(body)
    page: _ListOf[Any]
    try:
        page, read = form.page.decode(body), None
    except (ValueError, RecursionError):
        page, read = _raw(_RAW_PAGE, body), form.item
    if page.kind != form.kind + "List" or page.api_version != form.api_version:
        raise Failed(Word.GARBLED, f"not a list of {resource}")
    version, token = page.metadata.resource_version, page.metadata.continue_token
    if not _is_token(version, _VERSION_LENGTH) or (token and not _is_token(token, _TOKEN_LENGTH)):
        raise Failed(Word.GARBLED, f"list of {resource} without a usable version or token")
    records, rejects = _records(form, page.items or (), read)
    return Page(
        records=records,
        rejects=rejects,
        resource_version=version,
        continue_token=token,
        remaining=page.metadata.remaining_item_count,
    )


def decode_event(resource: ResourceName, line: bytes) -> WatchEvent:
    """Return one event of a watch on `resource`."""
    form = _FORMS[resource]
    _check_text(line)
    try:
        event = form.event.decode(line)
    except (ValueError, RecursionError):
        return _broken_event(form, line)
    if event.type == "ERROR":
        return _broken_event(form, line)
    item = event.object
    if item.kind != form.kind:
        raise Failed(Word.GARBLED, f"watch of {resource} sent another kind")
    return _event(event.type, item.metadata, partial(form.to_record, item))


def _records(form: _Form, items: Sequence[Any], read: Decoder[Any] | None) -> tuple[list[Record], int]:
    records: list[Record] = []
    rejects = 0
    for raw in items:
        try:
            item = read.decode(raw) if read else raw
            if item.kind != form.kind:
                raise ValueError(form.kind)
            record = form.to_record(item)
        except (ValueError, RecursionError):
            rejects += 1
            continue
        if record is not None:
            records.append(record)
    if rejects > _TOLERATED_REJECTS and rejects > _TOLERATED_SHARE * len(items):
        raise Failed(Word.GARBLED, f"{rejects} of {len(items)} objects are broken")
    return records, rejects


def _event(kind: EventType, metadata: Metadata, build: Callable[[], Record | None]) -> WatchEvent:
    version = metadata.resource_version
    if not _is_token(version, _VERSION_LENGTH):
        raise Failed(Word.GARBLED, "watch event without a usable version")
    if kind == "BOOKMARK":
        return WatchEvent(type=kind, resource_version=version)
    try:
        return WatchEvent(type=kind, record=build(), resource_version=version)
    except (ValueError, RecursionError):
        return WatchEvent(type=kind, resource_version=version, rejected=True, uid=told_uid(metadata))


def _broken_event(form: _Form, line: bytes) -> WatchEvent:
    """Read an event whose object is an error or does not have the right form."""
    event = _raw(_RAW_EVENT, line)
    bare = _raw(_BARE, bytes(event.object))
    if event.type == "ERROR":
        return WatchEvent(type="ERROR", code=bare.code)
    if bare.kind != form.kind:
        raise Failed(Word.GARBLED, "watch sent another kind")
    return _event(event.type, bare.metadata, lambda: form.to_record(form.item.decode(event.object)))


def decode_frame(decoder: Decoder[Item], data: bytes) -> Item:
    """Decode the frame around objects that stay raw. Raises Failed (`garbled`)."""
    _check_text(data)
    return _raw(decoder, data)


def _raw(decoder: Decoder[Item], data: bytes) -> Item:
    """Decode the frame around objects. A lone surrogate, which is legal JSON, is replaced first."""
    try:
        return decoder.decode(_SURROGATES.sub(_mend, data) if b"\\u" in data else data)
    except (ValueError, RecursionError) as error:
        raise Failed(Word.GARBLED, _flaw(error)) from None


def _mend(found: re.Match[bytes]) -> bytes:
    return found[1] or b"\\ufffd"


def _flaw(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deep"
    return "unexpected structure" if isinstance(error, ValidationError) else "not JSON"


def _check_text(data: bytes) -> None:
    if data.isascii():
        return
    try:
        data.decode()
    except UnicodeDecodeError:
        raise Failed(Word.GARBLED, "not UTF-8") from None


def _is_token(text: str, longest: int) -> bool:
    return 0 < len(text) <= longest and text.isascii() and text.isprintable()


def stored_objects(body: bytes) -> int:
    """How many objects the API server stores, from the head of a list page: its items and what it says remains."""
    page: _ListOf[Raw] = _raw(_RAW_PAGE, body)
    return len(page.items or ()) + (page.metadata.remaining_item_count or 0)
