"""The status page: what the metrics say, for people. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from exporter.domain.measures import measures
from exporter.domain.snapshots import ClusterView, SearchView, View
from exporter.web.clusters import cluster_facts, collectors_section, custom_section, pools_section, quota_section
from exporter.web.find import address
from exporter.web.frame import document
from exporter.web.markup import Html, anchor, element, escaped, foreign, joined
from exporter.web.searches import Around, searches_section, tone, unread

_TONES = ("bad", "wait", "busy", "good", "off")


def render(view: View, now: float, *, refresh: bool = True) -> bytes:
    """The page as UTF-8. `now` is Unix seconds; every name from elsewhere is escaped, the unknown is a dash."""
    title = _title(view)
    parts = [element("h1", title), _summary(view), *(_cluster(view, cluster, now) for cluster in view.clusters)]
    return document(f"{title} · ElasticBLAST", joined(parts), view=view, live=refresh)


def waiting(*, root: str = "") -> bytes:
    """A page before the first view exists."""
    main = joined([element("h1", "Starting"), element("p", "Nothing has been read yet.")])
    return document("ElasticBLAST", main, view=None, root=root)


def _title(view: View) -> str:
    """How many searches live; at least, where not all of them are known."""
    batches = [cluster.batch for cluster in view.clusters if cluster.batch]
    live = sum(not search.terminal for batch in batches for search in batch.searches)
    dark = any(unread(cluster) for cluster in view.clusters)
    if dark and not live:
        return "Jobs cannot be read"
    # Live searches are shown before ended ones.
    more = any(batch.hidden and not any(search.terminal for search in batch.searches) for batch in batches)
    return f"{'≥ ' if dark or more else ''}{live} live {'search' if live == 1 else 'searches'}"


def _summary(view: View) -> Html:
    """How many are in which phase, what is wrong first."""
    shown = [search for cluster in view.clusters if cluster.batch for search in cluster.batch.searches]
    tones = {search.phase or "unknown": tone(search) for search in shown}
    counts = Counter(search.phase or "unknown" for search in shown)
    phases = sorted(counts, key=lambda phase: (_TONES.index(tones[phase]), phase))
    said = (
        element("li", f"{counts[phase]} {phase.replace('_', ' ')}", class_=f"word {tones[phase]}") for phase in phases
    )
    return element("ul", said, class_="summary", aria_label="Searches by phase") if shown else Html("")


def _cluster(view: View, cluster: ClusterView, now: float) -> Html:
    around = Around(now=now, priced=bool(view.prices), address=_addresses(view, cluster))
    head = anchor("cluster", cluster.name)
    parts = [
        element("h2", foreign(cluster.name) if cluster.name else escaped("The cluster"), id_=head),
        cluster_facts(cluster, view.prices, now),
        element("h3", "Searches"),
        searches_section(cluster, measures(cluster, view.prices), around),
        pools_section(cluster),
        quota_section(cluster),
        custom_section(cluster.custom),
        collectors_section(cluster, now),
    ]
    return element("section", parts, id_=f"{head}s", aria_labelledby=head)


def _addresses(view: View, cluster: ClusterView) -> Callable[[SearchView], str]:
    return lambda search: address(view, cluster, search)
