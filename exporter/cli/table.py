"""A table for a terminal: columns that shrink or go when it is narrow, colours only where they are wanted. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from exporter.domain.text import clean

_GAP = "  "
_LEAST = 12
_COLOURS = {"good": "32", "busy": "34", "wait": "33", "bad": "31", "off": "2"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """`keep`: the higher, the longer it stays; 0 stays always. `flexible`: may be cut. `right`: numbers."""

    head: str
    keep: int = 0
    flexible: bool = False
    right: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """One value; `tone` is good, busy, wait, bad, off or empty."""

    text: str
    tone: str = ""


Row = Sequence[Cell]


def lay_out(columns: Sequence[Column], rows: Sequence[Row], *, width: int | None, colour: bool) -> list[str]:
    """The lines of the table, heads first, none wider than `width` columns (None: as wide as needed).

    First the least kept columns go until the rest fits when cut; then flexible columns are cut, the widest first.
    """
    shown = _chosen(columns, rows, width)
    widths = _widths(columns, rows, shown, width)
    heads = [Cell(column.head, "off") for column in columns]
    return [_line(columns, row, shown, widths, colour=colour) for row in (heads, *rows)]


def paint(text: str, tone: str, *, colour: bool) -> str:
    """The text in the colour of a tone."""
    code = _COLOURS.get(tone) if colour else None
    return f"\x1b[{code}m{text}\x1b[0m" if code else text


def printable(text: str) -> str:
    """Text that others wrote, unable to steer the terminal."""
    return clean(text, limit=1000)


def _natural(columns: Sequence[Column], rows: Sequence[Row], index: int) -> int:
    return max(_width(columns[index].head), *(_width(row[index].text) for row in rows), 0)


def _least(columns: Sequence[Column], rows: Sequence[Row], index: int) -> int:
    natural = _natural(columns, rows, index)
    return min(natural, _LEAST) if columns[index].flexible else natural


def _chosen(columns: Sequence[Column], rows: Sequence[Row], width: int | None) -> list[int]:
    shown = list(range(len(columns)))
    droppable = sorted((index for index in shown if columns[index].keep), key=lambda index: columns[index].keep)
    for index in droppable:
        if width is None or _total([_least(columns, rows, i) for i in shown]) <= width:
            break
        shown.remove(index)
    return shown


def _widths(columns: Sequence[Column], rows: Sequence[Row], shown: Sequence[int], width: int | None) -> dict[int, int]:
    widths = {index: _natural(columns, rows, index) for index in shown}
    least = {index: _least(columns, rows, index) for index in shown}
    while width is not None and _total(widths.values()) > width:
        wide = [index for index in shown if widths[index] > least[index]]
        if not wide:
            break
        widths[max(wide, key=lambda index: widths[index])] -= 1
    return widths


def _total(widths: Iterable[int]) -> int:
    known = list(widths)
    return sum(known) + len(_GAP) * (len(known) - 1)


def _line(columns: Sequence[Column], row: Row, shown: Sequence[int], widths: dict[int, int], *, colour: bool) -> str:
    cells = []
    for index in shown:
        cell = replace(row[index], text=_cut(printable(row[index].text), widths[index]))
        blanks = " " * (widths[index] - _width(cell.text))
        painted = paint(cell.text, cell.tone, colour=colour)
        cells.append(blanks + painted if columns[index].right else painted + blanks)
    return _GAP.join(cells).rstrip()


def _cut(text: str, width: int) -> str:
    if _width(text) <= width:
        return text
    while text and _width(text) > width - 1:
        text = text[:-1]
    return text + "…"


def _width(text: str) -> int:
    """Columns on a terminal: East Asian wide characters take two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )
