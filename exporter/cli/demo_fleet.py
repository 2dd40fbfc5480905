"""`demo --fleet`: three simulated clusters in a simulated Azure, and the daemon that follows them from outside."""

from __future__ import annotations

import sys
from argparse import Namespace

from exporter.app import App
from exporter.cli.configured import USAGE, print_problems
from exporter.cli.run import serve
from exporter.config import Config, ConfigError, load
from exporter.logs import configure
from exporter.simulator.arm.model import CLUSTERS
from exporter.simulator.fleet import ASLEEP, BUSY, GROUP, LEAVING, Fleet

_BESIDE = (
    f"{GROUP}/Microsoft.Storage/storageAccounts/elbresults",
    f"{GROUP}/Microsoft.ContainerRegistry/registries/elbimages",
)
_ARM_EVERY = 20.0  # seconds; a demo has no time for the least that a configuration allows


def command(arguments: Namespace, *, speed: float) -> int:
    """Play until a signal comes, or for so many seconds."""
    fleet = Fleet(speed=speed, seed=arguments.seed)
    fleet.start()
    try:
        config = _config(arguments, fleet)
    except ConfigError as error:
        print_problems(error)
        fleet.stop()
        return USAGE
    log = configure(config.log.level, config.log.format)
    app = App(config, speed=speed)

    def announce() -> None:
        base = f"http://{arguments.address}:{app.server.port}"
        sys.stdout.write(
            f"Three simulated AKS clusters in a simulated Azure live {speed:g} times faster than real ones.\n"
            f"  status page     {base}/\n"
            f"  metrics         {base}/metrics\n"
            f"  Azure           {fleet.azure.url}\n"
            f"{BUSY} is at work, {ASLEEP} is stopped and starts after a while, {LEAVING} is deleted later.\n"
            "Ctrl-C ends it.\n"
        )
        sys.stdout.flush()

    return serve(app, log, announce=announce, seconds=arguments.seconds, farewell=fleet.stop)


def _config(arguments: Namespace, fleet: Fleet) -> Config:
    """The daemon's configuration; port 0 is any free one here. Raises ConfigError."""
    given: dict[str, object] = {
        "listen.address": arguments.address,
        "log.level": "error",
        "intervals.poll": 5.0,
        "shutdown_delay": 0.0,
        "azure.client_id": fleet.client,
        "azure.tenant_id": fleet.tenant,
        "azure.token_file": str(fleet.azure.token_file),
        "azure.endpoint": fleet.azure.url,
        "azure.authority": fleet.azure.url,
        "azure.ca_file": str(fleet.azure.ca_file),
    }
    for number, name in enumerate((BUSY, ASLEEP, LEAVING)):
        given |= {
            f"clusters[{number}].name": name,
            f"clusters[{number}].connect.mode": "aks",
            f"clusters[{number}].azure.resource_id": f"{GROUP}/{CLUSTERS}/{name}",
        }
    given["clusters[0].resources"] = list(_BESIDE)
    if arguments.port:
        given["listen.port"] = arguments.port
    config = load(None, {}, given)
    listen = config.listen.model_copy(update={"port": arguments.port})
    intervals = config.intervals.model_copy(update={"arm": _ARM_EVERY})
    return config.model_copy(update={"listen": listen, "intervals": intervals})
