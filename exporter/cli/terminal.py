"""What a stream can show: its width, its colours, whether it can be drawn over."""

from __future__ import annotations

import os
import shutil
from typing import TextIO


def redraws(stream: TextIO) -> bool:
    """Whether it is a terminal that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def colours(stream: TextIO) -> bool:
    """Whether colours are wanted there; NO_COLOR with any text says no."""
    return redraws(stream) and not os.environ.get("NO_COLOR")


def width_of(stream: TextIO) -> int | None:
    """The columns of the terminal; None where the output goes elsewhere and COLUMNS says nothing."""
    if os.environ.get("COLUMNS", "").isdigit() or stream.isatty():
        return shutil.get_terminal_size().columns
    return None
