"""Prints the boards: `python -m dashboards.generator` writes `dashboards/elb-*.json` and `docs/boards.md`."""
