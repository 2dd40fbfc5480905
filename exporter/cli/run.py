"""`run`: the daemon, from the first signal handler to the exit code."""

from __future__ import annotations

import logging
import os
import signal
import sys
from argparse import Namespace
from collections.abc import Callable
from functools import partial
from types import FrameType

from exporter.adapters.endpoint import ConnectError
from exporter.app import App
from exporter.cancel.statictokens import TokensError
from exporter.cli.configured import USAGE, configured, reload
from exporter.config import Config, ConfigError
from exporter.logs import LogHandle, configure, event
from exporter.runtime.interpreter import tune
from exporter.web.server import ListenError
from exporter.web.tls import TlsError

LOG = logging.getLogger("exporter.run")
CANNOT_LISTEN = 3
INTERRUPTED = 130
_WAKE_EVERY = 0.2


def command(arguments: Namespace) -> int:
    config = configured(arguments)
    if config is None:
        return USAGE
    log = configure(config.log.level, config.log.format)
    try:
        app = App(config)
    except (ConnectError, OSError) as error:
        sys.stderr.write(f"cannot connect: {error}\n")
        return USAGE
    except TokensError as error:
        sys.stderr.write(f"{error}\n")
        return USAGE
    return serve(app, log, reread=partial(reload, arguments))


def serve(
    app: App,
    log: LogHandle,
    *,
    reread: Callable[[], Config] | None = None,
    announce: Callable[[], None] = lambda: None,
    farewell: Callable[[], None] = lambda: None,
    seconds: float | None = None,
) -> int:
    """Run until a signal ends it, or for so many seconds. The process ends here: threads that hang do not hold it.

    `reread` gives the configuration as it is now, for SIGHUP; without it SIGHUP does nothing. `farewell` is the last
    thing that is done.
    """
    received = _Signals()
    received.install()
    tune()
    code = 0
    try:
        app.start()
        announce()
        log = _wait(app, log, received, reread, seconds)
        app.stop()
    except (ListenError, TlsError) as error:
        sys.stderr.write(f"{error}\n")
        app.let_go()
        code = CANNOT_LISTEN
    farewell()
    log.close()
    os._exit(code)


class _Signals:
    """Signals as flags: a handler does nothing else. The second one that asks for an end ends it at once."""

    def __init__(self) -> None:
        self.stop = self.hangup = False

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


def _wait(
    app: App, log: LogHandle, received: _Signals, reread: Callable[[], Config] | None, seconds: float | None
) -> LogHandle:
    """Wait for the end and follow reloads until then; the log that is in use at last."""
    began = app.clock.mono()
    while not received.stop and (seconds is None or app.clock.mono() - began < seconds):
        if received.hangup:
            received.hangup = False  # before the reload: another one that comes meanwhile counts
            log = _reload(app, log, received, reread) if reread else log
        signal.sigtimedwait((), _WAKE_EVERY)
    return log


def _reload(app: App, log: LogHandle, received: _Signals, reread: Callable[[], Config]) -> LogHandle:
    """A configuration with a problem changes nothing."""
    before = app.config.log
    try:
        app.reload(reread(), hurry=lambda: received.stop)
    except ConfigError as error:
        for problem in error.problems:
            event(LOG, logging.ERROR, "reload_refused", problem=str(problem))
    except ConnectError as error:
        event(LOG, logging.ERROR, "reload_refused", problem=str(error))
    except Exception as error:  # noqa: BLE001 - the daemon goes on as it is, and says where the fault is
        event(LOG, logging.ERROR, "reload_failed", exc=error)
    if app.config.log == before:
        return log
    new = configure(app.config.log.level, app.config.log.format)
    log.close()
    return new
