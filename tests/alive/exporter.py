"""The daemon in a world that lives faster: `python -m tests.alive.exporter SETTINGS SPEED`, a JSON file of dotted keys.

Its rules are divided by the speed, as those of the demo are, and ARM may be asked as often as its limit allows."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from exporter.app import App
from exporter.cli.run import serve
from exporter.config import load
from exporter.logs import configure

_ARM_EVERY = 12.0


def main(settings: Path, speed: float) -> int:
    config = load(None, {}, json.loads(settings.read_text()))
    intervals = config.intervals.model_copy(update={"arm": _ARM_EVERY})
    config = config.model_copy(update={"intervals": intervals})
    log = configure(config.log.level, config.log.format)
    return serve(App(config, speed=speed), log)


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
