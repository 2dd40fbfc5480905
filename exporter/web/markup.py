"""Pieces of HTML. `Html` is text that may go on the page as it is; everything else is escaped on its way there."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from hashlib import blake2b

from exporter.web import plain


class Html(str):
    """Escaped already."""

    __slots__ = ()


NOTHING = Html("")


def escaped(value: str) -> Html:
    """Any text. What is Html stays as it is."""
    return value if isinstance(value, Html) else Html(html.escape(value, quote=True))


def foreign(value: str) -> Html:
    """Text that others wrote: it cannot turn the direction of what surrounds it; empty or unknown is a dash."""
    return escaped(plain.UNKNOWN) if value in ("", "unknown") else Html(f"<bdi>{escaped(value)}</bdi>")


def prose(text: str) -> Html:
    """Sentences of ours, in which backquotes stand around code."""
    parts = text.split("`")
    return joined(element("code", foreign(part)) if index % 2 else part for index, part in enumerate(parts))


def element(tag: str, content: str | Iterable[str], **attributes: str) -> Html:
    """`<tag …>content</tag>`; in a name `_` becomes `-`, at its end it is dropped, and an empty one is left out."""
    inner = escaped(content) if isinstance(content, str) else joined(content)
    if not attributes:
        return Html(f"<{tag}>{inner}</{tag}>")
    pairs = ((name.rstrip("_").replace("_", "-"), value) for name, value in attributes.items() if value)
    text = "".join(f' {name}="{escaped(str(value))}"' for name, value in pairs)
    return Html(f"<{tag}{text}>{inner}</{tag}>")


def joined(parts: Iterable[str]) -> Html:
    return Html("".join(map(escaped, parts)))


def anchor(*names: str) -> str:
    """An id for an element, made of names that others wrote: the same for the same names."""
    return "i" + blake2b("\0".join(names).encode("utf-8", "replace"), digest_size=6).hexdigest()


def table(caption: str, heads: Sequence[str], rows: Iterable[str], *, class_: str = "") -> Html:
    """A table in a card. The roles keep it a table where a phone shows it as blocks."""
    return grouped_table(caption, heads, [group(rows)], class_=class_)


def grouped_table(caption: str, heads: Sequence[str], groups: Iterable[str], *, class_: str = "") -> Html:
    """As `table`, of rows that belong together."""
    title = element("caption", caption, class_="hidden")
    cells = (element("th", head, scope="col", role="columnheader") for head in heads)
    top = element("thead", element("tr", cells, role="row"), role="rowgroup")
    whole = element("table", [title, top, *groups], role="table", class_=class_)
    return element("div", whole, class_="card")


def group(rows: Iterable[str], *, id_: str = "") -> Html:
    """Rows of a table that belong together."""
    return element("tbody", rows, role="rowgroup", id_=id_)


def row(heads: Sequence[str], first: str, cells: Iterable[str | Html], **attributes: str) -> Html:
    """One row: `first` is its header cell, each further cell carries its column's name for narrow screens."""
    rest = (
        element("td", element("div", cell), role="cell", data_label=head)
        for head, cell in zip(heads[1:], cells, strict=True)
    )
    top = element("th", first, scope="row", role="rowheader", class_="name")
    return element("tr", [top, *rest], role="row", **attributes)


def facts(pairs: Iterable[tuple[str, str]]) -> Html:
    """Names and what they are."""
    parts = (element("div", [element("dt", name), element("dd", value)]) for name, value in pairs)
    return element("dl", parts)


def word(text: str, tone: str) -> Html:
    """A state: a coloured word, so that the colour alone says nothing."""
    return element("span", text, class_=f"word {tone}")


def small(text: str) -> Html:
    return element("small", text)


def lines(parts: Iterable[str]) -> Html:
    """A list without marks; a dash when it is empty."""
    items = [element("li", part) for part in parts]
    return element("ul", items) if items else escaped(plain.UNKNOWN)


def bar(done: int, of: int, label: str, *, name: str) -> Html:
    """How much of a whole there is."""
    return element("progress", label, value=str(done), max=str(of or 1), aria_label=name)


def moment(at: float | None, now: float) -> Html:
    """A time for eyes and for machines."""
    if at is None or not plain.machine_time(at):
        return escaped(plain.UNKNOWN)
    return element("time", plain.clock(at, now), datetime=plain.machine_time(at))


def exactly(at: float, now: float) -> Html:
    """A time to the second."""
    return element("time", plain.clock(at, now, seconds=True), datetime=plain.machine_time(at))
