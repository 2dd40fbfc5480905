"""`demo`: a simulated cluster and the daemon that follows it, in one process."""

from __future__ import annotations

import math
import os
import shlex
import socket
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from exporter.adapters.endpoint import KubeSettings
from exporter.adapters.kube import Access, connect
from exporter.app import App
from exporter.cancel.statictokens import new_token
from exporter.cli import demo_fleet
from exporter.cli.configured import USAGE, print_problems
from exporter.cli.run import serve
from exporter.config import Config, ConfigError, load
from exporter.config.environment import ADMIN_TOKEN
from exporter.logs import configure
from exporter.simulator.demo import DEFAULT_SPEED, Demo
from exporter.simulator.world.demo import OPENING, WEIGHTS
from exporter.simulator.world.fixtures import BLAST_POOL, SYSTEM_POOL

_ADMIN_ADDRESS, _ADMIN_PORT = "127.0.0.1", 9851
_SPEEDS = (0.1, 200.0)
_PRICES = {BLAST_POOL: {"price": 1.008, "currency": "USD"}, SYSTEM_POOL: {"price": 0.096, "currency": "USD"}}
_SCENARIOS = sorted({*WEIGHTS, *(name for _, name, _ in OPENING)})


def command(arguments: Namespace) -> int:
    speed = DEFAULT_SPEED if arguments.speed is None else arguments.speed
    wrong = list(_wrong(arguments, speed))
    token, line = new_token("demo")
    config = _config(arguments, _in_memory(line))
    if wrong:
        sys.stderr.write("".join(f"{sentence}\n" for sentence in wrong))
    if wrong or config is None:
        return USAGE
    if arguments.fleet:
        return demo_fleet.command(arguments, speed=speed)
    world = Demo(speed=speed, seed=arguments.seed, scenarios=arguments.scenario)
    world.start()
    log = configure(config.log.level, config.log.format)
    app = App(config, speed=speed, way=lambda _given, _config: _way(world))

    def announce() -> None:
        admin = f"http://{_ADMIN_ADDRESS}:{app.admin.server.port if app.admin else 0}"
        base = f"http://{_host(arguments.address)}:{app.server.port}"
        sys.stdout.write(
            f"A simulated AKS cluster lives {speed:g} times faster than a real one, seed {arguments.seed}.\n"
            f"  status page     {base}/\n"
            f"  metrics         {base}/metrics\n"
            f"  probes          {base}/livez {base}/readyz\n"
            f"  admin port      {admin}/\n"
            f"  Kubernetes API  {world.url}\n"
            f"{_how_to_cancel(world, token, admin)}"
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


def _how_to_cancel(world: Demo, token: str, url: str) -> str:
    """One line to copy, with a token that nobody else knows and that ends with this process."""
    if not world.patient:
        return ""
    return (
        "Stop a search that would go on for hours, from a second terminal; the token is good until this ends:\n"
        f"  {ADMIN_TOKEN}={token} {_program()} cancel {world.patient} --url {url}\n"
    )


def _program() -> str:
    """This program, as it can be started again."""
    own = Path(sys.argv[0]).absolute()
    return (
        shlex.quote(str(own)) if own.name == "elasticblast-exporter" else f"{shlex.quote(sys.executable)} -m exporter"
    )


def _in_memory(line: str) -> str:
    """The path of a tokens file that is on no disk and ends with this process."""
    number = os.memfd_create("tokens")
    os.write(number, line.encode())
    return f"/proc/self/fd/{number}"


def _admin_port(arguments: Namespace) -> int:
    """The port asked for; without that 9851, or any if that one is taken."""
    if arguments.admin_port is not None:
        return int(arguments.admin_port)
    try:
        socket.create_server((_ADMIN_ADDRESS, _ADMIN_PORT)).close()
    except OSError:
        return 0
    return _ADMIN_PORT


def _config(arguments: Namespace, tokens_file: str) -> Config | None:
    """The daemon's configuration, or None after its problems have been printed. Port 0 is any free one here."""
    overrides: dict[str, object] = {
        "listen.address": arguments.address,
        "log.level": "error",
        "intervals.poll": 5.0,
        "shutdown_delay": 0.0,
        "metrics.node_hourly_price": _PRICES,
        "admin.enabled": True,
        "admin.address": _ADMIN_ADDRESS,
        "admin.callers": "tokens",
        "admin.tokens_file": tokens_file,
    }
    admin_port = _admin_port(arguments)
    overrides |= {key: port for key, port in (("listen.port", arguments.port), ("admin.port", admin_port)) if port}
    try:
        config = load(None, {}, overrides)
    except ConfigError as error:
        print_problems(error)
        return None
    listen = config.listen.model_copy(update={"port": arguments.port})
    admin = config.admin.model_copy(update={"port": admin_port})
    return config.model_copy(update={"listen": listen, "admin": admin})


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _way(world: Demo) -> Access:
    return connect(KubeSettings(mode="direct", server=world.url, token=world.token, insecure_http=True))
