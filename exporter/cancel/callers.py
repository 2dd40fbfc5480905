"""Who asks, and whether they may: TokenReview and SubjectAccessReview, or a file of static tokens. Nothing is cached.

Everything here fails closed: a review that did not come back whole is `Failed`, never a yes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal, Protocol, TypeVar

import msgspec

from exporter.adapters.transport import Transport
from exporter.cancel.rates import Rates
from exporter.cancel.statictokens import TokenFile
from exporter.domain.failures import Failed, Word

Reason = Literal["missing", "malformed", "invalid", "audience", "limited", "forbidden", "unavailable"]
"""Why nobody was let in: label `reason` of exporter_auth_failures_total."""

_TOKEN_REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"  # noqa: S105 - a path
_ACCESS_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
_MOST_BYTES = 1024**2
_OTHER_AUDIENCE = "is invalid for the target audiences"  # of the API server's own words
T = TypeVar("T", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, as the reviewer said."""

    name: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def groups_digest(self) -> str:
        """The groups for the audit: the same groups give the same 16 digits."""
        return sha256("\n".join(sorted(self.groups)).encode("utf-8", "replace")).hexdigest()[:16] if self.groups else ""


class UnknownCaller(Exception):  # noqa: N818 - reads as an outcome
    """The token is nobody's. `retry_after` in seconds if it was not even looked at."""

    def __init__(self, reason: Reason, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.reason: Reason = reason
        self.retry_after = retry_after


class Callers(Protocol):
    """Both raise Failed when the answer cannot be had; `identify` raises UnknownCaller."""

    def identify(self, cluster: str, token: str, source: str) -> Caller: ...

    def may(self, caller: Caller, verb: str, cluster: str, namespace: str) -> bool: ...


class KubernetesCallers:
    """Asks the cluster that the request is about. `transport` opens one for the thread that asks."""

    def __init__(self, transport: Callable[[str], Transport], *, audience: str, budget: float = 5.0) -> None:
        self._transport = transport
        self._audience = audience
        self._budget = budget

    def identify(self, cluster: str, token: str, source: str) -> Caller:
        """The token's owner, if the cluster knows it and it was made for our audience."""
        spec = {"token": token, "audiences": [self._audience]}
        status = self._ask(cluster, _TOKEN_REVIEWS, "TokenReview", spec, _TokenAnswer).status
        if not status.authenticated:
            raise UnknownCaller("audience" if _OTHER_AUDIENCE in status.error else "invalid")
        if self._audience not in status.audiences:
            raise UnknownCaller("audience")
        user = status.user
        if not user.username:
            raise Failed(Word.GARBLED, "a user without a name")
        return Caller(name=user.username, uid=user.uid, groups=user.groups, extra=user.extra)

    def may(self, caller: Caller, verb: str, cluster: str, namespace: str) -> bool:
        """Whether the caller's own rights allow the verb on Jobs of the namespace."""
        spec = {
            "user": caller.name,
            "uid": caller.uid,
            "groups": caller.groups,
            "extra": caller.extra,
            "resourceAttributes": {"namespace": namespace, "verb": verb, "group": "batch", "resource": "jobs"},
        }
        status = self._ask(cluster, _ACCESS_REVIEWS, "SubjectAccessReview", spec, _AccessAnswer).status
        return status.allowed and not status.denied

    def _ask(self, cluster: str, path: str, kind: str, spec: Mapping[str, object], shape: type[T]) -> T:
        group = path.split("/")[2]
        body = {"apiVersion": f"{group}/v1", "kind": kind, "spec": spec}
        with closing(self._transport(cluster)) as transport:
            answer = transport.send("POST", path, body, budget=self._budget, cap=_MOST_BYTES)
        try:
            return msgspec.json.decode(answer.body, type=shape)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            raise Failed(Word.GARBLED, kind) from None


class TokenCallers:
    """Callers of a tokens file, who may do everything in every configured namespace. After a wrong token its address
    is not heard for a second."""

    def __init__(self, tokens: TokenFile, clock: Callable[[], float] = time.monotonic) -> None:
        self._tokens = tokens
        self._failures = Rates(60.0, clock, burst=1.0)

    def identify(self, cluster: str, token: str, source: str) -> Caller:
        """The caller whose token it is."""
        if wait := self._failures.wait(source):
            raise UnknownCaller("limited", wait)
        name = self._tokens.caller(token)
        if name is None:
            self._failures.take(source)
            raise UnknownCaller("invalid")
        return Caller(name=name)

    def may(self, caller: Caller, verb: str, cluster: str, namespace: str) -> bool:
        """Always."""
        return True


class _User(msgspec.Struct, frozen=True):
    username: str = ""
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: dict[str, tuple[str, ...]] = {}


class _TokenStatus(msgspec.Struct, frozen=True):
    authenticated: bool = False
    error: str = ""
    audiences: tuple[str, ...] = ()
    user: _User = _User()


class _TokenAnswer(msgspec.Struct, frozen=True):
    status: _TokenStatus


class _AccessStatus(msgspec.Struct, frozen=True):
    allowed: bool
    denied: bool = False


class _AccessAnswer(msgspec.Struct, frozen=True):
    status: _AccessStatus
