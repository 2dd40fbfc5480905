"""Logging: one line per event on stderr, cleaned, bounded, never blocking."""

from exporter.logs.clean import clean
from exporter.logs.setup import LogHandle, configure, event
from exporter.logs.transitions import Transitions

__all__ = ["LogHandle", "Transitions", "clean", "configure", "event"]
