"""Who may do what: bearer tokens, and a table of grants and denials that can be changed while the server runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exporter.simulator.errors import ApiError, forbidden

AUDIENCE = "https://kubernetes.default.svc"
_ALL = ("*",)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An identity. `audiences` are those its token is meant for; only tokens for the API server open it."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    audiences: tuple[str, ...] = (AUDIENCE,)


ANONYMOUS = User(name="system:anonymous", groups=("system:unauthenticated",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a user wants to do, as an access review describes it."""

    verb: str
    resource: str
    group: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def full_resource(self) -> str:
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A pattern over requests; `*` stands for everything. `user` is a user or a group name."""

    user: str = "*"
    verbs: Sequence[str] = _ALL
    groups: Sequence[str] = _ALL
    resources: Sequence[str] = _ALL
    namespaces: Sequence[str] = _ALL

    def covers(self, user: User, request: Request) -> bool:
        return (
            self.user in ("*", user.name, *user.groups)
            and _listed(self.verbs, request.verb)
            and _listed(self.groups, request.group)
            and _listed(self.resources, request.full_resource)
            and _listed(self.namespaces, request.namespace)
        )


class Access:
    """Tokens, grants and denials. A denial wins over every grant; `system:masters` needs none.

    The tables are plain attributes: tests change them between two requests.
    """

    def __init__(self, tokens: dict[str, User] | None = None, grants: Sequence[Rule] = ()) -> None:
        self.tokens = dict(tokens or {})
        self.grants = [Rule(user="system:masters"), *grants]
        self.denials: list[Rule] = []

    def user_of(self, authorization: str | None) -> User:
        """The caller behind an Authorization header; ApiError 401 for a token that is not known."""
        if not authorization:
            return ANONYMOUS
        scheme, _, token = authorization.partition(" ")
        user = self.tokens.get(token.strip()) if scheme.lower() == "bearer" else None
        if user is None or AUDIENCE not in user.audiences:
            raise ApiError(401, "Unauthorized", "Unauthorized")
        return user

    def allowed(self, user: User, request: Request) -> bool:
        """Whether the table lets the user do that."""
        if any(rule.covers(user, request) for rule in self.denials):
            return False
        return any(rule.covers(user, request) for rule in self.grants)

    def require(self, user: User, request: Request) -> None:
        """ApiError 403 unless allowed."""
        if self.allowed(user, request):
            return
        where = f'in the namespace "{request.namespace}"' if request.namespace else "at the cluster scope"
        sentence = (
            f'User "{user.name}" cannot {request.verb} resource "{request.full_resource}"'
            f' in API group "{request.group}" {where}'
        )
        details = {"name": request.name, "group": request.group, "kind": request.resource}
        full = f"{request.resource}.{request.group}" if request.group else request.resource
        raise forbidden(full, request.name, sentence, {k: v for k, v in details.items() if v})


def _listed(patterns: Sequence[str], value: str) -> bool:
    return "*" in patterns or value in patterns
