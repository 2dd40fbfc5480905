"""`metrics`: the catalogue."""

from __future__ import annotations

import sys
from argparse import Namespace

from exporter.metrics import document

_PRINTERS = {"text": document.as_text, "markdown": document.as_markdown, "json": document.as_json}


def command(arguments: Namespace) -> int:
    sys.stdout.write(_PRINTERS[arguments.format]())
    return 0
