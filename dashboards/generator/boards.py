"""The boards, in the order in which they are listed."""

from __future__ import annotations

from dashboards.generator import admin, cost, exporter, home, jobs, nodes, reference, search

ALL = tuple(one.board() for one in (home, search, jobs, nodes, cost, admin, exporter, reference))
