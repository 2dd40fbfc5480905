"""The collectors, one file per API boundary. This list is where one plugs in."""

from __future__ import annotations

from exporter.collectors import arm, batch, core, custom

ALL = (core.COLLECTOR, batch.COLLECTOR, custom.COLLECTOR, arm.COLLECTOR)
