"""Lists in pages: a continue token reads on in the snapshot its first page was taken from, until it expires."""

from __future__ import annotations

import base64
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from exporter.simulator.errors import bad_request, expired
from exporter.simulator.journal import Entry
from exporter.simulator.objects import key_of
from exporter.simulator.selectors import Matches
from exporter.simulator.store import Store

_MAX_SNAPSHOTS = 64
_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list"
    " without the continue parameter, or use the continue token in this response to retrieve the remainder of"
    " the results. Continuing with the provided token results in an inconsistent list."
)


class _Token(msgspec.Struct, kw_only=True):
    v: str = "meta.k8s.io/v1"
    rv: int
    start: str
    snapshot: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One answer to a list; `token` is empty on the last page."""

    rv: int
    entries: list[Entry]
    token: str = ""
    remaining: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Snapshot:
    rv: int
    entries: list[Entry]
    taken: float


class Pager:
    """Cuts lists into pages. Tokens live `token_age` real seconds, or until `expire` or a compaction of the store."""

    def __init__(
        self, store: Store, *, token_age: float = 300.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._age = token_age
        self._monotonic = monotonic
        self._snapshots: OrderedDict[int, _Snapshot] = OrderedDict()
        self._next_id = 1

    def page(self, resource: str, namespace: str | None, matches: Matches, limit: int, token: str) -> Page:
        """The next page; ApiError 400 for a token that cannot be read, 410 for one that is too old."""
        if token:
            return self._go_on(resource, namespace, matches, limit, _decoded(token))
        rv, entries = self._store.snapshot(resource, namespace)
        return self._cut(_Snapshot(rv=rv, entries=entries, taken=self._monotonic()), 0, matches, limit)

    def expire(self) -> None:
        """Make every token too old."""
        self._snapshots.clear()

    def _go_on(self, resource: str, namespace: str | None, matches: Matches, limit: int, token: _Token) -> Page:
        if token.rv == -1:
            rv, entries = self._store.snapshot(resource, namespace)
            found = _Snapshot(rv=rv, entries=entries, taken=self._monotonic())
        else:
            found = self._fresh(token)
        start = next((i for i, entry in enumerate(found.entries) if _place(entry) > token.start), len(found.entries))
        return self._cut(found, start, matches, limit, token.snapshot)

    def _fresh(self, token: _Token) -> _Snapshot:
        found = self._snapshots.get(token.snapshot)
        if found is None or found.rv < self._store.compacted or self._monotonic() - found.taken > self._age:
            raise expired(_TOO_OLD, token=_encoded(_Token(rv=-1, start=token.start)))
        return found

    def _cut(self, found: _Snapshot, start: int, matches: Matches, limit: int, known: int = 0) -> Page:
        page: list[Entry] = []
        for index in range(start, len(found.entries)):
            if not matches(found.entries[index].obj):
                continue
            page.append(found.entries[index])
            if len(page) == limit:
                return self._with_rest(found, index + 1, page, known)
        return Page(rv=found.rv, entries=page)

    def _with_rest(self, found: _Snapshot, rest: int, page: list[Entry], known: int) -> Page:
        remaining = len(found.entries) - rest
        if not remaining:
            return Page(rv=found.rv, entries=page)
        token = _Token(rv=found.rv, start=_place(page[-1]), snapshot=known or self._keep(found))
        return Page(rv=found.rv, entries=page, token=_encoded(token), remaining=remaining)

    def _keep(self, found: _Snapshot) -> int:
        number, self._next_id = self._next_id, self._next_id + 1
        self._snapshots[number] = found
        if len(self._snapshots) > _MAX_SNAPSHOTS:
            self._snapshots.popitem(last=False)
        return number


def _place(entry: Entry) -> str:
    return "\0".join(key_of(entry.obj))


def _encoded(token: _Token) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(token)).decode().rstrip("=")


def _decoded(text: str) -> _Token:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=_Token)
    except (ValueError, msgspec.MsgspecError) as error:
        raise bad_request(f"invalid continue token: continue key is not valid: {error}") from error
