"""The searches of one cluster, for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from exporter.domain import stopping
from exporter.domain.advice import advise
from exporter.domain.progress import ended_jobs
from exporter.domain.snapshots import BatchSnapshot, ClusterView, Obituary, SearchView
from exporter.web import plain
from exporter.web.markup import Html, element, escaped, foreign, joined, lines, moment, row, small, table, word

_HEADS = ("Search", "Phase", "Progress", "Jobs", "Done by", "What stands out", "Age")
_FAILURE_HEADS = ("Job", "Batch", "Shard", "Container", "Exit code", "Reason", "Node", "When")
_SHOWN_STATES = (("running", "pending"), ("failed", "lost"))
_BARS = {"good": "good-bar", "bad": "bad-bar"}


def searches_section(cluster: ClusterView, now: float) -> Html:
    """What is known of the searches, and of which namespaces nothing is."""
    batch, dark = cluster.batch, unread(cluster)
    if batch is None:
        return element("p", "Not known: the cluster's Jobs could not be read lately. See the collectors below.")
    if not dark:
        none = element("p", "No search at the moment.", class_="soft")
        return _table(cluster.name, batch, now) if batch.searches else none
    why = ": the Jobs there could not be read lately. See the collectors below."
    note = element("p", ["Not known of ", spaces(dark), why])
    if batch.searches:
        return joined([note, _table(cluster.name, batch, now)])
    return joined([note, element("p", ["No search at the moment in ", spaces(batch.namespaces), "."], class_="soft")])


def unread(cluster: ClusterView) -> list[str]:
    """The namespaces whose Jobs may not be shown now."""
    return [name for name in cluster.namespaces if cluster.batch is None or name not in cluster.batch.namespaces]


def spaces(names: Sequence[str]) -> Html:
    """`namespace a` or `namespaces a, b`."""
    return joined(["namespaces " if len(names) > 1 else "namespace ", foreign(", ".join(names))])


def _table(cluster: str, batch: BatchSnapshot, now: float) -> Html:
    """Those that live first, each by its start, newest first."""
    ordered = sorted(batch.searches, key=lambda search: (search.terminal, -search.created, search.id))
    rows = (part for search in ordered for part in (_row(search, now), _details(cluster, search, now)))
    shown = table("Searches", _HEADS, rows, class_="searches")
    if not batch.hidden:
        return shown
    return joined([shown, element("p", f"{plain.count(batch.hidden)} more are not shown.", class_="soft")])


def _row(search: SearchView, now: float) -> Html:
    tone, meaning = plain.PHASES[search.phase or "unknown"]
    why = plain.REASONS.get(search.reason, meaning)
    phase = [word((search.phase or "unknown").replace("_", " "), tone), small(why)]
    cells = [
        element("div", phase, class_="why"),
        _progress(search),
        lines(_job_counts(search)),
        _done_by(search, now),
        lines(_obstacles(search)),
        joined([plain.span(now - search.created), small(_last_sign(search, now))]),
    ]
    return row(_HEADS, _name(search), cells, class_=_BARS.get(tone, ""))


def _name(search: SearchView) -> Html:
    ids = [element("code", foreign(plain.short_id(search.id)), title=search.id)]
    if search.openapi_id:
        ids += [escaped(" · OpenAPI "), element("code", foreign(search.openapi_id))]
    known = " ".join(text for text in (search.program, search.db) if text not in ("", "unknown"))
    return joined([foreign(known), element("small", ids)])


def _progress(search: SearchView) -> Html:
    """Done of expected. Every Job that is not open has ended; after a restart that is the least that was done."""
    least = "≥ " if search.flags.get("history_incomplete") else ""
    done_count = ended_jobs(search.expected, search.jobs)
    if search.expected is None or done_count is None:
        total = f"≥ {plain.count(search.expected_min)}" if search.expected_min is not None else plain.UNKNOWN
        succeeded = search.jobs.get("succeeded")
        done = plain.UNKNOWN if succeeded is None else least + plain.count(succeeded)
        note = small("more may be submitted") if search.jobs and not search.terminal else ""
        return joined([element("span", f"{done} of {total}", class_="number"), note])
    share = int(100 * done_count / search.expected) if search.expected else 0
    label = f"{least}{plain.count(done_count)} of {plain.count(search.expected)}"
    bar = element("progress", label, value=str(done_count), max=str(search.expected or 1), aria_label="Jobs ended")
    return joined([element("span", label, class_="number"), bar, small(f"{least}{share} %")])


def _job_counts(search: SearchView) -> Iterable[Html]:
    for pair in _SHOWN_STATES:
        bad = any(search.jobs.get(state) for state in pair if state in ("failed", "lost"))
        tone = "number bad" if bad else "number"
        yield element(
            "span", ", ".join(f"{plain.count(search.jobs.get(state))} {state}" for state in pair), class_=tone
        )


def _done_by(search: SearchView, now: float) -> Html:
    if search.terminal:
        return joined([moment(search.phase_since, now), small("ended")])
    if search.eta is None:
        return joined([plain.UNKNOWN, small("no honest estimate yet")])
    left = search.eta - now
    return joined([moment(search.eta, now), small(f"in {plain.span(left)}" if left >= 1 else "any moment")])


def _obstacles(search: SearchView) -> Iterable[str]:
    for reason, pods in sorted(search.blocked.items(), key=lambda item: (-item[1], item[0])):
        if pods:
            yield f"{plain.count(pods)} {'pod' if pods == 1 else 'pods'}: {plain.BLOCKS.get(reason, reason)}"
    for flag, raised in sorted(search.flags.items()):
        if raised:
            yield plain.FLAGS.get(flag, flag)


def _last_sign(search: SearchView, now: float) -> str:
    return f"last progress {plain.span(now - search.last_progress)} ago"


def _details(cluster: str, search: SearchView, now: float) -> Html:
    facts = {
        "Search id": element("code", foreign(search.id)),
        "Namespace": foreign(search.namespace),
        "Mode": foreign(search.mode),
        "Shards": escaped(plain.count(search.shards)),
        "ElasticBLAST": foreign(search.client_version),
        "Created": moment(search.created, now),
        "In this phase since": moment(search.phase_since, now),
        "Failed attempts": lines(_attempts(search)),
    }
    listed = element(
        "dl", (part for key, value in facts.items() for part in (element("dt", key), element("dd", value)))
    )
    failures = _failures(search.failures, now)
    title = f"Details and last failures ({len(search.failures)})" if search.failures else "Details"
    steps = [_next_steps(search), _stopping(cluster, search)]
    inside = element("details", [element("summary", title), listed, failures, *steps])
    return element("tr", element("td", inside, role="cell", colspan=str(len(_HEADS))), role="row", class_="more")


def _next_steps(search: SearchView) -> Html:
    steps = (
        joined([foreign(advice.text), *(small(element("code", foreign(command))) for command in advice.commands)])
        for advice in advise(search)
    )
    return joined([element("p", "What to do next", class_="soft"), lines(steps)])


def _stopping(cluster: str, search: SearchView) -> Html:
    """The plan and its command; a page that anybody may open has no button."""
    if search.terminal:
        return Html("")
    if not stopping.can_be_cancelled(search):
        return small(stopping.UNLABELLED)
    command = stopping.cancel_command(search.id, search.namespace, cluster)
    plan = element("p", stopping.plan_sentence(search), class_="soft")
    return joined([plan, small(element("code", foreign(command)))])


def _attempts(search: SearchView) -> Iterable[str]:
    for reason, attempts in sorted(search.attempts.items()):
        yield f"{plain.count(attempts)} × {reason.replace('_', ' ')}"


def _failures(failures: Sequence[Obituary], now: float) -> Html:
    if not failures:
        return Html("")
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
