"""What a collector asks of its API boundary, as data."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from exporter.domain.records import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a LIST or a WATCH selects. Empty: everything."""

    labels: str = ""
    fields: str = ""

    def params(self) -> dict[str, str]:
        """As query parameters of the Kubernetes API."""
        pairs = {"labelSelector": self.labels, "fieldSelector": self.fields}
        return {name: value for name, value in pairs.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A complete answer: the records, and the resourceVersion from which a watch goes on."""

    records: Sequence[Record]
    resource_version: str


Pages = Callable[[Query], Listing]
"""Reads every page of one LIST; raises failures.Failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is remembered when a listing is made: search ids that need their finished Jobs, and the present time."""

    ids: Collection[str] = ()
    now: float = 0.0
    retention: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One kind of object: where it is, how it is listed, and what its watch selects.

    `only_in` names a namespace that is read even if it is not configured, and only then.
    """

    name: str
    path: str
    watch: Query
    namespaced: bool = True
    only_in: str = ""
    listing: Callable[[Pages, Known], Listing]

    def places(self, configured: Sequence[str]) -> tuple[str, ...]:
        """The namespaces it is read in; a cluster-wide one has the single place ''."""
        if not self.namespaced:
            return ("",)
        if self.only_in:
            return () if self.only_in in configured else (self.only_in,)
        return tuple(configured)

    def url(self, namespace: str) -> str:
        return self.path.format(namespace=namespace)


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """What is asked for now and then. With a path: the number of objects of a list, told by one page of it; without
    one, wiring knows how to ask. `optional`: nothing is said of it where it is not there."""

    name: str
    path: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """Everything read through one API boundary."""

    name: str
    resources: tuple[Resource, ...]
    polls: tuple[Poll, ...] = field(default=())

    def names(self) -> list[str]:
        """What it reads wherever it runs: the resources that it watches and what it polls."""
        polled = (one.name for one in self.polls if not one.optional)
        return list(dict.fromkeys([*(one.name for one in self.resources), *polled]))


def list_all(query: Query) -> Callable[[Pages, Known], Listing]:
    """A listing of one LIST."""
    return lambda pages, _known: pages(query)
