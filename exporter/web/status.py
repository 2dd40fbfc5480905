"""The status page: what the metrics say, for people. Plain HTML, no script; pure."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from hashlib import sha256
from importlib.resources import files

from exporter.domain.snapshots import ClusterView, CoreSnapshot, PoolView, ResourceHealth, View
from exporter.web import plain
from exporter.web.markup import Html, element, escaped, foreign, joined, lines, moment, row, small, table, word
from exporter.web.searches import searches_section, spaces, unread

_REFRESH = 30
_STYLE = files("exporter.web").joinpath("style.css").read_text(encoding="utf-8")
_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing but this page's own style sheet: no script, no image, no frame, no request elsewhere."""

_COLLECTOR_HEADS = ("Collector", "State", "Mode", "Last answer", "Last trouble")
_POOL_HEADS = ("Pool", "Ready", "Cordoned", "Not ready", "CPU requested", "Pressure")


def render(view: View, now: float, *, refresh: bool = True) -> bytes:
    """The page as UTF-8. `now` is Unix seconds; every name from elsewhere is escaped, the unknown is a dash."""
    parts = [_header(view, now, refresh=refresh), *(_cluster(cluster, now) for cluster in view.clusters)]
    return _document(f"{_title(view)} · ElasticBLAST", joined(parts), refresh=refresh)


def waiting() -> bytes:
    """The page before the first view exists."""
    return _document("ElasticBLAST", element("p", "Starting: nothing has been read yet."), refresh=True)


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


def _document(title: str, body: Html, *, refresh: bool) -> bytes:
    again = f'<meta http-equiv="refresh" content="{_REFRESH}">' if refresh else ""
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{again}<title>{escaped(title)}</title><style>{_STYLE}</style></head><body>{body}</body></html>\n"
    )
    return text.encode("utf-8", "replace")


def _header(view: View, now: float, *, refresh: bool) -> Html:
    revision = f" ({view.process.revision[:12]})" if view.process.revision not in ("", "unknown") else ""
    about = joined(["version ", foreign(view.process.version + revision), " · as of ", moment(view.at, now)])
    switch = ("?refresh=0", "Stop refreshing") if refresh else ("/", f"Refresh every {_REFRESH} s")
    links = (("/metrics", "Metrics"), ("/readyz?verbose", "Readiness"), ("/livez?verbose", "Liveness"), switch)
    nav = element("nav", (element("a", text, href=target) for target, text in links), aria_label="Pages")
    left = element("div", [element("h1", "ElasticBLAST exporter"), element("p", about, class_="soft")])
    return element("header", [left, nav])


def _cluster(cluster: ClusterView, now: float) -> Html:
    parts = [
        element("h2", foreign(cluster.name) if cluster.name else "Searches"),
        element("p", spaces(cluster.namespaces), class_="soft"),
        searches_section(cluster, now),
        _pools(cluster.core),
        _collectors(cluster.health, now),
    ]
    return element("section", parts)


def _collectors(health: Iterable[ResourceHealth], now: float) -> Html:
    rows = [_collector(one, now) for one in health]
    shown = table("Collectors", _COLLECTOR_HEADS, rows) if rows else element("p", "None is set up.", class_="soft")
    return element("div", [element("h3", "Collectors"), shown])


def _collector(one: ResourceHealth, now: float) -> Html:
    tone, meaning = plain.STATES.get(one.state, ("off", ""))
    age = plain.UNKNOWN if one.last_success is None else f"{plain.span(now - one.last_success)} ago"
    trouble = joined([foreign(one.word), small(one.detail)]) if one.word and one.detail else foreign(one.word)
    cells = [joined([word(one.state, tone), small(meaning)]), foreign(one.mode), escaped(age), trouble]
    return row(_COLLECTOR_HEADS, joined([foreign(one.collector), small(one.resource)]), cells)


def _pools(core: CoreSnapshot | None) -> Html:
    pools = None if core is None else core.pools
    if pools is None:
        shown = element("p", "Not known: the nodes could not be read lately.", class_="soft")
    elif not pools:
        shown = element("p", "No node.", class_="soft")
    else:
        shown = table("Node pools", _POOL_HEADS, map(_pool, pools))
    return element("div", [element("h3", "Node pools"), shown])


def _pool(pool: PoolView) -> Html:
    not_ready = _sum_of(pool.nodes, "not_ready", "unknown")
    requested = plain.UNKNOWN if pool.cpu_requested is None else f"{pool.cpu_requested:.1f}"
    pressure = (f"{count} × {kind}" for kind, count in sorted(pool.pressure.items()) if count)
    cells = [
        escaped(plain.count(pool.nodes.get("ready"))),
        escaped(plain.count(pool.nodes.get("cordoned"))),
        element("span", plain.count(not_ready), class_="bad" if not_ready else ""),
        element("span", f"{requested} of {pool.cpu_allocatable:.1f} cores", class_="number"),
        lines(pressure),
    ]
    return row(_POOL_HEADS, foreign(pool.pool), cells)


def _sum_of(nodes: Mapping[str, int], *states: str) -> int | None:
    known = [nodes[state] for state in states if state in nodes]
    return sum(known) if known else None
