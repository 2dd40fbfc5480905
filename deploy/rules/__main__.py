"""Write the rules for Prometheus and for Azure: `python -m deploy.rules [--values FILE] [--to DIR]`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from deploy.rules import azure, source

_NOTE = "# Written by `make rules` from deploy/helm/elasticblast-exporter/rules; change those, or its values.\n"


def files(markers: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Every file that is written, by its path below deploy/."""
    for name, text in source.texts(markers):
        kept = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))
        yield Path("prometheus") / f"{name}.rules.yaml", _NOTE + kept
    template = azure.template(source.groups(markers))
    yield Path("azure") / "rules.json", json.dumps(template, indent=2) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.rules", description=__doc__)
    parser.add_argument("--values", metavar="FILE", type=Path, help="values of the chart with other thresholds")
    parser.add_argument("--to", metavar="DIR", type=Path, default=source.DEPLOY, help="default: this folder")
    args = parser.parse_args()
    markers = source.changed(args.values) if args.values else source.defaults()
    for path, text in files(markers):
        target = args.to / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
