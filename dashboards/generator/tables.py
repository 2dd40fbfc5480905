"""Tables: instant queries, merged on the labels that they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

from grafana_foundation_sdk.builders import common, table
from grafana_foundation_sdk.models import common as options
from grafana_foundation_sdk.models.dashboard import DashboardFieldConfigSourceOverrides as Override
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, Panel
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from dashboards.generator.card import Card, Step, dress, mapped, override, thresholds
from dashboards.generator.panels import target


@dataclass(frozen=True, slots=True)
class Column:
    """A label, or `A`, `B`, `C` … for the value of that query, and how it is shown."""

    source: str
    title: str
    _: KW_ONLY
    unit: str = ""
    decimals: int | None = None
    width: int = 0
    base: str = "text"
    steps: Sequence[Step] = ()
    words: Sequence[str] = ()
    link: str = ""
    gauge: bool = False


def rows_of(
    card: Card, queries: Sequence[str], columns: Sequence[Column], *, by: str | tuple[str, ...], rising: bool = False
) -> Panel:
    """One row for what the queries say of the same labels, sorted by the columns titled `by`, largest first."""
    keys = (by,) if isinstance(by, str) else by
    builder = (
        table.Panel()
        .cell_height(options.TableCellHeight.SM)
        .show_header(True)
        .filterable(True)
        .sort_by([common.TableSortByFieldState().display_name(title).desc(not rising) for title in keys])
    )
    for number, expr in enumerate(queries):
        builder.with_target(target(expr, "", number).format(PromQueryFormat.TABLE).instant())
    for step in _steps([(_field(column, several=len(queries) > 1), column.title) for column in columns]):
        builder.with_transformation(step)
    panel = dress(builder.build(), card)
    assert panel.field_config is not None
    panel.field_config.overrides = [_shown(column) for column in columns]
    return panel


def _field(column: Column, *, several: bool) -> str:
    """The name of the field in the answer: a value is `Value #A`, and only `Value` if there is one query."""
    if len(column.source) > 1:
        return column.source
    return f"Value #{column.source}" if several else "Value"


def _steps(fields: Sequence[tuple[str, str]]) -> list[DataTransformerConfig]:
    """Merge, choose, order and name. `Value #A` is only `Value` where no other query had an answer."""
    titles = dict(fields)
    if "Value #A" in titles:
        titles["Value"] = titles["Value #A"]
    names = list(titles)
    return [
        DataTransformerConfig(id_val="merge", options={}),
        DataTransformerConfig(id_val="filterFieldsByName", options={"include": {"names": names}}),
        DataTransformerConfig(
            id_val="organize",
            options={
                "indexByName": {name: n for n, name in enumerate(names)},
                "renameByName": titles,
            },
        ),
    ]


def _shown(column: Column) -> Override:
    properties: dict[str, object] = {"noValue": "–"}
    if column.unit:
        properties["unit"] = column.unit
    if column.decimals is not None:
        properties["decimals"] = column.decimals
    if column.width:
        properties["custom__width"] = column.width
    if column.steps or column.words:
        properties["thresholds"] = thresholds(column.base, column.steps)
        properties["custom__cellOptions"] = {"type": "color-text"}
    if column.words:
        properties["mappings"] = mapped({word: word for word in column.words})
    if column.gauge:
        properties |= {"custom__cellOptions": {"type": "gauge", "mode": "basic"}, "min": 0, "max": 1}
        properties["color"] = {"mode": "fixed", "fixedColor": "green"}
    if column.link:
        properties["links"] = [{"title": "Open", "url": column.link}]
    return override(column.title, **properties)
