"""`once`: one look at the cluster, the page on standard output."""

from __future__ import annotations

import sys
from argparse import Namespace

from exporter.adapters.endpoint import ConnectError
from exporter.app import App
from exporter.cli.configured import USAGE, configured
from exporter.cli.look import without_admin
from exporter.logs import configure
from exporter.web.negotiate import OPENMETRICS, TEXT

UNREACHABLE = 7


def command(arguments: Namespace) -> int:
    config = configured(arguments)
    if config is None:
        return USAGE
    log = configure(config.log.level, config.log.format)
    try:
        app = App(without_admin(config))
    except ConnectError as error:
        sys.stderr.write(f"cannot connect: {error}\n")
        return USAGE
    failures = app.once()
    form = OPENMETRICS if arguments.openmetrics else TEXT
    sys.stdout.buffer.write(app.publisher.slot.current.body(form, compressed=False).content)
    sys.stdout.flush()
    log.close()
    for failure in failures:
        sys.stderr.write(f"{failure}\n")
    return UNREACHABLE if failures else 0
