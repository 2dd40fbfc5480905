"""How pytest-xdist deals the tests out: a file goes to one worker, so that what its tests share is made once."""

from __future__ import annotations

from typing import Any

from xdist.scheduler import LoadScopeScheduling

FIRST = (
    "tests/soak/test_deaths.py",
    "tests/demo/",
    "tests/alive/",
    "tests/rehearsal/test_rehearse.py",
    "tests/process/test_outage.py",
    "tests/custom/test_daemon.py",
)
"""What takes a minute or more: begun last, it would be waited for alone."""

_TOGETHER = ("tests/browser/", "tests/chart/")  # folders whose files share what takes long to make


class ByFile(LoadScopeScheduling):
    """Files in the order of collection, and a few folders whole."""

    def __init__(self, config: Any, log: Any = None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((folder for folder in _TOGETHER if file.startswith(folder)), file)
