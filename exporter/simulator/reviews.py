"""Questions about identity and rights: TokenReview, SelfSubjectReview, SubjectAccessReview, SelfSubjectAccessReview."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from exporter.simulator.access import AUDIENCE, Access, Request, User
from exporter.simulator.errors import bad_request
from exporter.simulator.kinds import Object

_NO_TOKEN = "invalid bearer token"  # noqa: S105 - a message


def token_review(access: Access, _: User, body: Object) -> Object:
    """Whose token it is, provided it is meant for one of the audiences asked for."""
    spec = body.get("spec", {})
    user = access.tokens.get(spec.get("token", ""))
    asked = spec.get("audiences") or [AUDIENCE]
    if user is None:
        return _answer("TokenReview", "authentication.k8s.io/v1", spec, {"user": {}, "error": _NO_TOKEN})
    common = [audience for audience in asked if audience in user.audiences]
    if not common:
        meant, wanted = json.dumps(user.audiences), json.dumps(asked)
        error = f"[{_NO_TOKEN}, token audiences {meant} is invalid for the target audiences {wanted}]"
        return _answer("TokenReview", "authentication.k8s.io/v1", spec, {"user": {}, "error": error})
    status = {"authenticated": True, "user": _described(user), "audiences": common}
    return _answer("TokenReview", "authentication.k8s.io/v1", spec, status)


def self_subject_review(_: Access, user: User, __: Object) -> Object:
    """Who the caller is."""
    return _answer("SelfSubjectReview", "authentication.k8s.io/v1", None, {"userInfo": _described(user)})


def subject_access_review(access: Access, _: User, body: Object) -> Object:
    """Whether the user named in it may do what it describes."""
    spec = body.get("spec", {})
    if not spec.get("user") and not spec.get("groups"):
        raise bad_request("at least one of user or group must be specified")
    subject = User(name=spec.get("user", ""), groups=tuple(spec.get("groups") or ()))
    return _decide(access, subject, "SubjectAccessReview", spec)


def self_subject_access_review(access: Access, user: User, body: Object) -> Object:
    """Whether the caller may do what it describes."""
    return _decide(access, user, "SelfSubjectAccessReview", body.get("spec", {}))


def _decide(access: Access, user: User, kind: str, spec: dict[str, Any]) -> Object:
    attributes = spec.get("resourceAttributes")
    if attributes is None:
        raise bad_request("resourceAttributes must be specified")
    known = ("verb", "resource", "group", "namespace", "name", "subresource")
    request = Request(**{"verb": "", "resource": ""} | {k: v for k, v in attributes.items() if k in known})
    return _answer(kind, "authorization.k8s.io/v1", spec, {"allowed": access.allowed(user, request)})


def _described(user: User) -> dict[str, Any]:
    groups = list(dict.fromkeys([*user.groups, "system:authenticated"]))
    return {"username": user.name, "uid": user.uid or user.name, "groups": groups}


def _answer(kind: str, api_version: str, spec: dict[str, Any] | None, status: dict[str, Any]) -> Object:
    asked = {} if spec is None else {"spec": spec}
    return {"kind": kind, "apiVersion": api_version, "metadata": {}, **asked, "status": status}


Review = Callable[[Access, User, Object], Object]
REVIEWS: dict[tuple[str, str], Review] = {
    ("authentication.k8s.io", "tokenreviews"): token_review,
    ("authentication.k8s.io", "selfsubjectreviews"): self_subject_review,
    ("authorization.k8s.io", "subjectaccessreviews"): subject_access_review,
    ("authorization.k8s.io", "selfsubjectaccessreviews"): self_subject_access_review,
}
OPEN_TO_ALL = frozenset({"selfsubjectaccessreviews", "selfsubjectreviews"})
"""Reviews that every authenticated caller may make."""
