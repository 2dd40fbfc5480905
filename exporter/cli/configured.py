"""From the flags of a command to a configuration, or to every problem that it has."""

from __future__ import annotations

import os
import sys
from argparse import Namespace

from exporter.config import Config, ConfigError, load

USAGE = 2


def configured(arguments: Namespace) -> Config | None:
    """The configuration, or None after every problem has been printed."""
    try:
        return reload(arguments)
    except ConfigError as error:
        print_problems(error)
        return None


def reload(arguments: Namespace) -> Config:
    """The configuration as file, environment and flags say it now. Raises ConfigError."""
    return load(arguments.config, os.environ, overrides(arguments))


def overrides(arguments: Namespace) -> dict[str, object]:
    """The flags, as dotted keys."""
    keys: dict[str, object] = {}
    if arguments.kubeconfig or arguments.context:
        keys["clusters[0].connect.mode"] = "kubeconfig"
    if arguments.kubeconfig:
        keys["clusters[0].connect.kubeconfig"] = arguments.kubeconfig
    if arguments.context:
        keys["clusters[0].connect.context"] = arguments.context
    if arguments.namespace:
        keys["clusters[0].namespaces"] = arguments.namespace
    if getattr(arguments, "port", None) is not None:
        keys["listen.port"] = arguments.port
    if getattr(arguments, "shard", None) is not None:
        keys["shard"] = arguments.shard
    for pair in arguments.set:
        key, _, value = pair.partition("=")
        keys[key] = value
    return keys


def print_problems(error: ConfigError) -> None:
    count = len(error.problems)
    sys.stderr.write(f"{count} problem{'s' if count > 1 else ''} in the configuration:\n")
    for problem in error.problems:
        sys.stderr.write(f"  {problem}\n")
