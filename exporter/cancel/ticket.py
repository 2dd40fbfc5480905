"""One cancel that was accepted: what it is, how far it is, and how it ended."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from exporter.cancel.documents import ProgressDocument, ResultDocument, result_document, stages_of
from exporter.cancel.order import Order
from exporter.cancel.progress import Progress, Step
from exporter.domain.cancel import Result


def same_wish(one: Order, other: Order) -> bool:
    """Whether the same caller asks for the same thing: all but the numbers of the two requests."""
    return replace(one, source="", request_id="") == replace(other, source="", request_id="")


class Ticket:
    """Thread-safe. `key` is what to ask for it by; the result is kept as its document, which is bounded."""

    def __init__(self, key: str, order: Order, asked_at: float, changed: Callable[[Step], None] | None) -> None:
        self.key = key
        self.order = order
        self.asked_at = asked_at
        self.progress = Progress(changed)
        self.ended_at: float | None = None
        self.result: ResultDocument | None = None
        self._over = threading.Event()

    @property
    def search(self) -> tuple[str, str, str]:
        """Cluster, namespace and id."""
        return self.order.cluster, self.order.namespace, str(self.order.search)

    @property
    def has_deleted(self) -> bool:
        """Whether a delete has been accepted."""
        return any(stage.deleted for stage in self.progress.snapshot().stages)

    def finish(self, result: Result, at: float) -> None:
        """It has ended; `at` is monotonic."""
        self.result = result_document(result, cluster=self.order.cluster, dry_run=self.order.dry_run)
        self.ended_at = at
        self._over.set()

    def wait(self, seconds: float) -> ResultDocument | None:
        """The result, None if it is not there within so many seconds."""
        self._over.wait(seconds)
        return self.result

    def document(self) -> ProgressDocument:
        """The present moment."""
        result, view = self.result, self.progress.snapshot()
        cluster, namespace, search = self.search
        return ProgressDocument(
            key=self.key,
            cluster=cluster,
            namespace=namespace,
            id=search,
            dry_run=self.order.dry_run,
            outcome=result.outcome if result else None,
            stage=None if result else view.stage or None,
            stages=stages_of(view),
            began=view.began or self.asked_at,
            result=result,
        )
