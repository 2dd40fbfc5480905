"""The manuals of the commands that are a daemon, or do once what it does: `run`, `demo`, `once`."""

from __future__ import annotations

import argparse

from exporter.cli.flags import CONFIGURATION, IDENTITY, configuration
from exporter.cli.manual import Manual

_RUN = """\
It watches the Jobs, pods, nodes, claims and warnings of the configured namespaces and serves, on port 9850:

  /metrics  for Prometheus, in the text format or OpenMetrics 1.0
  /         the status page; as JSON for a client that accepts application/json
  /livez    whether this process works
  /readyz   whether it has looked once

Without any configuration it uses the pod's ServiceAccount or, outside a pod, the current context of the kubeconfig,
and the namespace `default`. A scrape asks the cluster nothing.

SIGHUP reads the configuration again; a cluster that this changes is followed anew and counts from 0, as after a
restart. SIGTERM and Ctrl-C end it within 10 seconds; a second one ends it at once.
"""
_DEMO = """\
Azure and three Kubernetes APIs are simulated in this process, with searches that live, fail and end: one cluster is at
work, one is stopped and starts after a while, one is deleted later. The real daemon follows them from outside through
its real clients. Nothing leaves this machine. The same seed gives the same worlds.

It prints a line to copy into a second terminal that cancels one of the searches, with a token made for this run.
Ctrl-C ends it.
"""
_ONCE = """\
The page is what the daemon would serve after its first look: counters are at 0, since nothing was seen to change.
Useful for a cron job, a test, or a first impression of a cluster.
"""


def _run_flags(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--port", type=int, metavar="PORT", help="port of metrics, probes and status page (default 9850)"
    )
    command.add_argument(
        "--shard",
        metavar="I/N",
        help="follow only this share of the clusters, such as 0/3, or ordinal/3 in a StatefulSet (default: all)",
    )
    configuration(command)


def _demo_flags(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--port", type=int, default=9850, metavar="PORT", help="port of the daemon, 0 for any (default %(default)s)"
    )
    command.add_argument(
        "--admin-port",
        type=int,
        metavar="PORT",
        help="port on which searches are cancelled (default 9851, or any that is free)",
    )
    command.add_argument(
        "--address", default="127.0.0.1", metavar="ADDRESS", help="address to listen on (default %(default)s)"
    )
    command.add_argument(
        "--speed", type=float, metavar="N", help="how many times faster than life, 0.1 to 200 (default 20)"
    )
    command.add_argument(
        "--seed", type=int, default=1, metavar="N", help="which of all possible worlds (default %(default)s)"
    )
    command.add_argument(
        "--scenario", action="append", metavar="NAME", help="only this scenario; may be repeated (default: all)"
    )
    command.add_argument(
        "--for", dest="seconds", type=float, metavar="SECONDS", help="end after so many seconds (default: Ctrl-C does)"
    )


def _once_flags(command: argparse.ArgumentParser) -> None:
    command.add_argument("--openmetrics", action="store_true", help="OpenMetrics 1.0 instead of the text format")
    configuration(command)


RUN = Manual(
    name="run",
    summary="Run the daemon.",
    text=_RUN,
    flags=_run_flags,
    exits={
        0: "ended by a signal",
        2: "usage or configuration",
        3: "a port cannot be listened on",
        130: "ended at once, by a second signal",
    },
    environment={**CONFIGURATION, **IDENTITY},
    examples=(
        ("run", "In a pod, or with the current context:"),
        ("run --context my-aks --namespace blast", "With another one, and the searches of another namespace:"),
        ("run --config /etc/elasticblast-exporter/config.yaml --shard ordinal/3", "A share of a fleet:"),
    ),
    see=("check", "status", "config", "docs/configuration.md", "docs/http.md", "docs/fleet.md"),
)
DEMO = Manual(
    name="demo",
    summary="Run the daemon against simulated clusters on this machine.",
    text=_DEMO,
    flags=_demo_flags,
    exits={
        0: "ended by a signal, or by --for",
        2: "usage",
        3: "a port cannot be listened on",
        130: "ended at once, by a second signal",
    },
    examples=(
        ("demo", ""),
        ("demo --port 0 --for 60 --speed 120", "For a minute, on any free port, at six times the usual speed:"),
        ("status --watch", "Meanwhile, in a second terminal:"),
    ),
    see=("run", "status", "cancel"),
)
ONCE = Manual(
    name="once",
    summary="Look once, print the metrics page, and end.",
    text=_ONCE,
    flags=_once_flags,
    exits={
        0: "everything was read",
        2: "usage or configuration",
        7: "something could not be read; standard error says what",
    },
    environment={**CONFIGURATION, **IDENTITY},
    examples=(
        ("once --context my-aks --namespace default | grep search_phase", "The phase of each search:"),
        ("once --openmetrics > page.txt", "A page to keep:"),
    ),
    see=("run", "check", "metrics", "docs/metrics.md"),
)
