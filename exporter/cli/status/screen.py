"""A terminal that shows one picture at a time, each drawn over the one before, and gets its own content back."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from types import FrameType
from typing import TextIO

# Another screen, no cursor, and lines that are cut instead of wrapped; and all of it back.
_ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l"
_LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l"
_BEGIN, _END = "\x1b[?2026h\x1b[H", "\x1b[J\x1b[?2026l"  # one picture at once, where the terminal knows how
_REST_OF_LINE = "\x1b[K"
_LOOK_EVERY = 0.1


class Screen:
    """Only in the main thread, as a context; what was shown last stays behind on the terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._last: Sequence[str] = ()
        self._drawn = ""
        self._resized = False
        self._handlers = {
            signal.SIGWINCH: self._on_resize,
            signal.SIGTSTP: self._on_stop,
            signal.SIGTERM: self._on_end,
        }
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Screen:
        self._before = {number: signal.signal(number, handler) for number, handler in self._handlers.items()}
        self._write(_ENTER)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # it is what signal.signal gave
        self._write(_LEAVE + "".join(f"{line}\n" for line in self._last))

    def show(self, lines: Sequence[str]) -> None:
        """Draw these lines, and say how many there is no room for."""
        self._last = lines
        rows = shutil.get_terminal_size().lines
        shown = list(lines)
        if len(shown) > rows:
            shown[rows - 1 :] = [f"… {len(shown) - rows + 1} more lines: make the window higher, or name less"]
        picture = _BEGIN + "\n".join(f"{line}{_REST_OF_LINE}" for line in shown) + _END
        if picture != self._drawn:
            self._drawn = picture
            self._write(picture)

    def rest(self, until: float) -> bool:
        """Wait until that moment of the monotonic clock; False, and at once, when the window has another size."""
        while time.monotonic() < until:
            if self._resized:
                self._resized = False
                return False
            time.sleep(min(_LOOK_EVERY, max(until - time.monotonic(), 0.0)))
        return True

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()

    def _on_resize(self, _number: int, _frame: FrameType | None) -> None:
        self._redraw()

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        """Ctrl-Z gives the terminal to the shell; `fg` takes it again."""
        self._raw(_LEAVE)
        os.kill(os.getpid(), signal.SIGSTOP)
        self._raw(_ENTER)
        self._redraw()

    def _on_end(self, number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    def _redraw(self) -> None:
        self._drawn = ""
        self._resized = True

    def _raw(self, text: str) -> None:
        """Past the buffer, in which the signal may have found the writer."""
        os.write(self._stream.fileno(), text.encode())
