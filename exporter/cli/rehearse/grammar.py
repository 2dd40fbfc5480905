"""The manual of `rehearse`."""

from __future__ import annotations

import argparse
from pathlib import Path

from exporter.cli.flags import ADMIN, CONFIGURATION, configuration, seconds
from exporter.cli.manual import Manual

_REHEARSE = """\
It acts with your own rights on the cluster, never with the daemon's, in one namespace that the daemon watches. It makes
the Jobs of a small search (setup, submit, two batches, finalizer) that only sleep, reads them back from the API, and
waits until the daemon's page says the same. Then two more searches: one is cancelled through the admin port, and the
other one, its neighbour, must not notice. Without --admin-url and a token that act is skipped, and the output says so.

Everything that it makes carries the label elasticblast-exporter/rehearsal and is deleted at the end, also after Ctrl-C
or SIGTERM. After a crash, --cleanup finds and deletes it, and also what another rehearsal there is using.
"""
_IMAGE = "busybox:stable"


def _flags(command: argparse.ArgumentParser) -> None:
    command.add_argument("--cluster", metavar="NAME", help="which of the configured clusters (default: the only one)")
    command.add_argument("--create-namespace", action="store_true", help="make the namespace, and delete it at the end")
    command.add_argument(
        "--node", metavar="NAME", help="also put a label on this node, and take it off again (default: touch no node)"
    )
    command.add_argument("--mpi", action="store_true", help="also make a suspended MPIJob, where MPIJobs are served")
    command.add_argument(
        "--image",
        default=_IMAGE,
        metavar="IMAGE",
        help="image of the pods; it has the commands sleep and true (default %(default)s)",
    )
    command.add_argument(
        "--wait",
        type=seconds(0.001, 3600),
        default=180.0,
        metavar="SECONDS",
        help="how long each thing may take to show, 3600 at most (default %(default)g)",
    )
    command.add_argument("--cleanup", action="store_true", help="only delete what earlier rehearsals have left")
    daemon = command.add_argument_group("the daemon")
    daemon.add_argument("--url", default="http://127.0.0.1:9850", metavar="URL", help="its page (default %(default)s)")
    daemon.add_argument("--admin-url", metavar="URL", help="its admin port (default http://127.0.0.1:9851, if any)")
    daemon.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        help="file with your token for the admin port (default: that of the environment)",
    )
    daemon.add_argument(
        "--ca-file",
        type=Path,
        metavar="FILE",
        help="PEM file of the authorities that may sign its certificate (default: those of the system)",
    )
    configuration(command)


REHEARSE = Manual(
    name="rehearse",
    summary="Prove an installation: play a small search on its cluster, and see whether the daemon tells the truth.",
    text=_REHEARSE,
    flags=_flags,
    exits={
        0: "all was seen as expected",
        1: "something was not, or something that was made is still there",
        2: "usage or configuration",
        7: "the cluster or the daemon cannot be reached",
        130: "interrupted, after cleaning up",
    },
    environment={**ADMIN, **CONFIGURATION},
    examples=(
        ("rehearse --namespace rehearsal", ""),
        ("rehearse --namespace rehearsal --create-namespace --token-file ~/.elb-token", "With the act of the cancel:"),
        (
            "rehearse --namespace blast --node aks-blastpool-12345678-vmss000000 --mpi",
            "With a node's label and an MPIJob:",
        ),
        ("rehearse --namespace rehearsal --cleanup", "After a crash:"),
    ),
    see=("check", "cancel", "docs/rehearse.md"),
)
