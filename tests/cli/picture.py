"""What a terminal shows after bytes that were written to it: enough of one to draw pictures in place."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_PART = re.compile(r"\x1b\[(?P<private>\??)(?P<numbers>[0-9;]*)(?P<final>[A-Za-z])|(?P<text>[^\x1b])", re.DOTALL)
_MODES = {"1049": "alternate", "25": "cursor", "7": "wraps"}


@dataclass
class Picture:
    """Two screens, of which one is shown. `modes` are those that are on; `wiped` counts clearings of a whole screen,
    which one sees as flicker."""

    modes: set[str] = field(default_factory=lambda: {"cursor", "wraps"})
    wiped: int = 0
    _screens: dict[bool, dict[tuple[int, int], str]] = field(default_factory=lambda: {False: {}, True: {}})
    _row: int = 0
    _column: int = 0

    @property
    def lines(self) -> list[str]:
        cells = self._screens["alternate" in self.modes]
        rows = max((row for row, _ in cells), default=-1) + 1
        widths = [max((column for at, column in cells if at == row), default=-1) + 1 for row in range(rows)]
        return ["".join(cells.get((row, n), " ") for n in range(width)).rstrip() for row, width in enumerate(widths)]

    def write(self, text: str) -> None:
        for part in _PART.finditer(text):
            if part["text"] is not None:
                self._put(part["text"])
            elif part["private"]:
                self._switch(part["numbers"], on=part["final"] == "h")
            else:
                self._control(part["final"], part["numbers"])

    def _put(self, sign: str) -> None:
        if sign == "\n":
            self._row += 1
        elif sign == "\r":
            self._column = 0
        else:
            self._screens["alternate" in self.modes][self._row, self._column] = sign
            self._column += 1

    def _switch(self, number: str, *, on: bool) -> None:
        mode = _MODES.get(number)
        if mode and on:
            self.modes.add(mode)
        elif mode:
            self.modes.discard(mode)
        if mode == "alternate":
            self._row = self._column = 0
            self._screens[True] = {}

    def _control(self, final: str, numbers: str) -> None:
        cells = self._screens["alternate" in self.modes]
        here = (self._row, self._column)
        if final == "H":
            self._row = self._column = 0
        elif final == "K":
            gone = [at for at in cells if at[0] == here[0] and at >= here]
        elif final == "J":
            self.wiped += numbers == "2"
            gone = [at for at in cells if at >= here or numbers == "2"]
        if final in "KJ":
            for at in gone:
                del cells[at]


def drawn(text: str) -> Picture:
    picture = Picture()
    picture.write(text)
    return picture
