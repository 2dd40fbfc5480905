"""An API server that has forgotten every version but the newest: whoever asks for an older one is answered 410.

With a watch cache it may answer from memory what etcd no longer has; without one every watch reads etcd, which has
nothing before the revision at which it was compacted.
"""

from __future__ import annotations

import urllib3

UNCACHED = "--watch-cache=false"
_TIMEOUT = 10.0


def compact(etcd: str) -> int:
    """Make etcd (its client URL) forget all revisions before its newest; returns that one."""
    newest = int(_ask(etcd, "maintenance/status", {})["header"]["revision"])
    _ask(etcd, "kv/compaction", {"revision": newest, "physical": True})
    return newest


def _ask(etcd: str, method: str, body: dict[str, object]) -> dict[str, dict[str, str]]:
    answer = urllib3.request("POST", f"{etcd}/v3/{method}", json=body, timeout=_TIMEOUT, retries=False)
    assert answer.status == 200, f"etcd answered {answer.status}: {answer.data!r}"
    found: dict[str, dict[str, str]] = answer.json()
    return found
