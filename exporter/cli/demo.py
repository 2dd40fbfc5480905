"""`demo`: three clusters in a simulated Azure, and the daemon that follows them from outside, in one process."""

from __future__ import annotations

import math
import os
import shlex
import socket
import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from exporter.app import App
from exporter.cancel.statictokens import new_token
from exporter.cli.configured import USAGE, print_problems
from exporter.cli.run import serve
from exporter.config import Config, ConfigError, load
from exporter.config.environment import ADMIN_TOKEN
from exporter.logs import configure
from exporter.simulator.arm.model import CLUSTERS
from exporter.simulator.fleet import ASLEEP, BUSY, GROUP, LEAVING, Fleet
from exporter.simulator.world.demo import OPENING, SPEED, WEIGHTS
from exporter.simulator.world.fixtures import BLAST_POOL, SYSTEM_POOL

_ADMIN_ADDRESS, _ADMIN_PORT = "127.0.0.1", 9851
_SPEEDS = (0.1, 200.0)
_PRICES = {BLAST_POOL: {"price": 1.008, "currency": "USD"}, SYSTEM_POOL: {"price": 0.096, "currency": "USD"}}
_SCENARIOS = sorted({*WEIGHTS, *(name for _, name, _ in OPENING)})
_BESIDE = (
    f"{GROUP}/Microsoft.Storage/storageAccounts/elbresults",
    f"{GROUP}/Microsoft.ContainerRegistry/registries/elbimages",
)
_ARM_EVERY = 20.0  # seconds; a demo has no time for the least that a configuration allows


def command(arguments: Namespace) -> int:
    """Play until a signal comes, or for so many seconds."""
    speed = SPEED if arguments.speed is None else arguments.speed
    wrong = list(_wrong(arguments, speed))
    token, line = new_token("demo")
    config = _config(arguments, _in_memory(line))
    if wrong:
        sys.stderr.write("".join(f"{sentence}\n" for sentence in wrong))
    if wrong or config is None:
        return USAGE
    fleet = Fleet(speed=speed, seed=arguments.seed, scenarios=arguments.scenario)
    fleet.start()
    log = configure(config.log.level, config.log.format)
    app = App(_following(fleet, config), speed=speed)

    def announce() -> None:
        admin = f"http://{_ADMIN_ADDRESS}:{app.admin.server.port if app.admin else 0}"
        base = f"http://{_host(arguments.address)}:{app.server.port}"
        sys.stdout.write(
            f"Three simulated AKS clusters live {speed:g} times faster than real ones, seed {arguments.seed}:\n"
            f"{BUSY} is at work, {ASLEEP} is stopped and starts after a while, {LEAVING} is deleted later.\n"
            f"  status page     {base}/\n"
            f"  metrics         {base}/metrics\n"
            f"  probes          {base}/livez {base}/readyz\n"
            f"  admin port      {admin}/\n"
            f"  Azure           {fleet.azure.url}\n"
            f"  Kubernetes API  {fleet.url(BUSY)}\n"
            f"{_how_to_cancel(fleet, token, admin)}"
            "Ctrl-C ends it.\n"
        )
        sys.stdout.flush()

    return serve(app, log, announce=announce, seconds=arguments.seconds, farewell=fleet.stop)


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


def _how_to_cancel(fleet: Fleet, token: str, url: str) -> str:
    """One line to copy, with a token that nobody else knows and that ends with this process."""
    if not fleet.patient:
        return ""
    return (
        "Stop a search that would go on for hours, from a second terminal; the token is good until this ends:\n"
        f"  {ADMIN_TOKEN}={token} {_program()} cancel {fleet.patient} --cluster {BUSY} --url {url}\n"
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
    """What the flags say, or None after its problems have been printed. Port 0 is any free one here."""
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
    intervals = config.intervals.model_copy(update={"arm": _ARM_EVERY})
    return config.model_copy(update={"listen": listen, "admin": admin, "intervals": intervals})


def _following(fleet: Fleet, config: Config) -> Config:
    """The configuration that follows the clusters of the fleet, with what lies beside the busy one."""
    given: dict[str, object] = {
        "azure.client_id": fleet.client,
        "azure.tenant_id": fleet.tenant,
        "azure.token_file": str(fleet.azure.token_file),
        "azure.endpoint": fleet.azure.url,
        "azure.authority": fleet.azure.url,
        "azure.ca_file": str(fleet.azure.ca_file),
        "clusters[0].resources": list(_BESIDE),
    }
    for number, name in enumerate((BUSY, ASLEEP, LEAVING)):
        given |= {
            f"clusters[{number}].name": name,
            f"clusters[{number}].connect.mode": "aks",
            f"clusters[{number}].azure.resource_id": f"{GROUP}/{CLUSTERS}/{name}",
        }
    found = load(None, {}, given)
    return config.model_copy(update={"azure": found.azure, "clusters": found.clusters})


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address
