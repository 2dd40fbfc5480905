"""How the interpreter shares its time: among threads, and between work and the search for garbage."""

from __future__ import annotations

import gc
import sys

_TURN = 0.001  # seconds that a thread may compute while another waits: a scrape takes several turns
_YOUNG, _MIDDLE, _OLD = 2000, 5, 100  # few collections of what is young, and hardly any of everything


def tune() -> None:
    """Call it once, when everything is imported and before threads start.

    What exists by then lives as long as the process, so no collection looks at it again. What is folded later is freed
    when its last reference goes; a collection of everything would stop all threads for tens of milliseconds to find
    nothing.
    """
    sys.setswitchinterval(_TURN)
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
    gc.freeze()
