"""Pieces of HTML. `Html` is text that may go on the page as it is; everything else is escaped on its way there."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from exporter.web import plain


class Html(str):
    """Escaped already."""

    __slots__ = ()


def escaped(value: str) -> Html:
    """Any text. What is Html stays as it is."""
    return value if isinstance(value, Html) else Html(html.escape(value, quote=True))


def foreign(value: str) -> Html:
    """Text that others wrote: it cannot turn the direction of what surrounds it; empty or unknown is a dash."""
    return escaped(plain.UNKNOWN) if value in ("", "unknown") else Html(f"<bdi>{escaped(value)}</bdi>")


def element(tag: str, content: str | Iterable[str], **attributes: str) -> Html:
    """`<tag …>content</tag>`; in a name `_` becomes `-`, at its end it is dropped, and an empty one is left out."""
    inner = escaped(content) if isinstance(content, str) else joined(content)
    pairs = ((name.rstrip("_").replace("_", "-"), value) for name, value in attributes.items() if value)
    text = "".join(f' {name}="{escaped(str(value))}"' for name, value in pairs)
    return Html(f"<{tag}{text}>{inner}</{tag}>")


def joined(parts: Iterable[str]) -> Html:
    return Html("".join(map(escaped, parts)))


def table(caption: str, heads: Sequence[str], rows: Iterable[str], *, class_: str = "") -> Html:
    """A table in a card that scrolls by itself. The roles keep it a table where a phone shows it as blocks."""
    cells = (element("th", head, scope="col", role="columnheader") for head in heads)
    top = element("thead", element("tr", cells, role="row"), role="rowgroup")
    body = element("tbody", rows, role="rowgroup")
    whole = element("table", [top, body], role="table", class_=class_, aria_label=caption)
    return element("div", whole, class_="card")


def row(heads: Sequence[str], first: str, cells: Iterable[str | Html], *, class_: str = "") -> Html:
    """One row: `first` is its header cell, each further cell carries its column's name for narrow screens."""
    rest = (
        element("td", element("div", cell), role="cell", data_label=head)
        for head, cell in zip(heads[1:], cells, strict=True)
    )
    return element(
        "tr", [element("th", first, scope="row", role="rowheader", class_="name"), *rest], role="row", class_=class_
    )


def word(text: str, tone: str) -> Html:
    """A state: a coloured word, so that the colour alone says nothing."""
    return element("span", text, class_=f"word {tone}")


def small(text: str) -> Html:
    return element("small", text)


def lines(parts: Iterable[str]) -> Html:
    """A list without marks; a dash when it is empty."""
    items = [element("li", part) for part in parts]
    return element("ul", items) if items else escaped(plain.UNKNOWN)


def moment(at: float | None, now: float) -> Html:
    """A time for eyes and for machines."""
    if at is None or not plain.machine_time(at):
        return escaped(plain.UNKNOWN)
    return element("time", plain.clock(at, now), datetime=plain.machine_time(at))
