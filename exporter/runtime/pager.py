"""One list pass: every page of every LIST of a listing, under one wall deadline and under caps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from exporter.adapters.clock import Clock
from exporter.adapters.decode import Page, ResourceName, decode_page
from exporter.adapters.transport import Transport
from exporter.collectors.base import Listing, Pages, Query
from exporter.domain.failures import Failed, Word
from exporter.domain.records import Record, Uid

_HALF_A_SECOND = 0.5  # the Date header has whole seconds, rounded down


@dataclass(frozen=True, slots=True, kw_only=True)
class ListLimits:
    """Bounds of one pass: seconds in all, objects and bytes of a page, pages of a LIST, records of the pass."""

    deadline: float = 25.0
    page_items: int = 250
    page_bytes: int = 32 * 1024**2
    pages: int = 800
    records: int = 200_000


@dataclass(slots=True)
class PassReport:
    """What a pass met on its way: objects left out, and the API's clock minus ours in seconds, if it told, exact to
    half a second."""

    rejects: int = 0
    skew: float | None = None


def pass_over(
    transport: Transport, name: ResourceName, url: str, *, limits: ListLimits, clock: Clock, report: PassReport
) -> Pages:
    """A reader of whole LISTs; all that is read through it shares one deadline. It raises Failed."""
    ends = clock.mono() + limits.deadline
    left = [limits.records]

    def read(query: Query) -> Listing:
        fetch = partial(_fetch, transport, name, url, query, ends=ends, limits=limits, clock=clock, report=report)
        rejects = report.rejects
        try:
            return _read_all(fetch, limits, left)
        except Failed as failure:
            if failure.word is not Word.GONE:
                raise
        report.rejects = rejects
        try:
            return _read_all(fetch, limits, left)  # the continue token expired: once more from page one
        except Failed as failure:
            raise Failed(Word.INCOMPLETE, "expired twice") if failure.word is Word.GONE else failure from None

    return read


def _read_all(fetch: Callable[[str], Page], limits: ListLimits, left: list[int]) -> Listing:
    records: dict[Uid, Record] = {}
    token, version, tokens = "", "", set[str]()
    for _ in range(limits.pages):
        page = fetch(token)
        version = version or page.resource_version
        records.update((record.uid, record) for record in page.records)
        if len(records) > left[0]:
            raise Failed(Word.INCOMPLETE, "too many records")
        token = page.continue_token
        if not token:
            left[0] -= len(records)
            return Listing(records=list(records.values()), resource_version=version)
        if token in tokens:
            raise Failed(Word.INCOMPLETE, "continue token repeats")
        tokens.add(token)
    raise Failed(Word.INCOMPLETE, "too many pages")


def _fetch(
    transport: Transport,
    name: ResourceName,
    url: str,
    query: Query,
    token: str,
    *,
    ends: float,
    limits: ListLimits,
    clock: Clock,
    report: PassReport,
) -> Page:
    budget = ends - clock.mono()
    if budget <= 0:
        raise Failed(Word.TIMEOUT, "list deadline")
    params = {**query.params(), "limit": str(limits.page_items), **({"continue": token} if token else {})}
    answer = transport.get(url, params, budget=budget, cap=limits.page_bytes)
    skew = report.skew if answer.date is None else answer.date + _HALF_A_SECOND - clock.wall()
    page = decode_page(name, answer.body)
    report.rejects += page.rejects
    report.skew = skew
    return page
