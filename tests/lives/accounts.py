"""A ServiceAccount that may read what a daemon reads and cancel what it may cancel, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.lives.world import World
from tests.support.kubeapi import expect
from tests.support.waiting import wait_for

RBAC = "/apis/rbac.authorization.k8s.io/v1"
READ = ("get", "list", "watch")
Rule = Mapping[str, Sequence[str]]


def rule(group: str, resources: Sequence[str], verbs: Sequence[str]) -> Rule:
    return {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}


READER = (rule("batch", ["jobs"], READ), rule("", ["pods", "persistentvolumeclaims", "events"], READ))
CANCEL = (rule("batch", ["jobs"], ["delete"]), rule("", ["events"], ["create"]))
NODES = (rule("", ["nodes"], READ),)
REVIEWS = (
    rule("authentication.k8s.io", ["tokenreviews"], ["create"]),
    rule("authorization.k8s.io", ["subjectaccessreviews"], ["create"]),
)


def account(
    world: World, name: str, rules: Sequence[Rule], *, everywhere: Sequence[Rule] = (), audiences: Sequence[str] = ()
) -> str:
    """Make a ServiceAccount with these rules in the namespace, and `everywhere`; returns a token for `audiences`."""
    if rules:
        _grant(world, name, "Role", f"{RBAC}/namespaces/{world.namespace}", rules)
    if everywhere:
        _grant(world, name, "ClusterRole", RBAC, everywhere)
    return world.plane.account_token(name, namespace=world.namespace, audiences=audiences)


def await_right(world: World, token: str, verb: str, resource: str = "jobs") -> None:
    """Wait until the owner of the token may do so: the API server hears of new Roles by a watch of its own."""
    place = {"namespace": world.namespace, "verb": verb, "group": "batch", "resource": resource}
    review = {"spec": {"resourceAttributes": place}}
    api = world.plane.client(token)
    try:
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        wait_for(lambda: expect(api.post(path, review))["status"]["allowed"], 10.0, f"the right to {verb}")
    finally:
        api.close()


def username(world: World, name: str) -> str:
    """What the API server's audit log calls it."""
    return f"system:serviceaccount:{world.namespace}:{name}"


def _grant(world: World, name: str, kind: str, base: str, rules: Sequence[Rule]) -> None:
    unique = f"{name}-{world.namespace}"
    expect(world.api.post(f"{base}/{kind.lower()}s", {"metadata": {"name": unique}, "rules": list(rules)}))
    subjects = [{"kind": "ServiceAccount", "name": name, "namespace": world.namespace}]
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": unique}
    binding = {"metadata": {"name": unique}, "roleRef": reference, "subjects": subjects}
    expect(world.api.post(f"{base}/{kind.lower()}bindings", binding))
