"""`demo`: a simulated cluster and the daemon that follows it, in one process."""

from __future__ import annotations

import math
import sys
from argparse import Namespace
from collections.abc import Iterator

from exporter.adapters.endpoint import KubeSettings
from exporter.adapters.kube import Access, connect
from exporter.app import App
from exporter.cli.configured import USAGE, print_problems
from exporter.cli.run import serve
from exporter.config import Config, ConfigError, load
from exporter.logs import configure
from exporter.simulator.demo import DEFAULT_SPEED, Demo
from exporter.simulator.world.demo import OPENING, WEIGHTS
from exporter.simulator.world.fixtures import BLAST_POOL, SYSTEM_POOL

_SPEEDS = (0.1, 200.0)
_PRICES = {BLAST_POOL: {"price": 1.008, "currency": "USD"}, SYSTEM_POOL: {"price": 0.096, "currency": "USD"}}
_SCENARIOS = sorted({*WEIGHTS, *(name for _, name, _ in OPENING)})


def command(arguments: Namespace) -> int:
    speed = DEFAULT_SPEED if arguments.speed is None else arguments.speed
    wrong = list(_wrong(arguments, speed))
    config = _config(arguments)
    if wrong:
        sys.stderr.write("".join(f"{sentence}\n" for sentence in wrong))
    if wrong or config is None:
        return USAGE
    world = Demo(speed=speed, seed=arguments.seed, scenarios=arguments.scenario)
    world.start()
    log = configure(config.log.level, config.log.format)
    app = App(config, speed=speed, way=lambda _given, _config: _way(world))

    def announce() -> None:
        base = f"http://{_host(arguments.address)}:{app.server.port}"
        sys.stdout.write(
            f"A simulated AKS cluster lives {speed:g} times faster than a real one, seed {arguments.seed}.\n"
            f"  status page     {base}/\n"
            f"  metrics         {base}/metrics\n"
            f"  probes          {base}/livez {base}/readyz\n"
            f"  Kubernetes API  {world.url}\n"
            "Ctrl-C ends it.\n"
        )
        sys.stdout.flush()

    return serve(app, log, announce=announce, seconds=arguments.seconds)


def _wrong(arguments: Namespace, speed: float) -> Iterator[str]:
    """What is wrong with the flags that only the demo has."""
    least, most = _SPEEDS
    if not least <= speed <= most:
        yield f"--speed must be a number between {least:g} and {most:g}"
    if arguments.seconds is not None and not 0 < arguments.seconds < math.inf:
        yield "--for must be a number of seconds above 0"
    unknown = [name for name in arguments.scenario or () if name not in _SCENARIOS]
    if unknown:
        yield f"no such scenario: {', '.join(unknown)}; there are: {', '.join(_SCENARIOS)}"


def _config(arguments: Namespace) -> Config | None:
    """The daemon's configuration, or None after its problems have been printed. Port 0 is any free one here."""
    overrides: dict[str, object] = {
        "listen.address": arguments.address,
        "log.level": "error",
        "intervals.poll": 5.0,
        "shutdown_delay": 0.0,
        "metrics.node_hourly_price": _PRICES,
    }
    if arguments.port:
        overrides["listen.port"] = arguments.port
    try:
        config = load(None, {}, overrides)
    except ConfigError as error:
        print_problems(error)
        return None
    listen = config.listen.model_copy(update={"port": arguments.port})
    return config.model_copy(update={"listen": listen})


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _way(world: Demo) -> Access:
    return connect(KubeSettings(mode="direct", server=world.url, token=world.token, insecure_http=True))
