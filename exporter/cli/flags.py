"""Flags and environment that several commands have."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path

PREFIX = "ELASTICBLAST_EXPORTER_"
CONFIGURATION = {
    f"{PREFIX}CONFIG": "the YAML file, where --config names none",
    f"{PREFIX}KEY": "any other key, with two underscores for each dot: LOG__LEVEL=debug",
    "KUBECONFIG": "the kubeconfig, where neither a flag nor the configuration names one",
}
IDENTITY = {
    "AZURE_CLIENT_ID, AZURE_TENANT_ID": "who asks Azure, as workload identity sets them; only for clusters with an "
    "azure.resource_id, and for discovery",
    "AZURE_FEDERATED_TOKEN_FILE, AZURE_AUTHORITY_HOST": "their token, and who is asked whether it is good",
}
ADMIN = {
    f"{PREFIX}ADMIN_URL": "the admin port, where no flag names one",
    f"{PREFIX}ADMIN_TOKEN": "your token for it, where no --token-file is given; it is never an argument",
}
TERMINAL = {
    "NO_COLOR": "any text switches colours off; they are never used but on a terminal",
    "COLUMNS": "the width of the output, in characters (default: that of the terminal)",
}
MEANING_OF_ID = "the search: its id, the beginning of it, its last 8 characters, or the 12 characters of the OpenAPI id"


def configuration(command: argparse.ArgumentParser) -> None:
    """The flags that every command with a configuration takes."""
    group = command.add_argument_group(
        "configuration",
        f"One YAML file, below the environment, below flags; `{command.prog.split()[0]} config` explains the keys.",
    )
    group.add_argument(
        "--config", type=Path, metavar="FILE", help="YAML file (default: that of the environment, if any)"
    )
    group.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="set one key, such as log.level=debug; may be repeated",
    )
    group.add_argument(
        "--kubeconfig", metavar="FILE", help="connect with this kubeconfig (default: in a pod its ServiceAccount)"
    )
    group.add_argument(
        "--context", metavar="NAME", help="connect with this context of the kubeconfig (default: its current one)"
    )
    group.add_argument(
        "--namespace",
        action="append",
        metavar="NAME",
        help="namespace of searches; may be repeated (default: those of the configuration, which are `default`)",
    )


def seconds(least: float, most: float = math.inf) -> Callable[[str], float]:
    """The type of a flag with a number of seconds, both ends included."""

    def number(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds") from None
        if not least <= value <= most or math.isinf(value):
            limit = f"from {least:g} to {most:g}" if math.isfinite(most) else f"of at least {least:g}"
            raise argparse.ArgumentTypeError(f"must be a number of seconds {limit}")
        return value

    return number
