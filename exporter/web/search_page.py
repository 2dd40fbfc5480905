"""The page of one search, and what is said where an address means none or several. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exporter.domain import stopping
from exporter.domain.advice import Advice, advise
from exporter.domain.measures import UNMEASURED, Measures, measures
from exporter.domain.snapshots import SearchView, View
from exporter.web import plain
from exporter.web.chart import history_section
from exporter.web.find import Found, address
from exporter.web.frame import document
from exporter.web.markup import (
    NOTHING,
    Html,
    anchor,
    element,
    escaped,
    facts,
    foreign,
    joined,
    lines,
    moment,
    prose,
    row,
    small,
    table,
)
from exporter.web.searches import (
    bar_class,
    done_by,
    failures_table,
    known_title,
    last_sign,
    name,
    obstacles,
    phase_words,
    progress,
    said_phase,
    search_facts,
    speed_words,
)

_ROOT = "../"
_CHOICE_HEADS = ("Search", "Cluster", "Namespace", "Phase", "Created")


def render_search(view: View, found: Found, now: float, *, query: str = "", refresh: bool = True) -> bytes:
    """The page as UTF-8. `now` is Unix seconds."""
    search, cluster = found.search, found.cluster
    key = (search.namespace, search.id)
    measured = measures(cluster, view.prices).get(key, UNMEASURED)
    parts = [
        element(
            "h1", [foreign(known_title(search) or "Search"), " ", element("small", element("code", foreign(search.id)))]
        ),
        _standing(search, measured, now),
        _section("What to do next", _next_steps(search)),
        _section("What stands out", _odd(search)),
        _section("History", history_section(cluster.histories.get(key), search, now)),
        _section("Failures", _failures(search, now)),
        _section("What it is", facts(_facts(found, measured, now))),
        _stop(search, cluster.name),
    ]
    head = f"{said_phase(search)}: {name(search)} · ElasticBLAST"
    return document(head, joined(parts), view=view, root=_ROOT, query=query, live=refresh)


def render_choice(view: View, found: Sequence[Found], now: float) -> bytes:
    """Several searches may be meant."""
    rows = (_choice(view, one, now) for one in found)
    said = "Several searches may be meant. Which one?"
    parts = [element("h1", said), table("Searches that may be meant", _CHOICE_HEADS, rows)]
    return document(f"{said} · ElasticBLAST", joined(parts), view=view, root=_ROOT, live=False)


def render_none(view: View) -> bytes:
    """No search is called so."""
    hidden = any(cluster.batch is None or cluster.batch.hidden for cluster in view.clusters)
    why = [
        "A search is shown while it lives, and for a while after its end: rules.shown_for, an hour if nothing "
        "else is configured.",
        "After that its page is gone. Its results are where they were, and Prometheus keeps what it has scraped.",
        "What ended while this exporter did not run was never seen.",
        "A search can be named by its id, the last eight characters of it, the id of 12 hexadecimal digits that the "
        "OpenAPI service gave, or the beginning of either.",
    ]
    if hidden:
        why.append("Not all searches are shown now: some cannot be read, or there are more than limits.searches.")
    parts = [
        element("h1", "No search that is known is called so"),
        lines(why),
        element("p", element("a", "All searches", href=_ROOT)),
    ]
    return document("No such search · ElasticBLAST", joined(parts), view=view, root=_ROOT, live=False)


def _section(head: str, content: Html) -> Html:
    if not content:
        return NOTHING
    key = anchor("section", head)
    return element("section", [element("h2", head, id_=key), content], id_=f"{key}s", aria_labelledby=key)


def _standing(search: SearchView, measured: Measures, now: float) -> Html:
    """The few facts that somebody comes for."""
    parts = [
        (
            "Phase",
            element("div", phase_words(search), id="phase", data_phase=said_phase(search), data_name=name(search)),
        ),
        ("Progress", progress(search)),
        ("Speed", escaped(speed_words(measured))),
        ("Done by", done_by(search, now)),
        ("Age", joined([plain.span(now - search.created), small(last_sign(search, now))])),
    ]
    if measured.cost is not None:
        parts.append(("Cost so far", joined([plain.money(measured.cost), small(_estimate(measured))])))
    tiles = (element("div", [element("dt", head), element("dd", value)]) for head, value in parts)
    return element("dl", tiles, class_=f"tiles {bar_class(search)}".strip())


def _estimate(measured: Measures) -> str:
    known = measured.cost
    without = f"; no price for {', '.join(known.unpriced)}" if known and known.unpriced else ""
    unseen = "; it is older than this watch" if known and known.incomplete else ""
    return f"estimate: node time seen × price{without}{unseen}"


def _next_steps(search: SearchView) -> Html:
    steps = [element("li", _step(one)) for one in advise(search)]
    return element("ol", steps, class_="steps") if steps else NOTHING


def _step(advice: Advice) -> Html:
    return joined([prose(advice.text), *(element("pre", element("code", foreign(one))) for one in advice.commands)])


def _odd(search: SearchView) -> Html:
    said = list(obstacles(search))
    return lines(said) if said else NOTHING


def _failures(search: SearchView, now: float) -> Html:
    return failures_table(search.failures, now) or element("p", "None is remembered.", class_="soft")


def _facts(found: Found, measured: Measures, now: float) -> Iterator[tuple[str, str]]:
    search = found.search
    yield from search_facts(search, now)
    if found.cluster.name:
        yield "Cluster", foreign(found.cluster.name)
    if search.openapi_id:
        yield "OpenAPI id", element("code", foreign(search.openapi_id))
    if measured.memory_ratio is not None:
        yield "Largest memory use", escaped(f"{plain.share(measured.memory_ratio, 1.0)} of the limit")
    yield "Known by", foreign(search.evidence)


def _stop(search: SearchView, cluster: str) -> Html:
    """The plan and its command; a page that anybody may open has no button."""
    if search.terminal:
        return NOTHING
    if not stopping.can_be_cancelled(search):
        return _section("How to stop it", element("p", stopping.UNLABELLED))
    command = stopping.cancel_command(search.id, search.namespace, cluster)
    plan = element("p", stopping.plan_sentence(search))
    return _section("How to stop it", joined([plan, element("pre", element("code", foreign(command)))]))


def _choice(view: View, found: Found, now: float) -> Html:
    search = found.search
    link = element(
        "a",
        [foreign(known_title(search)), " ", element("code", foreign(search.id))],
        href=_ROOT + address(view, found.cluster, search),
    )
    cells = [
        foreign(found.cluster.name),
        foreign(search.namespace),
        joined(phase_words(search)),
        moment(search.created, now),
    ]
    return row(_CHOICE_HEADS, link, cells)
