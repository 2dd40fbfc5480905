"""`demo`: a simulated cluster and the daemon that follows it, in one process."""

from __future__ import annotations

import sys
from argparse import Namespace

from exporter.adapters.endpoint import KubeSettings
from exporter.adapters.kube import Access, connect
from exporter.app import App
from exporter.cli.run import serve
from exporter.config import load
from exporter.logs import configure
from exporter.simulator.demo import DEFAULT_SPEED, Demo


def command(arguments: Namespace) -> int:
    speed = arguments.speed or DEFAULT_SPEED
    world = Demo(speed=speed, seed=arguments.seed, scenarios=arguments.scenario)
    world.start()
    overrides: dict[str, object] = {
        "listen.address": arguments.address,
        "listen.port": arguments.port,
        "log.level": "warn",
        "intervals.poll": 5.0,
        "shutdown_delay": 0.0,
    }
    config = load(None, {}, overrides)
    log = configure(config.log.level, config.log.format)
    app = App(config, speed=speed, way=lambda _given, _config: _way(world))

    def announce() -> None:
        base = f"http://{arguments.address}:{app.server.port}"
        sys.stdout.write(
            f"A simulated AKS cluster lives {speed:g} times faster than a real one, seed {arguments.seed}.\n"
            f"  status page     {base}/\n"
            f"  metrics         {base}/metrics\n"
            f"  probes          {base}/livez {base}/readyz\n"
            f"  Kubernetes API  {world.url}\n"
            "Ctrl-C ends it.\n"
        )
        sys.stdout.flush()

    return serve(app, log, on_hangup=lambda: None, announce=announce, seconds=arguments.seconds)


def _way(world: Demo) -> Access:
    return connect(KubeSettings(mode="direct", server=world.url, token=world.token, insecure_http=True))
