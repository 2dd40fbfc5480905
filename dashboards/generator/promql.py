"""PromQL over the catalogue: each selector carries the board's variables, each query folds replicas before it sums."""

from __future__ import annotations

from collections.abc import Iterable

from exporter.metrics.catalogue import CATALOGUE, PER_CLUSTER, PREFIX
from exporter.metrics.family import Family

RATE = "$__rate_interval"
RANGE = "$__range"
SEARCH = ("cluster", "namespace", "elb_job_id")
LIVE = 'phase=~"initializing|submitting|pending|running|failing|finalizing|cancelling"'
ENDED = 'phase=~"succeeded|failed|cancelled|vanished|completed_unverified"'

_FAMILIES = {family.name: PER_CLUSTER.get(family.name, family) for family in CATALOGUE}
_PARTS = ("_bucket", "_sum", "_count")


def series(name: str, where: str = "") -> str:
    """The selector of a family, by its name without prefix, for the clusters and jobs that are chosen."""
    own = 'cluster=~"$cluster", ' if "cluster" in _family(name).labels else ""
    more = f", {where}" if where else ""
    return f'{_full(name)}{{{own}job=~"$job"{more}}}'


def one(name: str, where: str = "", *, call: str = "%s") -> str:
    """The series of a family once, whichever replica tells them. `call` is what is done to the selector `%s`."""
    labels = (*_family(name).labels, *(["le"] if name.endswith("_bucket") else []))
    inner = call % series(name, where)
    return f"max by ({', '.join(labels)}) ({inner})" if labels else f"max({inner})"


def rate(name: str, where: str = "") -> str:
    """Growth of a counter per second."""
    return one(name, where, call=f"rate(%s[{RATE}])")


def increase(name: str, where: str = "", *, over: str = RANGE) -> str:
    """Growth of a counter over a window."""
    return one(name, where, call=f"increase(%s[{over}])")


def total(expr: str, *by: str) -> str:
    """The sum of what `one` and its like give, by labels."""
    return f"sum by ({', '.join(by)}) ({expr})" if by else f"sum({expr})"


def most(expr: str, *by: str) -> str:
    """The largest of what `one` and its like give, by labels."""
    return f"max by ({', '.join(by)}) ({expr})" if by else f"max({expr})"


def oldest(name: str, where: str = "", *by: str) -> str:
    """Seconds since the oldest of some timestamps."""
    grouping = f" by ({', '.join(by)}) " if by else ""
    return f"time() - min{grouping}({one(name, where)})"


def quantile(share: float, name: str, where: str = "", *by: str, over: str = RATE) -> str:
    """A quantile of what a histogram, by its name without `_bucket`, has counted in a window."""
    return f"histogram_quantile({share:g}, {total(increase(f'{name}_bucket', where, over=over), 'le', *by)})"


def coded(name: str, label: str, words: Iterable[str], where: str = "") -> str:
    """A set of states as one number for each thing: the place of its word, from 1."""
    keep = ", ".join(one_of for one_of in _family(name).labels if one_of != label)
    more = f", {where}" if where else ""
    each = (f"{n} * " + series(name, f'{label}="{word}"{more}') for n, word in enumerate(words, 1))
    return f"max by ({keep}) ({' or '.join(each)})"


def zero(expr: str, while_there: str) -> str:
    """`expr`, and 0 where it has nothing to say while the family of `while_there` is there."""
    return f"{expr} or on () (0 * sum({while_there}))"


def price(hours: str) -> str:
    """What node hours by cluster and pool cost, by currency too."""
    return f"({hours}) * on (cluster, pool) group_right () {one('pool_node_hourly_price')}"


def _full(name: str) -> str:
    return name if name.startswith("process_") else PREFIX + name


def _family(name: str) -> Family:
    full = _full(name)
    for part in _PARTS:
        if full not in _FAMILIES:
            full = full.removesuffix(part)
    return _FAMILIES[full]
