"""`python -m dashboards.picture` records the demo with the real Prometheus and draws every board into docs/boards."""

from __future__ import annotations

import sys
import tempfile
from argparse import ArgumentParser, Namespace
from pathlib import Path

from dashboards.picture.draw import PICTURES, draw
from dashboards.picture.record import prometheus, record, recorded


def main() -> int:
    """0 if every query of every board had an answer, else 1."""
    given = _arguments()
    with tempfile.TemporaryDirectory() as passing:
        folder = given.keep or Path(passing)
        folder.mkdir(parents=True, exist_ok=True)
        known = recorded(folder) or record(folder, minutes=given.minutes, speed=given.speed, seed=given.seed)
        wrong = 0
        with prometheus(folder) as source:
            for one in draw(source, known, given.to, only=given.only, opened=given.open):
                print(f"{one.uid}: {one.size} bytes; nothing to show in: {', '.join(one.empty) or 'none'}")
                print("".join(f"  {trouble}\n" for trouble in one.troubles), end="")
                wrong += len(one.troubles)
    return 1 if wrong else 0


def _arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m dashboards.picture", description=__doc__)
    parser.add_argument("--minutes", type=float, default=12.0, help="how long to record (default 12)")
    parser.add_argument("--speed", type=float, default=4.0, help="how many times faster than life (default 4)")
    parser.add_argument("--seed", type=int, default=1, help="which of all possible worlds (default 1)")
    parser.add_argument("--keep", type=Path, help="folder of the recording; if it holds one, that one is drawn")
    parser.add_argument("--only", default="elb-*", help="uid of a board, or a pattern (default all)")
    parser.add_argument("--open", type=int, default=0, help="how many folded rows to open on each board")
    parser.add_argument("--to", type=Path, default=PICTURES, help="folder of the pictures (default docs/boards)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
