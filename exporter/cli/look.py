"""One pass over the configured clusters, in this process."""

from __future__ import annotations

from exporter.app import App
from exporter.config import Config
from exporter.logs import configure
from exporter.web.status_json import Report, report_of


def without_admin(config: Config) -> Config:
    """The same configuration for a process that only looks."""
    return config.model_copy(update={"admin": config.admin.model_copy(update={"enabled": False})})


def look(config: Config) -> tuple[Report, list[str]]:
    """What there is, and what could not be read, as lines for people. Raises ConnectError."""
    log = configure("error", config.log.format)
    try:
        app = App(without_admin(config))
        failures = app.once()
    finally:
        log.close()
    return report_of(app.publisher.view), failures
