"""Records of recorded answers, as they are and with a change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from exporter.adapters.decode import decode_page
from tests.support import recorded


def records(resource: str) -> dict[str, Any]:
    """The records of the recorded page by a part of the name that is theirs alone."""
    page = decode_page(resource, recorded.page(resource))
    assert page.rejects == 0
    assert page.resource_version == recorded.body(resource)["metadata"]["resourceVersion"]
    assert (page.continue_token, page.remaining) == ("", None)
    return {record.name: record for record in page.records}


def changed(resource: str, name: str, change: Callable[[dict[str, Any]], object]) -> list[Any]:
    """The records of one item after a change to it; a reject is `None`."""
    item = recorded.item(resource, name)
    change(item)
    page = decode_page(resource, recorded.with_items(resource, [item]))
    return [*page.records, *[None] * page.rejects]
