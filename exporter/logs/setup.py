"""The only place that configures logging."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass
from typing import IO, Any

from exporter.logs.lines import LineFormatter
from exporter.logs.writer import QueuedHandler

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}

_OURS = "exporter"
_AUDIT = "exporter.audit"
_OTHERS = {
    "urllib3": logging.ERROR,  # warns of every full pool and, at debug, writes whole URLs
    "apscheduler": logging.ERROR,  # two lines per run at info, one per skipped run at warning
    "uvicorn": logging.WARNING,
    "uvicorn.access": logging.ERROR,
    "azure": logging.CRITICAL,  # whole requests at info, whole refusals with tenants and clients at warning
    "msal": logging.CRITICAL,
    "kubernetes": logging.WARNING,
    "asyncio": logging.CRITICAL,  # without descriptors, a traceback for each connection that it cannot accept
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogHandle:
    """What `configure` set up; `close` puts back what was there before."""

    handler: QueuedHandler
    replaced: tuple[logging.Handler, ...]
    levels: dict[str, int]

    @property
    def dropped(self) -> int:
        """Lines lost so far."""
        return self.handler.dropped()

    def close(self) -> None:
        """Writes what is queued, for at most about a second. Harmless when repeated."""
        root = logging.getLogger()
        if self.handler in root.handlers:
            root.handlers[:] = self.replaced
            logging.captureWarnings(False)
            for name, level in self.levels.items():
                logging.getLogger(name).setLevel(level)
        self.handler.close()


def configure(level: str, form: str, *, stream: IO[Any] | None = None, most_lines: int = 10_000) -> LogHandle:
    """Sends every logger of the process to `stream` (stderr if not given) as `form`, logfmt or json.

    `level` is for our own loggers; audit lines are written at any level. Warnings of Python become log lines.
    """
    least = LEVELS[level]
    wanted = {_OURS: least, _AUDIT: logging.INFO, "": max(least, logging.WARNING)}
    wanted |= {name: max(least, other) for name, other in _OTHERS.items()}
    before = {name: logging.getLogger(name).level for name in wanted}
    for name, number in wanted.items():
        logging.getLogger(name).setLevel(number)
    handler = QueuedHandler((stream or sys.stderr).fileno(), most_lines=most_lines)
    handler.setFormatter(LineFormatter(form))
    root = logging.getLogger()
    replaced = tuple(root.handlers)
    root.handlers[:] = [handler]
    logging.captureWarnings(True)
    return LogHandle(handler=handler, replaced=replaced, levels=before)


def event(
    logger: logging.Logger, level: int, msg: str, /, *, exc: BaseException | None = None, **fields: object
) -> None:
    """One line: `msg` is a constant, everything that varies is a field. Of `exc` only the class is written, and the
    frames if no `error_class` other than `bug` is given."""
    if logger.isEnabledFor(level):
        logger.log(level, msg, exc_info=exc, extra={"fields": fields})
