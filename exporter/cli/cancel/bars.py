"""The progress of a cancel: bars that are redrawn on a terminal, one line per event elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from exporter.cancel.documents import StageProgress
from exporter.cli.cancel.values import Moment

_CELLS = 24
_UP = "\x1b[{}A"
_CLEAR = "\x1b[K"


def bar(stage: StageProgress) -> str:
    """`blast      [##########------] 120/300 gone, 180 deleted`: `#` is gone, `-` accepted."""
    full = _cells(stage.gone, stage.total)
    half = max(_cells(stage.deleted, stage.total) - full, 0)
    cells = "#" * full + "-" * half + "." * (_CELLS - full - half)
    deleted = f", {stage.deleted} deleted" if stage.deleted != stage.gone else ""
    return f"{stage.stage:<10} [{cells}] {stage.gone}/{stage.total} gone{deleted}"


def lines_of(moment: Moment) -> list[str]:
    """A bar for each stage that has something to do, and the last look at the end."""
    shown = [bar(stage) for stage in moment.stages if stage.total]
    return [*shown, "verify     looking until nothing of it is left, twice"] if moment.stage == "verify" else shown


class Bars:
    """Draws on `stream`; `redraw` says whether it is a terminal that can."""

    def __init__(self, stream: TextIO, *, redraw: bool) -> None:
        self._stream = stream
        self._redraw = redraw
        self._drawn = 0
        self._said: set[str] = set()

    def show(self, moment: Moment) -> None:
        if self._redraw:
            self._draw(lines_of(moment))
        else:
            self._say(moment)
        self._stream.flush()

    def _draw(self, lines: list[str]) -> None:
        """More stages than before only add lines; fewer leave nothing of the old ones."""
        if self._drawn:
            self._stream.write(_UP.format(self._drawn))
        blank = [""] * (self._drawn - len(lines))
        self._stream.write("".join(f"{line}{_CLEAR}\n" for line in (*lines, *blank)))
        self._drawn = len(lines) + len(blank)

    def _say(self, moment: Moment) -> None:
        for line in _events(moment):
            if line not in self._said:
                self._said.add(line)
                self._stream.write(f"{line}\n")


def _events(moment: Moment) -> Iterator[str]:
    for stage in moment.stages:
        if stage.total and stage.gone >= stage.total:
            yield f"{stage.stage}: {stage.gone} of {stage.total} gone"
        elif stage.total and stage.stage == moment.stage:
            yield f"{stage.stage}: {stage.total} to delete"
    if moment.stage == "verify":
        yield "verify: looking until nothing of it is left, twice"


def _cells(part: int, whole: int) -> int:
    return min(_CELLS * part // whole, _CELLS) if whole > 0 else 0
