"""`check`: connect, ask the API what we may do, and say what each missing permission costs and what grants it."""

from __future__ import annotations

import json
import sys
import time
from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from exporter import collectors
from exporter.adapters.clock import SystemClock
from exporter.adapters.discovery import Discovery
from exporter.adapters.endpoint import ConnectError
from exporter.adapters.kube import Access
from exporter.adapters.transport import Answer, Transport
from exporter.cli.check.findings import Findings, remedy, report
from exporter.cli.check.permissions import Permission, Purpose, needed, of_cancel, of_custom, of_person, of_reviews
from exporter.cli.check.rights import CREDENTIAL, Asked, assignment, told
from exporter.cli.check.rights_ask import rights
from exporter.cli.configured import USAGE, configured
from exporter.cli.terminal import colours, width_of
from exporter.config import Cluster, Config
from exporter.config.custom import kinds
from exporter.domain.custom.objects import Kind
from exporter.domain.custom.usage import NODE_METRICS, POD_METRICS
from exporter.domain.failures import Failed, Word
from exporter.wiring_fleet import Door, present

_ALL_THERE, _MISSING, _UNREACHABLE = 0, 1, 7
_PURPOSES: Mapping[str | None, Purpose] = {None: "exporter", "daemon": "exporter", "person": "cancel"}
_AGAIN: Mapping[str | None, str] = {None: "", "daemon": " --cancel", "person": " --cancel person"}
_BUDGET = 10.0
_CAP = 1024 * 1024
_WHOAMI = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
_MAY_I = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_REVIEW = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}


def command(arguments: Namespace) -> int:
    config = configured(arguments)
    if config is None:
        return USAGE
    try:
        door = Door(config, SystemClock())
        clusters, failures = present(config, door)
        ways = [(cluster, door.reach(cluster)) for cluster in clusters]
        azure = [] if arguments.cancel == "person" else [(one.name, rights(one, door)) for one in clusters]
    except ConnectError as error:
        sys.stderr.write(f"cannot connect: {error}\n")
        return USAGE
    for failure in failures:
        sys.stderr.write(f"the fleet is not known whole: {failure}\n")
    if not clusters and not config.shard:
        sys.stderr.write(_nobody(config))
        return _UNREACHABLE if failures else _MISSING
    _say_azure(azure, only_grants=arguments.grants)
    asked = [one for _, answers in azure for one in answers]
    closed = {name for name, answers in azure if any(one.missing and one.right is CREDENTIAL for one in answers)}
    open_ways = [(cluster, access) for cluster, access in ways if cluster.name not in closed]
    found = [_examined(cluster, config, access, arguments.cancel) for cluster, access in open_ways]
    _say(found, again=_AGAIN[arguments.cancel], only_grants=arguments.grants)
    if failures or any(one.failed for one in found) or any(one.failed and not one.missing for one in asked):
        return _UNREACHABLE
    missing = any(one.missing for one in found) or any(one.missing for one in asked)
    return _MISSING if missing else _ALL_THERE


def examine(
    cluster: Cluster, config: Config, access: Access, wanted: Sequence[Permission], purpose: Purpose
) -> Findings:
    """Ask one cluster's API about its version, who we are, and every permission that is wanted."""
    transport = access.transport("check")
    asker = Asker(transport)
    known: dict[str, Any] = {"cluster": cluster.name, "server": access.describe(), "purpose": purpose}
    allowed: dict[Permission, bool] = {}
    failed: Failed | None = None
    try:
        known["version"] = _version(asker)
        known["user"] = user_of(asker)
        for permission in wanted:
            allowed[permission] = _may(asker, permission)
    except Failed as failure:
        failed = failure
    finally:
        transport.close()
    return Findings(**known, skew=asker.skew, allowed=allowed, poll=config.intervals.fallback_poll, failed=failed)


def _wanted(cluster: Cluster, config: Config, access: Access, cancel: str | None) -> list[Permission]:
    """What the daemon needs as it is configured; `cancel` says whom to ask for that of a cancel, too."""
    if cancel == "person":
        return of_person(cluster.namespaces)
    wanted = needed(collectors.ALL, cluster.namespaces)
    wanted += of_custom(served(access, (NODE_METRICS, POD_METRICS, *kinds(config.custom))), cluster.namespaces)
    if config.admin.enabled or cancel:
        wanted += of_cancel(cluster.namespaces)
        wanted += of_reviews() if config.admin.callers == "kubernetes" else []
    return wanted


def served(access: Access, asked: Iterable[Kind]) -> list[Kind]:
    """The kinds that the cluster serves, and those of which it cannot say so at present. None if it cannot be asked."""
    discovery = Discovery(access.transport("discovery"), SystemClock())
    found = []
    try:
        for kind in asked:
            try:
                discovery.version(kind, budget=_BUDGET)
            except Failed as failure:
                if failure.word is Word.ABSENT:
                    continue
                if not discovery.looked:
                    break
            found.append(kind)
        return found
    finally:
        discovery.close()


def _examined(cluster: Cluster, config: Config, access: Access, cancel: str | None) -> Findings:
    try:
        return examine(cluster, config, access, _wanted(cluster, config, access, cancel), _PURPOSES[cancel])
    finally:
        access.close()


class Asker:
    """Asks, and compares the clocks on the way. Raises Failed."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.skew: float | None = None

    def get(self, path: str) -> dict[str, Any]:
        began = time.time()
        return self._body(self._transport.get(path, budget=_BUDGET, cap=_CAP), began)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        began = time.time()
        return self._body(self._transport.send("POST", path, body, budget=_BUDGET, cap=_CAP), began)

    def _body(self, answer: Answer, began: float) -> dict[str, Any]:
        if answer.date is not None and self.skew is None:
            self.skew = answer.date - (began + time.time()) / 2
        try:
            decoded = json.loads(answer.body)
        except (ValueError, RecursionError):
            raise Failed(Word.GARBLED, "not JSON") from None
        if not isinstance(decoded, dict):
            raise Failed(Word.GARBLED, "not an object")
        return decoded


def _version(asker: Asker) -> str:
    """The server's version; empty where it does not tell."""
    try:
        return str(asker.get("/version").get("gitVersion", ""))
    except Failed as failure:
        if failure.word is Word.DENIED:
            return ""
        raise


def user_of(asker: Asker) -> str:
    """Who the API says we are; empty where it does not tell, as before Kubernetes 1.28. Raises Failed."""
    try:
        status = asker.post(_WHOAMI, _REVIEW).get("status")
    except Failed as failure:
        if failure.word in (Word.DENIED, Word.ABSENT):
            return ""
        raise
    info = status.get("userInfo") if isinstance(status, dict) else None
    return str(info.get("username", "")) if isinstance(info, dict) else ""


def _may(asker: Asker, permission: Permission) -> bool:
    status = asker.post(_MAY_I, permission.review()).get("status")
    if not isinstance(status, dict) or not isinstance(status.get("allowed"), bool):
        raise Failed(Word.GARBLED, "a review without an answer")
    return bool(status["allowed"])


def _say(found: list[Findings], *, again: str, only_grants: bool) -> None:
    """The report on standard output, the YAML after it; or the YAML alone, with the report on standard error."""
    stream = sys.stderr if only_grants else sys.stdout
    width, colour = width_of(stream), colours(stream)
    for one in found:
        stream.write("\n".join(report(one, width=width, colour=colour)) + "\n\n")
        yaml = remedy(one)
        if yaml and not only_grants:
            stream.write(
                f"An administrator grants them with: elasticblast-exporter check{again} --grants | kubectl apply -f -\n"
            )
        sys.stdout.write(yaml)


def _say_azure(azure: Sequence[tuple[str, Sequence[Asked]]], *, only_grants: bool) -> None:
    """The rights in Azure of the clusters that are asked about there, before those inside them."""
    stream = sys.stderr if only_grants else sys.stdout
    width, colour = width_of(stream), colours(stream)
    for cluster, asked in azure:
        if asked:
            stream.write("\n".join(told(cluster, asked, width=width, colour=colour)) + "\n\n")


def _nobody(config: Config) -> str:
    """ARM lists what the identity may read, and answers an empty list without any right."""
    groups = config.discovery.resource_groups or ("",)
    scopes = [
        f"/subscriptions/SUBSCRIPTION/resourceGroups/{group}".removesuffix("/resourceGroups/") for group in groups
    ]
    commands = "\n".join(f"  {assignment('Reader', scope)}" for scope in scopes)
    return (
        "no cluster was found: none has the tags of discovery.tags, or the identity may not read any; "
        f"an owner of the subscription lets it with\n{commands}\n"
    )
