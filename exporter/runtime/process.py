"""The process about itself, read by prometheus-client's own process collector."""

from __future__ import annotations

import platform
import threading
import time
from collections import Counter

from prometheus_client import CollectorRegistry, ProcessCollector

from exporter import REVISION, __version__
from exporter.domain.snapshots import ProcessView


class Process:
    """Counts requests to our own listeners, and reads what the kernel says of this process."""

    def __init__(self) -> None:
        self._collector = ProcessCollector(registry=CollectorRegistry())
        self._lock = threading.Lock()
        self._started = time.time()
        self._requests: Counter[tuple[str, str]] = Counter()

    def count_request(self, handler: str, code: int) -> None:
        with self._lock:
            self._requests[handler, str(code)] += 1

    def view(self) -> ProcessView:
        """What may be said of the process now."""
        told = {sample.name: sample.value for family in self._collector.collect() for sample in family.samples}
        with self._lock:
            requests = dict(self._requests)
        resident, fds = told.get("process_resident_memory_bytes"), told.get("process_open_fds")
        return ProcessView(
            version=__version__,
            revision=REVISION,
            python_version=platform.python_version(),
            cpu_seconds=told.get("process_cpu_seconds_total"),
            resident_bytes=None if resident is None else int(resident),
            start_time=told.get("process_start_time_seconds", self._started),
            open_fds=None if fds is None else int(fds),
            http_requests=requests,
        )
