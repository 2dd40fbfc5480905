"""A board: rows of panels, what is above them, and its JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync, GridPos, Panel, RowPanel

from dashboards.generator.links import TAG, boards_link
from dashboards.generator.marks import marks_of
from dashboards.generator.variables import Variable, common

SCHEMA = 39  # the classic form that Grafana 11 and later read, and that they still migrate
WIDTH = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Panels under a heading; without a title there is none. A folded row is opened by a click."""

    title: str
    panels: Sequence[Panel]
    folded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One board. `serves` is who it is for, `asks` the question that it answers; `marks` names its annotations."""

    uid: str
    title: str
    tag: str
    serves: str
    asks: str
    since: str
    rows: Sequence[Row]
    variables: Sequence[Variable] = ()
    marks: Sequence[str] = ()
    one_search: bool = False


def document(board: Board) -> dict[str, Any]:
    """The board as the classic JSON model, bare."""
    frame = (
        Dashboard(f"ElasticBLAST / {board.title}")
        .uid(board.uid)
        .description(f"{board.asks} For {board.serves}.")
        .tags([TAG, board.tag])
        .readonly()
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .time(board.since, "now")
        .refresh("1m")
        .version(1)
        .link(boards_link())
    )
    for variable in (*common(), *board.variables):
        frame.with_variable(variable)
    built = frame.build()
    built.panels = list(_placed(board.rows))
    built.schema_version = SCHEMA
    plain: dict[str, Any] = json.loads(JSONEncoder().encode(built))
    plain["annotations"] = {"list": marks_of(board.marks, one_search=board.one_search)}
    return plain


def text(board: Board) -> str:
    """The bytes of the file, the same whenever it is printed."""
    return json.dumps(document(board), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _placed(rows: Sequence[Row]) -> Iterator[Panel | RowPanel]:
    """Panels from left to right and from top to bottom, numbered in that order."""
    y = number = 0
    for row in rows:
        heading: RowPanel | None = None
        if row.title:
            number += 1
            heading = RowPanel(
                title=row.title, collapsed=row.folded, id_val=number, grid_pos=_at(0, y, WIDTH, 1), panels=[]
            )
            yield heading
            y += 1
        below = _flow(row.panels, y)
        for panel in row.panels:
            number += 1
            panel.id_val = number
        if heading is not None and row.folded:
            heading.panels = list(row.panels)
        else:
            yield from row.panels
            y = below


def _flow(panels: Sequence[Panel], y: int) -> int:
    """Give the panels their places from line `y` on; the first line below them."""
    x = tallest = 0
    for panel in panels:
        assert panel.grid_pos is not None
        if x + panel.grid_pos.w > WIDTH:
            x, y, tallest = 0, y + tallest, 0
        panel.grid_pos.x, panel.grid_pos.y = x, y
        x += panel.grid_pos.w
        tallest = max(tallest, panel.grid_pos.h)
    return y + tallest


def _at(x: int, y: int, w: int, h: int) -> GridPos:
    return GridPos(x=x, y=y, w=w, h=h)
