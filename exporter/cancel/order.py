"""What is asked of a cancel, and how long and how hard it tries."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.domain.identity import SearchId


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One request to cancel. `caller`, `caller_uid`, `groups` (a digest), `source` and `reason` are for the audit."""

    search: SearchId
    namespace: str
    cluster: str = ""
    dry_run: bool = False
    expected_count: int | None = None
    reason: str = ""
    caller: str = ""
    caller_uid: str = ""
    groups: str = ""
    source: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Bounds of a cancel; times in seconds.

    `stage_one`: for finalizer and submit Jobs with their pods to go, the grace of 30 s included. `settle`: between the
    two empty lists. `poll`: between two looks. `whole`: for all of it. `parallel`: deletes at once. `wave`: deletes of
    blast Jobs between two looks for a new finalizer. `tries`: how often a read or a contested delete is tried again.
    """

    stage_one: float = 90.0
    settle: float = 10.0
    poll: float = 1.0
    whole: float = 900.0
    parallel: int = 8
    wave: int = 64
    max_objects: int = 2000
    tries: int = 3
