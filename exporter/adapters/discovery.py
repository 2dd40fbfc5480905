"""Which API groups a cluster serves, in which versions, and which of them the server prefers."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from msgspec import Raw, Struct, field
from msgspec.json import Decoder

from exporter.adapters.clock import Clock
from exporter.adapters.transport import Transport
from exporter.domain.custom.objects import Kind
from exporter.domain.failures import Failed, Word

LOOK_AGAIN = 240.0  # seconds
_CAP = 8 * 1024**2
_VERSIONS = 8
_NAME = re.compile(r"[a-z][-a-z0-9]{0,62}")


class _Version(Struct, gc=False):
    version: str = ""


class _Group(Struct, gc=False, rename="camel"):
    name: str
    versions: list[_Version] = field(default_factory=list)
    preferred_version: _Version = field(default_factory=_Version)


class _Groups(Struct, gc=False):
    kind: str
    groups: list[Raw]


class _Resource(Struct, gc=False):
    name: str
    kind: str = ""
    namespaced: bool = False


class _Resources(Struct, gc=False):
    kind: str
    resources: list[Raw]


_GROUPS = Decoder(_Groups)
_GROUP = Decoder(_Group)
_RESOURCES = Decoder(_Resources)
_RESOURCE = Decoder(_Resource)


@dataclass(frozen=True, slots=True)
class _Looked:
    """Versions by group, the preferred one first, as they were at `at` (monotonic seconds)."""

    at: float
    groups: Mapping[str, tuple[str, ...]]


class Discovery:
    """What one API server serves. Asked for by every poll of its cluster, from any thread; one at a time looks."""

    def __init__(self, transport: Transport, clock: Clock, *, every: float = LOOK_AGAIN) -> None:
        """`every`: seconds for which what was found is believed."""
        self._transport = transport
        self._every = every
        self._clock = clock
        self._lock = threading.Lock()
        self._looked: _Looked | None = None
        self._resources: dict[tuple[str, str], Mapping[str, bool]] = {}

    def version(self, kind: Kind, *, budget: float) -> str:
        """The version in which a kind is read. Raises Failed: `absent` where it is not served, with the time until the
        next look; the failure of its own group where that one does not answer."""
        if not self._lock.acquire(timeout=max(budget, 0.0)):
            raise Failed(Word.TIMEOUT, "discovery is under way")
        try:
            ends = self._clock.mono() + budget
            return self._version(kind, lambda: ends - self._clock.mono())
        finally:
            self._lock.release()

    @property
    def looked(self) -> bool:
        """Whether the groups are known."""
        return self._looked is not None

    def forget(self) -> None:
        """Look again when asked next: something that was served is not there any more."""
        with self._lock:
            self._looked = None

    def abort(self) -> None:
        """Cut a look that is under way, for good."""
        self._transport.abort()

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def _version(self, kind: Kind, left: Callable[[], float]) -> str:
        looked = self._groups(left)
        served = looked.groups.get(kind.group, ())
        for version in (kind.version,) if kind.version else served:
            if version in served and self._scope(kind, version, left) == kind.namespaced:
                return version
        raise Failed(Word.ABSENT, "not served", max(looked.at + self._every - self._clock.mono(), 1.0))

    def _groups(self, left: Callable[[], float]) -> _Looked:
        if self._looked is None or self._clock.mono() - self._looked.at >= self._every:
            groups = _decoded(_GROUPS, self._get("/apis", left), "APIGroupList").groups
            found = (group for raw in groups if (group := _tolerated(_GROUP, raw)))
            self._resources.clear()
            self._looked = _Looked(self._clock.mono(), {group.name: _ordered(group) for group in found})
        return self._looked

    def _scope(self, kind: Kind, version: str, left: Callable[[], float]) -> bool | None:
        """Whether a resource is namespaced; None if this version does not have it."""
        place = (kind.group, version)
        if place not in self._resources:
            body = self._get(f"/apis/{kind.group}/{version}", left)
            listed = _decoded(_RESOURCES, body, "APIResourceList").resources
            found = (resource for raw in listed if (resource := _tolerated(_RESOURCE, raw)))
            self._resources[place] = {resource.name: resource.namespaced for resource in found}
        return self._resources[place].get(kind.plural)

    def _get(self, path: str, left: Callable[[], float]) -> bytes:
        budget = left()
        if budget <= 0:
            raise Failed(Word.TIMEOUT, "deadline")
        return self._transport.get(path, budget=budget, cap=_CAP).body


def _ordered(group: _Group) -> tuple[str, ...]:
    """The versions of a group that can stand in a path, the preferred one first."""
    every = (group.preferred_version.version, *(one.version for one in group.versions))
    return tuple(dict.fromkeys(version for version in every if _NAME.fullmatch(version)))[:_VERSIONS]


def _decoded(decoder: Decoder[Any], body: bytes, kind: str) -> Any:
    try:
        answer = decoder.decode(body)
    except (ValueError, RecursionError):
        raise Failed(Word.GARBLED, f"not an {kind}") from None
    if answer.kind != kind:
        raise Failed(Word.GARBLED, f"not an {kind}")
    return answer


def _tolerated(decoder: Decoder[Any], raw: Raw) -> Any:
    """One item; None for a broken one."""
    try:
        return decoder.decode(raw)
    except (ValueError, RecursionError):
        return None
