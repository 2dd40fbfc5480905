"""What an account did, by the audit log of an API server that writes every request of ServiceAccounts to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from exporter.cli.check.permissions import Permission

_ANYBODYS = ("selfsubjectaccessreviews", "selfsubjectreviews", "selfsubjectrulesreviews")
_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata", "userGroups": ["system:serviceaccounts"]}, {"level": "None"}],
}


class Audit:
    """The log lies in `folder`; `flags` are for kube-apiserver. An answered request is in the log."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "audit.log"
        policy = folder / "policy.json"
        policy.write_text(json.dumps(_POLICY))
        self.flags = [
            f"--audit-policy-file={policy}",
            f"--audit-log-path={self._log}",
            "--audit-log-mode=blocking",
        ]

    def asked(self, account: str, decision: str) -> set[Permission]:
        """What `namespace/name` asked for and was allowed (`allow`) or refused (`forbid`), but for what all may."""
        events = self._events(f"system:serviceaccount:{account.replace('/', ':')}")
        return {
            _permission(event)
            for event in events
            if event["annotations"]["authorization.k8s.io/decision"] == decision
            and event["objectRef"]["resource"] not in _ANYBODYS
        }

    def _events(self, user: str) -> Iterator[dict[str, Any]]:
        for line in self._log.read_text().splitlines():
            event = json.loads(line)
            if event["user"]["username"] == user and "resource" in event.get("objectRef", {}):
                yield event


def _permission(event: dict[str, Any]) -> Permission:
    """Named objects only where a right names them: Leases."""
    what = event["objectRef"]
    return Permission(
        verb=event["verb"],
        resource="/".join(filter(None, (what["resource"], what.get("subresource")))),
        group=what.get("apiGroup", ""),
        namespace=what.get("namespace", ""),
        name=what.get("name", "") if what["resource"] == "leases" else "",
    )
