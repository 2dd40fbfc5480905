"""From what somebody typed to the searches that it may mean."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from exporter.domain.names import short_id


class Named(Protocol):
    """A search by its names; `openapi_id` is empty without one."""

    @property
    def id(self) -> str: ...

    @property
    def openapi_id(self) -> str: ...


Search = TypeVar("Search", bound=Named)


def matches(searches: Iterable[Search], text: str) -> list[Search]:
    """The searches meant by a whole id, its last 8 characters, a prefix of it, or (a prefix of) the OpenAPI id.

    One that is called exactly so wins over those that only begin so. Empty text means none.
    """
    wanted = text.strip().rstrip("…")
    if not wanted:
        return []
    known = list(searches)
    exact = [search for search in known if wanted in (search.id, search.openapi_id)]
    return exact or [search for search in known if _begins(search, wanted)]


def _begins(search: Named, text: str) -> bool:
    return text == short_id(search.id) or search.id.startswith(text) or search.openapi_id.startswith(text)
