"""The RBAC objects that grant what is missing, as YAML. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256

from exporter.cli.check.permissions import Permission

_RBAC = "rbac.authorization.k8s.io"
_ACCOUNT = "system:serviceaccount:"
_PART_OF = "app.kubernetes.io/name: elasticblast-exporter"


def grants(missing: Sequence[Permission], user: str) -> str:
    """YAML documents for `kubectl apply`: for each namespace a Role and its binding, or a ClusterRole and its binding.

    What reads and what a cancel needs are Roles of their own, so that the second can be taken away again. The names
    carry a digest of what is granted to whom: applying takes nothing away that an earlier apply gave.
    Empty text if nothing is missing.
    """
    kinds = dict.fromkeys((permission.namespace, permission.reads) for permission in missing)
    return "".join(
        _pair([one for one in missing if (one.namespace, one.reads) == kind], kind[0], user)
        for kind in sorted(kinds, key=lambda kind: not kind[1])
    )


def _pair(missing: Sequence[Permission], namespace: str, user: str) -> str:
    rules = _rules(missing)
    digest = sha256("\n".join((namespace, user, rules)).encode()).hexdigest()[:8]
    name = f"elasticblast-exporter-{'' if missing[0].reads else 'cancel-'}{digest}"
    prefix = "" if namespace else "Cluster"
    role = _head(f"{prefix}Role", name, namespace) + f"rules:\n{rules}"
    reference = f"roleRef:\n  apiGroup: {_RBAC}\n  kind: {prefix}Role\n  name: {name}\n"
    binding = _head(f"{prefix}RoleBinding", name, namespace) + reference + f"subjects:\n{_subject(user)}"
    return role + binding


def _head(kind: str, name: str, namespace: str) -> str:
    place = f"  namespace: {_quoted(namespace)}\n" if namespace else ""
    return (
        f"---\napiVersion: {_RBAC}/v1\nkind: {kind}\n"
        f"metadata:\n  name: {name}\n{place}  labels:\n    {_PART_OF}\n"
    )  # fmt: skip


def _rules(missing: Sequence[Permission]) -> str:
    """One rule for the resources of one group that lack the same verbs."""
    verbs: dict[tuple[str, str, str], list[str]] = {}
    for one in missing:
        verbs.setdefault((one.group, one.resource, one.name), []).append(one.verb)
    merged: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for (group, resource, name), wanted in verbs.items():
        merged.setdefault((group, name, tuple(wanted)), []).append(resource)
    return "".join(_rule(group, resources, name, wanted) for (group, name, wanted), resources in merged.items())


def _rule(group: str, resources: Sequence[str], name: str, verbs: Sequence[str]) -> str:
    names = {"resourceNames": [name]} if name else {}
    lists = {"apiGroups": [group], "resources": resources, **names, "verbs": verbs}
    return "  - " + "\n    ".join(f"{key}: {json.dumps(words)}" for key, words in lists.items()) + "\n"


def _subject(user: str) -> str:
    """A ServiceAccount by its own kind; anybody else is a user."""
    namespace, colon, account = user.removeprefix(_ACCOUNT).partition(":")
    if user.startswith(_ACCOUNT) and colon and namespace and account:
        return f"  - kind: ServiceAccount\n    name: {_quoted(account)}\n    namespace: {_quoted(namespace)}\n"
    return f"  - apiGroup: {_RBAC}\n    kind: User\n    name: {_quoted(user)}\n"


def _quoted(text: str) -> str:
    """A YAML scalar on one line: JSON text is YAML."""
    return json.dumps(text, ensure_ascii=not text.isprintable())
