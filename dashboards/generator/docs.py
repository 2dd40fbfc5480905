"""The page of the docs about the boards, from the boards themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.generator.board import Board
from dashboards.generator.questions import ANSWERS

_INTRO = """\
# Boards

Printed by `make dashboards`; change `dashboards/generator/`, then run it again.

Eight boards for Grafana 11 and later, in `dashboards/`. Import each file as it is: *Dashboards*, *New*, *Import*, or
`az grafana dashboard create --definition @dashboards/elb-home.json`. They ask for nothing: the data source, the
clusters and the scrape jobs are chosen at the top of the page. Start with **ElasticBLAST / Home**; a click on a search
opens its own board, and the menu *ElasticBLAST* in the upper right corner leads to the others with the same clusters
and the same time. The chart brings them as ConfigMaps when `dashboards.enabled` is set.

They need the exporter's metrics only, no recording rules and no other exporter. A panel without data says why in its
own words; that is no error. Each panel has a description (the *i* at its corner) with what it shows, what is good, and
what to do otherwise. Boards cannot be edited in place: save a copy under another name.

The pictures below show `make demo`, drawn by `make pictures` with Grafana's published libraries from what a real
Prometheus saw of it. Grafana does not publish its state timeline and its heatmap: those two, marked ≈, are stand-ins.
The demo lives faster than a real cluster, so durations are short and rates are high, and the process whose memory the
board Exporter shows also simulates three clusters.
"""


def page(boards: Sequence[Board]) -> str:
    """The Markdown of docs/boards.md."""
    titles = {board.uid: board.title for board in boards}
    parts = [_INTRO, _overview(boards)]
    parts += ["\n".join(_section(board)) for board in boards]
    parts.append("\n".join(_questions(titles)))
    return "\n".join(parts)


def _overview(boards: Sequence[Board]) -> str:
    rows = [f"| [{board.title}](#{_anchor(board)}) | {board.asks} | {board.serves} |" for board in boards]
    return "\n".join(["| Board | Question | For |", "|---|---|---|", *rows, ""])


def _section(board: Board) -> Iterator[str]:
    yield from (f"## {board.title}", "", f"`dashboards/{board.uid}.json`, for {board.serves}. {board.asks}", "")
    yield from (f"![The board {board.title}](boards/{board.uid}.png)", "")
    if board.uid == "elb-reference":
        yield from ("One panel for each metric of [the catalogue](metrics.md), in a folded row for each topic.", "")
        return
    for row in board.rows:
        yield from (f"**{row.title or 'First page'}**", "")
        yield from (f"- {panel.title}: {_first_sentence(panel)}" for panel in row.panels)
        yield ""


def _first_sentence(panel: Panel) -> str:
    return (panel.description or "").split("\n", 1)[0]


def _questions(titles: dict[str, str]) -> Iterator[str]:
    yield from ("## Which panel answers", "", "| # | Question | Board and panel |", "|---|---|---|")
    for answer in ANSWERS:
        where = "; ".join(f"{titles[uid]}: {panel}" for uid, panel in answer.panels)
        yield f"| {answer.number} | {answer.question} | {' '.join(part for part in (where, answer.instead) if part)} |"
    yield ""


def _anchor(board: Board) -> str:
    return board.title.lower().replace(" ", "-")
