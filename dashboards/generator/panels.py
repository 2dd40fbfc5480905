"""One function for each kind of panel that the boards use."""

from __future__ import annotations

from dataclasses import replace

from grafana_foundation_sdk.builders import bargauge, common, heatmap, prometheus, stat, statetimeline, text, timeseries
from grafana_foundation_sdk.models import common as options
from grafana_foundation_sdk.models.dashboard import DashboardFieldConfigSourceOverrides as Override
from grafana_foundation_sdk.models.dashboard import FieldColor, FieldColorModeId, GridPos, Panel
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode, HeatmapColorScale
from grafana_foundation_sdk.models.prometheus import PromQueryFormat
from grafana_foundation_sdk.models.text import TextMode

from dashboards.generator.card import DATASOURCE, Card, dress, override

_STRIP, _LARGE = 5, 56  # a panel no taller than the first finds its own size of text
_WIDE = 12
Query = tuple[str, str]
"""An expression and the legend of its series; for a table its format is that of an instant."""


def target(expr: str, legend: str, number: int) -> prometheus.Dataquery:
    """A query over the time shown; its refId is A, B, C …"""
    return prometheus.Dataquery().expr(expr).legend_format(legend).ref_id(chr(ord("A") + number)).datasource(DATASOURCE)


def stats(card: Card, expr: str, legend: str = "", *, name_only: bool = False) -> Panel:
    """The value now, large; one for each series, with its name where a legend names it, or its name alone.

    It is asked for an instant: over a range the newest value would stand there long after it has ceased to be true.
    """
    named = options.BigValueTextMode.NAME if name_only else options.BigValueTextMode.VALUE_AND_NAME
    builder = (
        stat.Panel()
        .text(_text(card.h))
        .graph_mode(options.BigValueGraphMode.NONE)
        .color_mode(options.BigValueColorMode.VALUE)
        .text_mode(named if legend else options.BigValueTextMode.VALUE)
        .reduce_options(_last())
        .with_target(target(expr, legend or card.title, 0).instant())
    )
    return dress(builder.build(), card)


def lines(card: Card, *queries: Query, stacked: bool = False, limits: bool = False, outline: str = "") -> Panel:
    """Values over time. `limits` draws the thresholds as lines; `outline` is a series that stays off the stack."""
    builder = (
        timeseries.Panel()
        .fill_opacity(50 if stacked else 0 if card.many else 6)
        .line_width(0 if stacked else 1)
        .show_points(options.VisibilityMode.NEVER)
        .axis_soft_min(0)
        .stacking(common.StackingConfig().mode(options.StackingMode.NORMAL if stacked else options.StackingMode.NONE))
        .thresholds_style(
            common.GraphThresholdsStyleConfig().mode(
                options.GraphThresholdsStyleMode.DASHED if limits else options.GraphThresholdsStyleMode.OFF
            )
        )
        .legend(_beside() if card.many and card.w >= _WIDE else _below(calcs=not card.many))
        .tooltip(_tooltip())
    )
    if card.unit == "none":
        builder.axis_soft_max(1)
    for number, (expr, legend) in enumerate(queries):
        builder.with_target(target(expr, legend, number).range())
    panel = dress(_apart(builder.build(), card), card)
    assert panel.field_config is not None
    if outline:
        panel.field_config.overrides.append(_off_the_stack(outline))
    return panel


def timeline(card: Card, expr: str, legend: str, *, rows: int = 20) -> Panel:
    """States over time, a line for each thing; the card's words are those of the values."""
    builder = (
        statetimeline.Panel()
        .show_value(options.VisibilityMode.AUTO)
        .merge_values(True)
        .row_height(0.85)
        .fill_opacity(75)
        .line_width(0)
        .per_page(rows)
        .legend(_below())
        .tooltip(_tooltip())
        .with_target(target(expr, legend, 0).range())
    )
    return dress(builder.build(), card)


def bars(card: Card, expr: str, legend: str) -> Panel:
    """The newest value of each series as a bar from 0 on, the largest first."""
    builder = (
        bargauge.Panel()
        .text(common.VizTextDisplayOptions().value_size(16))
        .sizing(options.BarGaugeSizing.MANUAL)
        .min_viz_height(16)
        .max_viz_height(34)
        .orientation(options.VizOrientation.HORIZONTAL)
        .display_mode(options.BarGaugeDisplayMode.BASIC)
        .value_mode(options.BarGaugeValueMode.TEXT)
        .show_unfilled(False)
        .reduce_options(_last())
        .with_target(target(f"sort_desc({expr})", legend, 0).instant())
    )
    return dress(builder.build(), replace(card, least=card.least or 0))


def heat(card: Card, expr: str) -> Panel:
    """A histogram over time: `expr` gives its buckets. Where it has counted nothing there is nothing."""
    counted = f"{expr} and on () (max({expr}) > 0)"
    builder = (
        heatmap.Panel()
        .calculate(False)
        .color(
            heatmap.HeatmapColorOptions()
            .mode(HeatmapColorMode.SCHEME)
            .scheme("Blues")
            .scale(HeatmapColorScale.EXPONENTIAL)
            .exponent(0.5)
            .steps(64)
        )
        .y_axis(heatmap.YAxisConfig().unit(card.unit))
        .cell_gap(1)
        .show_legend()
        .with_target(target(counted, "{{le}}", 0).format(PromQueryFormat.HEATMAP).range())
    )
    return dress(builder.build(), card)


def note(title: str, about: str, content: str, *, w: int = 24, h: int = 6) -> Panel:
    """A text in Markdown."""
    panel = text.Panel().mode(TextMode.MARKDOWN).content(content).title(title).description(about).build()
    panel.grid_pos, panel.transparent = GridPos(w=w, h=h), None
    return panel


def _apart(panel: Panel, card: Card) -> Panel:
    """Series without a colour of their own get one by their name, the same in each panel; of many each gets another."""
    assert panel.field_config is not None
    mode = FieldColorModeId.PALETTE_CLASSIC if card.many else FieldColorModeId.PALETTE_CLASSIC_BY_NAME
    panel.field_config.defaults.color = FieldColor(mode=mode)
    return panel


def _off_the_stack(name: str) -> Override:
    return override(
        name,
        custom__stacking={"group": "A", "mode": "none"},
        custom__fillOpacity=0,
        custom__lineWidth=2,
        custom__lineStyle={"dash": [10, 10], "fill": "dash"},
    )


def _last() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().calcs(["lastNotNull"]).values(False).fields("")


def _below(*, calcs: bool = False) -> common.VizLegendOptions:
    return (
        common.VizLegendOptions()
        .display_mode(options.LegendDisplayMode.LIST)
        .placement(options.LegendPlacement.BOTTOM)
        .show_legend(True)
        .calcs(["lastNotNull", "max"] if calcs else [])
    )


def _beside() -> common.VizLegendOptions:
    """A table on the right, which scrolls, the largest first."""
    return (
        common.VizLegendOptions()
        .display_mode(options.LegendDisplayMode.TABLE)
        .placement(options.LegendPlacement.RIGHT)
        .show_legend(True)
        .calcs(["lastNotNull", "max"])
        .sort_by("Max")
        .sort_desc(True)
    )


def _text(height: int) -> common.VizTextDisplayOptions:
    sizes = common.VizTextDisplayOptions()
    return sizes.value_size(_LARGE) if height > _STRIP else sizes


def _tooltip() -> common.VizTooltipOptions:
    return common.VizTooltipOptions().mode(options.TooltipDisplayMode.MULTI).sort(options.SortOrder.DESCENDING)
