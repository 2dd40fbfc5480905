"""The manual of `rehearse`, and its flags."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

SUMMARY = "Prove an installation: play a small search on its cluster, and see whether the daemon tells the truth."
MANUAL = """\
It acts with your own rights on the cluster, never with the daemon's, in one namespace that the daemon watches. It makes
the Jobs of a small search (setup, submit, two batches, finalizer) that only sleep, reads them back from the API, and
waits until the daemon's page says the same. Then two more searches: one is cancelled through the admin port, and the
other one, its neighbour, must not notice. Without --admin-url and a token that act is skipped, and the output says so.

Everything that it makes carries the label elasticblast-exporter/rehearsal and is deleted at the end, also after Ctrl-C
or SIGTERM. After a crash, --cleanup finds and deletes it, and also what another rehearsal there is using.
"""
EXAMPLES = """\
examples:
  elasticblast-exporter rehearse --namespace rehearsal
  elasticblast-exporter rehearse --namespace rehearsal --create-namespace --token-file ~/.elb-token
  elasticblast-exporter rehearse --namespace blast --node aks-blastpool-12345678-vmss000000 --mpi
  elasticblast-exporter rehearse --namespace rehearsal --cleanup

exit codes:
  0 all was seen as expected    1 something was not, or something that was made is still there
  2 usage or configuration    7 the cluster or the daemon cannot be reached    130 interrupted, after cleaning up
"""
_IMAGE = "busybox:stable"
_LONGEST = 3600.0


def flags(command: argparse.ArgumentParser) -> None:
    command.add_argument("--cluster", metavar="NAME", help="which of the configured clusters")
    command.add_argument("--create-namespace", action="store_true", help="make the namespace, and delete it at the end")
    command.add_argument("--node", metavar="NAME", help="also put a label on this node, and take it off again")
    command.add_argument("--mpi", action="store_true", help="also make a suspended MPIJob, where MPIJobs are served")
    command.add_argument(
        "--image", default=_IMAGE, help="image of the pods; it has the commands sleep and true (default %(default)s)"
    )
    command.add_argument(
        "--wait",
        type=_seconds,
        default=180.0,
        metavar="SECONDS",
        help="how long each thing may take to show (default %(default)g)",
    )
    command.add_argument("--cleanup", action="store_true", help="only delete what earlier rehearsals have left")
    daemon = command.add_argument_group("the daemon")
    daemon.add_argument("--url", default="http://127.0.0.1:9850", help="its page (default %(default)s)")
    daemon.add_argument("--admin-url", metavar="URL", help="its admin port (default http://127.0.0.1:9851, if any)")
    daemon.add_argument("--token-file", type=Path, metavar="FILE", help="file with your token for the admin port")
    daemon.add_argument("--ca-file", type=Path, metavar="FILE", help="authorities that may sign its certificate")


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= _LONGEST or math.isnan(seconds):
        raise ValueError
    return seconds
