"""Which managed clusters belong to the fleet, and what each is called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from hashlib import blake2b

from exporter.domain.azure.armid import ArmId

# The tags by which ElasticBLAST's own tools know the clusters that they made.
MARKS: tuple[tuple[str, str], ...] = (
    ("project", "elastic-blast"),
    ("app", "elastic-blast"),
    ("managedby", "elb-dashboard"),
)
_LONGEST = 63


def belongs(tags: Mapping[str, str], wanted: Mapping[str, str]) -> bool:
    """Whether a cluster with these tags is meant: it has every wanted one, or, if none is wanted, one of MARKS.

    Names of tags do not differ by case, values do; a wanted value that is empty stands for any value.
    """
    has = {name.lower(): value for name, value in tags.items()}
    if not wanted:
        return any(has.get(name) == value for name, value in MARKS)
    return all(name.lower() in has and value in ("", has[name.lower()]) for name, value in wanted.items())


def named(clusters: Iterable[ArmId], taken: Iterable[str] = ()) -> dict[str, ArmId]:
    """Return the clusters by what they are called: the name in ARM, unless several have it or it is `taken`.

    Those get a suffix made from the id, the same in every process; a name is never longer than a label's 63 letters.
    """
    one_each = {cluster.key: cluster for cluster in clusters}
    often = Counter(cluster.name.lower() for cluster in one_each.values())
    often.update(name.lower() for name in taken)
    return {
        _name(one_each[key], unique=often[one_each[key].name.lower()] == 1): one_each[key] for key in sorted(one_each)
    }


def _name(cluster: ArmId, *, unique: bool) -> str:
    if unique:
        return cluster.name
    suffix = blake2b(cluster.key.encode(), digest_size=4).hexdigest()
    return f"{cluster.name[: _LONGEST - len(suffix) - 1]}-{suffix}"
