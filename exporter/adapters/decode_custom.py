"""Bytes of a list page to records of custom resources and of usage; one broken object is counted and left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from msgspec import Raw, Struct, field
from msgspec.json import Decoder

from exporter.adapters.decode import decode_frame
from exporter.adapters.decode_parts import quantity, seconds, shared_text
from exporter.domain.custom.objects import CONDITION_VALUES, Amount, Condition, CustomRecord, Kind, Path
from exporter.domain.custom.usage import LEASE_LASTS, LeaseRecord, NodeUsage, PodUsage
from exporter.domain.failures import Failed, Word
from exporter.domain.identity import ID_LABEL, is_search_id
from exporter.domain.records import ROLE_OF_APP
from exporter.domain.text import clean

Item = TypeVar("Item")

_TOLERATED_REJECTS = 3
_TOLERATED_SHARE = 0.01
_TOKEN_LENGTH = 16 * 1024
_BRANCHES = 1000  # values of one `*` that are looked at
_CONDITIONS = 100
_LARGEST = 1e18
_BLAST = "blast"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomPage(Generic[Item]):
    """One page of a list: what was read, how many objects were broken, and where to go on."""

    records: list[Item]
    rejects: int
    continue_token: str


class _ListMetadata(Struct, gc=False, rename="camel"):
    continue_token: str = field(name="continue", default="")


class _List(Struct, gc=False, rename="camel"):
    kind: str
    api_version: str
    items: list[Raw] | None
    metadata: _ListMetadata = field(default_factory=_ListMetadata)


class _Named(Struct, gc=False):
    name: str = ""
    labels: dict[str, str] | None = None


class _NodeMetrics(Struct, gc=False):
    metadata: _Named
    timestamp: str
    usage: dict[str, str]


class _Container(Struct, gc=False):
    name: str
    usage: dict[str, str]


class _PodMetrics(Struct, gc=False):
    metadata: _Named
    timestamp: str
    containers: list[_Container]


class _LeaseSpec(Struct, gc=False, rename="camel"):
    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    acquire_time: str | None = None
    renew_time: str | None = None


class _Lease(Struct, gc=False):
    kind: str
    spec: _LeaseSpec | None = None


_LIST = Decoder(_List)
_OBJECT = Decoder(dict[str, Any])
_NODE_METRICS = Decoder(_NodeMetrics)
_POD_METRICS = Decoder(_PodMetrics)
_LEASE = Decoder(_Lease)


def decode_list(body: bytes, *, kind: str, api_version: str, read: Callable[[Raw], Item | None]) -> CustomPage[Item]:
    """One page of a list of `kind`. `read` gives None for what is not ours and raises ValueError for what is broken.

    Raises Failed (`garbled`) for bytes that are no such list, and if more objects are broken than bad luck explains.
    """
    page = decode_frame(_LIST, body)
    if page.kind != f"{kind}List" or page.api_version != api_version:
        raise Failed(Word.GARBLED, f"not a list of {kind}")
    token = page.metadata.continue_token
    if len(token) > _TOKEN_LENGTH or not (token.isascii() and (token.isprintable())):
        raise Failed(Word.GARBLED, "not a usable token")
    records: list[Item] = []
    rejects = 0
    for raw in page.items or ():
        try:
            record = read(raw)
        except (ValueError, RecursionError):
            rejects += 1
            continue
        if record is not None:
            records.append(record)
    if rejects > _TOLERATED_REJECTS and rejects > _TOLERATED_SHARE * len(page.items or ()):
        raise Failed(Word.GARBLED, f"{rejects} of {len(page.items or ())} objects are broken")
    return CustomPage(records=records, rejects=rejects, continue_token=token)


def custom_record(kind: Kind, raw: Raw) -> CustomRecord:
    """The record of one object. Raises ValueError for one that is broken or of another kind."""
    item = _OBJECT.decode(raw)
    metadata = item.get("metadata")
    if not isinstance(metadata, dict) or item.get("kind", kind.kind) != kind.kind:
        raise ValueError("metadata")
    status = _mapping(item.get("status"), "status")
    return CustomRecord(
        conditions=dict(_conditions(kind, status.get("conditions"))),
        texts={path: text for path in kind.texts if (text := _text(item, path))},
        amounts={name: total for name, at in kind.amounts.items() if (total := _amount(item, at)) is not None},
        behind=_behind(metadata.get("generation"), status.get("observedGeneration")),
        deleting=bool(metadata.get("deletionTimestamp")),
    )


def node_usage(raw: Raw) -> NodeUsage:
    """One item of nodes.metrics.k8s.io. Raises ValueError for one that is broken."""
    item = _NODE_METRICS.decode(raw)
    return NodeUsage(
        node=_name(item.metadata.name),
        cpu=quantity(item.usage.get("cpu", "")),
        memory=quantity(item.usage.get("memory", "")),
        at=_time(item.timestamp),
    )


def pod_usage(raw: Raw) -> PodUsage | None:
    """One item of pods.metrics.k8s.io, which carries the labels of its pod; None for a pod without a role."""
    item = _POD_METRICS.decode(raw)
    labels = item.metadata.labels or {}
    role = ROLE_OF_APP.get(labels.get("app", ""))
    if role is None:
        return None
    memory = [(one.name, quantity(one.usage.get("memory", "0"))) for one in item.containers]
    search = labels.get(ID_LABEL, "")
    return PodUsage(
        role=role,
        search=search if is_search_id(search) else "",
        cpu=sum(quantity(one.usage.get("cpu", "0")) for one in item.containers),
        memory=sum(size for _, size in memory),
        blast_memory=sum(size for name, size in memory if name == _BLAST),
        at=_time(item.timestamp),
    )


def decode_lease(body: bytes) -> LeaseRecord:
    """A coordination.k8s.io Lease. Raises Failed (`garbled`)."""
    lease = decode_frame(_LEASE, body)
    if lease.kind != "Lease":
        raise Failed(Word.GARBLED, "not a Lease")
    spec = lease.spec or _LeaseSpec()
    return LeaseRecord(
        holder=shared_text(spec.holder_identity or ""),
        acquired=seconds(spec.acquire_time),
        stamped=bool(spec.renew_time),
        renewed=seconds(spec.renew_time),
        lasts=float(spec.lease_duration_seconds or LEASE_LASTS),
    )


def _name(text: str) -> str:
    if not text:
        raise ValueError("name")
    return clean(text)


def _time(text: str) -> float:
    at = seconds(text)
    if at is None:
        raise ValueError("timestamp")
    return at


def _mapping(value: Any, what: str) -> Mapping[str, Any]:
    if value is not None and not isinstance(value, dict):
        raise ValueError(what)
    return value or {}


def _conditions(kind: Kind, given: Any) -> Iterator[tuple[str, Condition]]:
    """The conditions that the kind names; of several of one type the last. In a list that is keyed by `status` and has
    no types, each entry is a past state and the last one is the present."""
    if given is not None and not isinstance(given, list):
        raise ValueError("conditions")
    items = [_mapping(item, "condition") for item in (given or ())[-_CONDITIONS:]]
    if items and not any("type" in item for item in items):
        items = [{**items[-1], "type": items[-1].get("status"), "status": "True"}]
    for item in items:
        name, value, reason = item.get("type"), item.get("status"), item.get("reason")
        if name in kind.types and value in CONDITION_VALUES:
            yield name, Condition(value, shared_text(reason) if isinstance(reason, str) else "")


def _values(node: Any, path: Path) -> Iterator[Any]:
    """Every value at a path; nothing where it leads nowhere."""
    if not path:
        yield node
        return
    step, rest = path[0], path[1:]
    if step == "*" and isinstance(node, dict | list):
        children = list(node.values()) if isinstance(node, dict) else node
        for child in children[:_BRANCHES]:
            yield from _values(child, rest)
    elif isinstance(node, list) and "=" in step:
        key, _, wanted = step.partition("=")
        for child in node[:_BRANCHES]:
            if isinstance(child, dict) and child.get(key) == wanted:
                yield from _values(child, rest)
    elif isinstance(node, dict) and step in node:
        yield from _values(node[step], rest)


def _text(item: Mapping[str, Any], path: Path) -> str:
    value = next(_values(item, path), None)
    if isinstance(value, bool):
        return str(value).lower()
    return shared_text(value) if isinstance(value, str) else ""


def _amount(item: Mapping[str, Any], amount: Amount) -> float | None:
    """The sum of the numbers at a path, None without one. Raises ValueError for what is no number of zero or more."""
    if amount.equals:
        return float(sum(value == amount.equals for value in _values(item, amount.path)))
    found = [_number(value) for value in _values(item, amount.path) if value is not None]
    return float(sum(found)) if found else None


def _number(value: Any) -> float:
    if isinstance(value, str):
        return float(quantity(value))
    if not isinstance(value, int | float) or not 0 <= value <= _LARGEST:
        raise ValueError("number")
    return float(value)


def _behind(generation: Any, observed: Any) -> bool:
    return isinstance(generation, int) and isinstance(observed, int) and observed < generation
