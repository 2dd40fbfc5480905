"""From what somebody typed to the searches that it may mean."""

from __future__ import annotations

from collections.abc import Iterable

from exporter.domain.names import short_id
from exporter.domain.snapshots import SearchView


def matches(searches: Iterable[SearchView], text: str) -> list[SearchView]:
    """The searches meant by a whole id, its last 8 characters, a prefix of it, or (a prefix of) the OpenAPI id.

    One that is called exactly so wins over those that only begin so. Empty text means none.
    """
    wanted = text.strip().rstrip("…")
    if not wanted:
        return []
    known = list(searches)
    exact = [search for search in known if wanted in (search.id, search.openapi_id)]
    return exact or [search for search in known if _begins(search, wanted)]


def _begins(search: SearchView, text: str) -> bool:
    return text == short_id(search.id) or search.id.startswith(text) or search.openapi_id.startswith(text)
