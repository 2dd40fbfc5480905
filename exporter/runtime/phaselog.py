"""The line that the log has for a phase."""

from __future__ import annotations

import logging

from exporter.domain.fold.evaluate import Change
from exporter.domain.phase import Phase
from exporter.logs import event

LOG = logging.getLogger("exporter.searches")


def tell(cluster: str, change: Change) -> None:
    """One line for a phase that a search enters, with the newest of its failures where it goes wrong."""
    bad = change.phase in (Phase.FAILING, Phase.FAILED, Phase.VANISHED)
    failure = change.failure if bad else None
    event(
        LOG,
        logging.WARNING if bad else logging.INFO,
        "search_phase",
        cluster=cluster or None,
        namespace=change.namespace,
        elb_job_id=change.id,
        phase=change.phase.value,
        reason=change.reason.value,
        previous=change.previous.value if change.previous else None,
        batch=failure.batch if failure else None,
        shard=failure.shard if failure else None,
        container=failure.container if failure else None,
        exit_code=failure.exit_code if failure else None,
        failure=failure.reason if failure else None,
        node=failure.node if failure else None,
    )
