"""`config`: every key."""

from __future__ import annotations

import sys
from argparse import Namespace

from exporter.config import example_yaml, markdown


def command(arguments: Namespace) -> int:
    sys.stdout.write(example_yaml() if arguments.format == "yaml" else markdown())
    return 0
