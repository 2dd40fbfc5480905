"""The collectors, one file per API boundary. This list is where one plugs in."""

from __future__ import annotations

from exporter.collectors import batch, core

ALL = (core.COLLECTOR, batch.COLLECTOR)
