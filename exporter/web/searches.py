"""The searches of one cluster, for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from exporter.domain.advice import Advice, first_step
from exporter.domain.measures import UNMEASURED, Key, Measures
from exporter.domain.progress import ended_jobs
from exporter.domain.snapshots import BatchSnapshot, ClusterView, Obituary, SearchView
from exporter.web import plain
from exporter.web.clusters import spaces
from exporter.web.markup import (
    NOTHING,
    Html,
    anchor,
    bar,
    element,
    escaped,
    facts,
    foreign,
    group,
    grouped_table,
    joined,
    lines,
    moment,
    prose,
    row,
    small,
    table,
    word,
)

_HEADS = ("Search", "Phase", "Progress", "Speed", "Done by", "What stands out", "Age")
_COST = "Cost so far"
_FAILURE_HEADS = ("Job", "Batch", "Shard", "Container", "Exit code", "Reason", "Node", "When")
_SHOWN_STATES = (("running", "pending"), ("failed", "lost"))
_BARS = {"good": "good-bar", "bad": "bad-bar"}
_NEEDS_YOU = ("bad", "wait")
_FOLDED_FROM = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a row needs beside its search. `address` is where a search's own page is; `priced`: there are prices."""

    now: float
    priced: bool
    address: Callable[[SearchView], str]


def searches_section(cluster: ClusterView, measured: Mapping[Key, Measures], around: Around) -> Html:
    """What is known of the searches, and of which namespaces nothing is."""
    batch, dark = cluster.batch, unread(cluster)
    if batch is None:
        return element("p", "Not known: the cluster's Jobs could not be read lately. See the collectors below.")
    known = _table(cluster.name, batch, measured, around) if batch.searches else NOTHING
    if not dark:
        return known or element("p", "No search at the moment.", class_="soft")
    why = ": the Jobs there could not be read lately. See the collectors below."
    note = element("p", ["Not known of ", spaces(dark), why])
    none = element("p", ["No search at the moment in ", spaces(batch.namespaces), "."], class_="soft")
    return joined([note, known or none])


def unread(cluster: ClusterView) -> list[str]:
    """The namespaces whose Jobs may not be shown now."""
    return [name for name in cluster.namespaces if cluster.batch is None or name not in cluster.batch.namespaces]


def _table(cluster: str, batch: BatchSnapshot, measured: Mapping[Key, Measures], around: Around) -> Html:
    """Those that live or went wrong, each by its start, newest first; the others below, folded away where they are
    many."""
    ordered = sorted(batch.searches, key=lambda search: (search.terminal, -search.created, search.id))
    over = [search for search in ordered if search.terminal and tone(search) not in _NEEDS_YOU]
    first = [search for search in ordered if search not in over]
    parts: list[str] = []
    if first:
        parts.append(_rows("Searches", cluster, first, measured, around))
    if over:
        shown = _rows("Ended searches", cluster, over, measured, around)
        summary = element("summary", f"Ended and done with ({len(over)})")
        unfolded = "" if len(over) > _FOLDED_FROM else " open"
        key = anchor("ended", cluster)
        parts.append(Html(f'<details id="{key}" class="over"{unfolded}>{summary}{shown}</details>'))
    if batch.hidden:
        parts.append(element("p", f"{plain.count(batch.hidden)} more are not shown.", class_="soft"))
    return joined(parts)


def _rows(
    caption: str, cluster: str, searches: Sequence[SearchView], measured: Mapping[Key, Measures], around: Around
) -> Html:
    heads = (*_HEADS, _COST) if around.priced else _HEADS
    groups = (
        _group(heads, cluster, search, measured.get((search.namespace, search.id), UNMEASURED), around)
        for search in searches
    )
    return grouped_table(caption, heads, groups, class_="searches")


def _group(heads: Sequence[str], cluster: str, search: SearchView, measured: Measures, around: Around) -> Html:
    key = anchor(cluster, search.namespace, search.id)
    return group([_row(heads, key, search, measured, around), _more(heads, key, search, around)], id_=key)


def _row(heads: Sequence[str], key: str, search: SearchView, measured: Measures, around: Around) -> Html:
    now = around.now
    cells = [
        element(
            "div",
            phase_words(search),
            class_="why",
            id_=f"{key}p",
            data_phase=said_phase(search),
            data_name=name(search),
        ),
        progress(search),
        element("span", speed_words(measured), class_="number"),
        done_by(search, now),
        lines(obstacles(search)),
        joined([plain.span(now - search.created), small(last_sign(search, now))]),
    ]
    if around.priced:
        cells.append(element("span", plain.money(measured.cost), class_="number money"))
    link = element("a", _name(search), href=around.address(search))
    return row(heads, link, cells, class_=bar_class(search))


def known_title(search: SearchView) -> str:
    """Program and database, as far as they are known."""
    return " ".join(text for text in (search.program, search.db) if text not in ("", "unknown"))


def name(search: SearchView) -> str:
    """How a search is called in a sentence."""
    return f"{known_title(search)} {plain.short_id(search.id)}".strip()


def _name(search: SearchView) -> Html:
    ids = [element("code", foreign(plain.short_id(search.id)), title=search.id)]
    if search.openapi_id:
        ids += [escaped(" · OpenAPI "), element("code", foreign(search.openapi_id))]
    return joined([foreign(known_title(search)), " ", element("small", ids)])


def said_phase(search: SearchView) -> str:
    return (search.phase or "unknown").replace("_", " ")


def tone(search: SearchView) -> str:
    return plain.PHASES[search.phase or "unknown"][0]


def bar_class(search: SearchView) -> str:
    return _BARS.get(tone(search), "")


def phase_words(search: SearchView) -> list[Html]:
    """The phase, and why or what it means."""
    colour, meaning = plain.PHASES[search.phase or "unknown"]
    return [word(said_phase(search), colour), small(plain.REASONS.get(search.reason, meaning))]


def progress(search: SearchView) -> Html:
    """Done of expected. Every Job that is not open has ended; after a restart that is the least that was done."""
    least = "≥ " if search.flags.get("history_incomplete") else ""
    counts = element("small", lines(_job_counts(search)), class_="counts")
    done = ended_jobs(search.expected, search.jobs)
    if search.expected is None or done is None:
        total = f"≥ {plain.count(search.expected_min)}" if search.expected_min is not None else plain.UNKNOWN
        succeeded = search.jobs.get("succeeded")
        said = plain.UNKNOWN if succeeded is None else least + plain.count(succeeded)
        note = small("more may be submitted") if search.jobs and not search.terminal else NOTHING
        return joined([element("span", f"{said} of {total}", class_="number"), note, counts])
    label = f"{least}{plain.count(done)} of {plain.count(search.expected)}"
    percent = f"{least}{plain.share(done, search.expected)}"
    shown = bar(done, search.expected, label, name="Batches ended")
    return joined(
        [element("span", [label, element("span", percent, class_="percent")], class_="number"), shown, counts]
    )


def _job_counts(search: SearchView) -> Iterable[Html]:
    for pair in _SHOWN_STATES:
        bad = any(search.jobs.get(state) for state in pair if state in ("failed", "lost"))
        text = ", ".join(f"{plain.count(search.jobs.get(state))} {state}" for state in pair)
        yield element("span", text, class_="number bad" if bad else "number")


def speed_words(measured: Measures) -> str:
    return plain.UNKNOWN if measured.speed is None else f"{plain.rate(measured.speed)} batches/min"


def done_by(search: SearchView, now: float) -> Html:
    """When it ended, or when it should have."""
    if search.terminal:
        return joined([moment(search.phase_since, now), small("ended")])
    if search.eta is None:
        return joined([plain.UNKNOWN, small("no honest estimate yet")])
    left = search.eta - now
    return joined([moment(search.eta, now), small(f"in {plain.span(left)}" if left >= 1 else "any moment")])


def obstacles(search: SearchView) -> Iterable[str]:
    """What keeps it from running, and what is odd about it."""
    for reason, pods in sorted(search.blocked.items(), key=lambda item: (-item[1], item[0])):
        if pods:
            yield f"{plain.count(pods)} {'pod' if pods == 1 else 'pods'}: {plain.BLOCKS.get(reason, reason)}"
    for flag, raised in sorted(search.flags.items()):
        if raised:
            yield plain.FLAGS.get(flag, flag)


def last_sign(search: SearchView, now: float) -> str:
    return f"last progress {plain.span(now - search.last_progress)} ago"


def next_step(search: SearchView) -> Advice | None:
    """The first advice, where something stands in the way."""
    odd = any(search.blocked.values()) or any(search.flags.values())
    return first_step(search) if odd or tone(search) in _NEEDS_YOU else None


def _more(heads: Sequence[str], key: str, search: SearchView, around: Around) -> Html:
    advice = next_step(search)
    step = NOTHING if advice is None else element("p", [element("b", "Next: "), prose(advice.text)], class_="next")
    label = f"Details and last failures ({len(search.failures)})" if search.failures else "Details"
    known = facts(search_facts(search, around.now))
    inside = element(
        "details", [element("summary", label), known, failures_table(search.failures, around.now)], id_=f"{key}d"
    )
    cell = element("td", [step, inside], role="cell", colspan=str(len(heads)))
    return element("tr", cell, role="row", class_="more")


def search_facts(search: SearchView, now: float) -> Iterable[tuple[str, str]]:
    """What is known of a search beside how it stands."""
    yield "Search id", element("code", foreign(search.id))
    yield "Namespace", foreign(search.namespace)
    yield "Mode", foreign(search.mode)
    yield "Shards", escaped(plain.count(search.shards))
    yield "ElasticBLAST", foreign(search.client_version)
    yield "Created", moment(search.created, now)
    yield "In this phase since", moment(search.phase_since, now)
    yield "Failed attempts", lines(_attempts(search))


def _attempts(search: SearchView) -> Iterable[str]:
    for reason, attempts in sorted(search.attempts.items()):
        if attempts:
            yield f"{plain.count(attempts)} × {reason.replace('_', ' ')}"


def failures_table(failures: Sequence[Obituary], now: float) -> Html:
    """The last failed attempts, nothing without one."""
    if not failures:
        return NOTHING
    return table("Last failures", _FAILURE_HEADS, (_failure(one, now) for one in failures))


def _failure(one: Obituary, now: float) -> Html:
    code = plain.UNKNOWN if one.exit_code is None else str(one.exit_code)
    cells = [
        escaped(plain.count(one.batch)),
        escaped(plain.count(one.shard)),
        foreign(one.container),
        element("span", code, class_="number"),
        foreign(one.reason.replace("_", " ")),
        foreign(one.node),
        moment(one.at, now),
    ]
    return row(_FAILURE_HEADS, element("code", foreign(one.job)), cells)
