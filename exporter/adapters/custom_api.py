"""One poll of custom resources, of usage or of the submit Lease: every page, under one deadline and under caps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from msgspec import Raw

from exporter.adapters.clock import Clock
from exporter.adapters.decode_custom import custom_record, decode_lease, decode_list, node_usage, pod_usage
from exporter.adapters.discovery import Discovery
from exporter.adapters.transport import Transport
from exporter.domain.custom.objects import Kind, KindCounts, count
from exporter.domain.custom.usage import (
    LEASE_PATH,
    NODE_METRICS,
    POD_METRICS,
    LeaseView,
    NodesUsed,
    PodsUsed,
    lease_view,
    nodes_used,
    pods_used,
)
from exporter.domain.custom.view import KindView
from exporter.domain.failures import Failed, Word

Item = TypeVar("Item")
Read = Callable[[Raw], Item | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomLimits:
    """Bounds of one poll: objects and bytes of a page, and objects in all; with more of them nothing is known."""

    page_items: int = 500
    page_bytes: int = 32 * 1024**2
    pages: int = 400
    objects: int = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomApi:
    """What one poll asks. `rejected` hears how many objects of an answer were broken. Every method raises Failed."""

    discovery: Discovery
    transport: Transport
    clock: Clock
    limits: CustomLimits
    rejected: Callable[[int], None]

    def counts(self, kind: Kind, namespace: str, budget: float) -> KindCounts:
        """The objects of a kind in a namespace, or in the cluster."""
        return count(kind, self._found(kind, namespace, budget, partial(custom_record, kind)))

    def view(self, kind: Kind, namespace: str, budget: float) -> KindView:
        """The same, and of what."""
        return KindView(kind=kind, namespace=namespace, counts=self.counts(kind, namespace, budget))

    def nodes(self, budget: float) -> NodesUsed:
        """What the nodes use."""
        return nodes_used(self._found(NODE_METRICS, "", budget, node_usage), self.clock.wall())

    def pods(self, namespace: str, budget: float) -> PodsUsed:
        """What the pods of a namespace use."""
        return pods_used(self._found(POD_METRICS, namespace, budget, pod_usage), self.clock.wall())

    def lease(self, namespace: str, budget: float) -> LeaseView:
        """Who holds the submit Lease of a namespace; nobody does if nobody ever made it."""
        path = LEASE_PATH.format(namespace=namespace)
        try:
            answer = self.transport.get(path, budget=budget, cap=self.limits.page_bytes)
        except Failed as failure:
            if failure.word is Word.ABSENT:
                return LeaseView()
            raise
        return lease_view(decode_lease(answer.body), self.clock.wall())

    def _found(self, kind: Kind, namespace: str, budget: float, read: Read[Item]) -> list[Item]:
        """Every object. A list that is not there any more, or expires on the way, is asked for once more."""
        ends = self.clock.mono() + budget
        version = self.discovery.version(kind, budget=budget)
        try:
            return self._pass(kind, namespace, version, ends, read)
        except Failed as failure:
            if failure.word not in (Word.ABSENT, Word.GONE):
                raise
            if failure.word is Word.ABSENT:
                self.discovery.forget()
        version = self.discovery.version(kind, budget=ends - self.clock.mono())
        try:
            return self._pass(kind, namespace, version, ends, read)
        except Failed as failure:
            raise Failed(Word.INCOMPLETE, "expired twice") if failure.word is Word.GONE else failure from None

    def _pass(self, kind: Kind, namespace: str, version: str, ends: float, read: Read[Item]) -> list[Item]:
        place = f"namespaces/{namespace}/" if kind.namespaced else ""
        path = f"/apis/{kind.group}/{version}/{place}{kind.plural}"
        found: list[Item] = []
        rejects, token, tokens = 0, "", set[str]()
        for _ in range(self.limits.pages):
            body = self._page(kind, path, token, ends - self.clock.mono())
            page = decode_list(body, kind=kind.kind, api_version=f"{kind.group}/{version}", read=read)
            found += page.records
            rejects += page.rejects
            token = page.continue_token
            if len(found) + rejects > self.limits.objects:
                raise Failed(Word.INCOMPLETE, "too many objects")
            if not token:
                self.rejected(rejects)
                return found
            if token in tokens:
                raise Failed(Word.INCOMPLETE, "continue token repeats")
            tokens.add(token)
        raise Failed(Word.INCOMPLETE, "too many pages")

    def _page(self, kind: Kind, path: str, token: str, budget: float) -> bytes:
        if budget <= 0:
            raise Failed(Word.TIMEOUT, "list deadline")
        query = {"labelSelector": kind.selector} if kind.selector else {}
        if kind.paged:
            query |= {"limit": str(self.limits.page_items), **({"continue": token} if token else {})}
        return self.transport.get(path, query, budget=budget, cap=self.limits.page_bytes).body
