"""The long run: `make soak ARGS="--seed 1 --deaths 100"`. Exit 1 if anything was wrong, with the plan up to there."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from tests.soak.deaths import Soak
from tests.soak.plan import make_plan

_RELISTS = 4


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.soak", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--deaths", type=int, default=100)
    parser.add_argument("--scrapes", type=int, default=10_000, help="pages read during forced lists")
    chosen = parser.parse_args()
    plan = make_plan(chosen.seed, chosen.deaths)
    say(f"seed {chosen.seed}, {chosen.deaths} deaths in {len(plan)} rounds")
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    with Soak(folder, seed=chosen.seed, say=say) as soak:
        try:
            for number, round_ in enumerate(plan, 1):
                say(f"round {number} of {len(plan)}")
                soak.play(round_)
            soak.relist(rounds=_RELISTS, scrapes=chosen.scrapes)
            soak.finish()
        except (AssertionError, TimeoutError) as error:
            say(f"FAILED: {error}\n\n{soak.report}\n\nthe logs are in {folder}")
            return 1
        say(f"\n{soak.report}")
    shutil.rmtree(folder)
    return 0


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
