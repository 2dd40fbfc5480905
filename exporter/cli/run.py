"""`run`: the daemon, from the first signal handler to the exit code."""

from __future__ import annotations

import logging
import os
import signal
import sys
from argparse import Namespace
from collections.abc import Callable
from types import FrameType

from exporter.adapters.endpoint import ConnectError
from exporter.app import App
from exporter.cli.configured import USAGE, configured, reload
from exporter.config import Config, ConfigError
from exporter.logs import LogHandle, configure, event
from exporter.web.server import ListenError
from exporter.web.tls import TlsError

LOG = logging.getLogger("exporter.run")
CANNOT_LISTEN = 3
INTERRUPTED = 130


def command(arguments: Namespace) -> int:
    config = configured(arguments)
    if config is None:
        return USAGE
    log = configure(config.log.level, config.log.format)
    try:
        app = App(config)
    except ConnectError as error:
        sys.stderr.write(f"cannot connect: {error}\n")
        return USAGE
    return serve(app, log, on_hangup=lambda: _reload(app, arguments))


def serve(
    app: App, log: LogHandle, *, on_hangup: Callable[[], None], announce: Callable[[], None] = lambda: None,
    seconds: float | None = None,
) -> int:  # fmt: skip
    """Run until a signal ends it, or for so many seconds. The process ends here: threads that hang do not hold it."""
    received = _Signals()
    received.install()
    code = 0
    try:
        app.start()
        announce()
        _wait(app, received, on_hangup, seconds)
        received.ending = True
        app.stop()
    except (ListenError, TlsError) as error:
        sys.stderr.write(f"{error}\n")
        code = CANNOT_LISTEN
    log.close()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


class _Signals:
    """Signals as flags: a handler does nothing else. The second one that asks for an end ends it at once."""

    def __init__(self) -> None:
        self.stop = self.hangup = self.ending = False

    def install(self) -> None:
        signal.signal(signal.SIGTERM, self._end)
        signal.signal(signal.SIGINT, self._end)
        signal.signal(signal.SIGHUP, self._hang_up)

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        if self.stop:
            os._exit(INTERRUPTED)
        self.stop = True

    def _hang_up(self, _number: int, _frame: FrameType | None) -> None:
        self.hangup = True


def _wait(app: App, received: _Signals, on_hangup: Callable[[], None], seconds: float | None) -> None:
    began = app.clock.mono()
    while not received.stop and (seconds is None or app.clock.mono() - began < seconds):
        if received.hangup:
            received.hangup = False
            on_hangup()
        signal.sigtimedwait((), 0.2)


def _reload(app: App, arguments: Namespace) -> None:
    """A configuration with a problem changes nothing."""
    try:
        config: Config = reload(arguments)
        app.reload(config)
    except ConfigError as error:
        for problem in error.problems:
            event(LOG, logging.ERROR, "reload_refused", key=problem.key, problem=problem.sentence)
    except ConnectError as error:
        event(LOG, logging.ERROR, "reload_refused", problem=str(error))
