"""The part of Grafana's classic dashboard model that the boards use, as a JSON schema that lets nothing else in."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
WORD: Schema = {"type": "string", "minLength": 1}
YES_NO: Schema = {"type": "boolean"}
WHOLE: Schema = {"type": "integer", "minimum": 0}
NUMBER: Schema = {"type": "number"}
OBJECT: Schema = {"type": "object"}


def one_of(*values: object) -> Schema:
    return {"enum": list(values)}


def list_of(of: Schema, **bounds: object) -> Schema:
    return {"type": "array", "items": of, **bounds}


def closed(must: Schema, may: Schema | None = None) -> Schema:
    """An object with these keys and no others."""
    return {
        "type": "object",
        "properties": {**must, **(may or {})},
        "required": sorted(must),
        "additionalProperties": False,
    }


def ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def step(name: str, options: Schema) -> Schema:
    return closed({"id": one_of(name), "options": options})


_REDUCE = closed({"calcs": one_of(["lastNotNull"]), "fields": one_of(""), "values": one_of(False)})
_LEGEND = closed(
    {"calcs": list_of(WORD), "displayMode": one_of("list"), "placement": one_of("bottom"), "showLegend": YES_NO}
)
_LEGEND_BESIDE = closed(
    {
        "calcs": list_of(WORD),
        "displayMode": one_of("table"),
        "placement": one_of("right"),
        "showLegend": YES_NO,
        "sortBy": one_of("Max"),
        "sortDesc": YES_NO,
    }
)
_TEXT_SIZES = closed({}, {"titleSize": WHOLE, "valueSize": WHOLE})
_TOOLTIP = closed({"mode": one_of("multi", "single")}, {"sort": one_of("desc")})
_BASE_STEP = closed({"color": WORD, "value": {"type": "null"}})
STEPS = {"type": "array", "minItems": 1, "prefixItems": [_BASE_STEP], "items": closed({"color": WORD, "value": NUMBER})}
_TABLE_STEPS = [
    step("merge", closed({})),
    step("filterFieldsByName", closed({"include": closed({"names": list_of(WORD, minItems=1)})})),
    step(
        "organize",
        closed(
            {
                "indexByName": {**OBJECT, "additionalProperties": WHOLE},
                "renameByName": {**OBJECT, "additionalProperties": WORD},
            }
        ),
    ),
]
_COMMON = {
    "datasource": ref("datasource"),
    "description": WORD,
    "fieldConfig": ref("fieldConfig"),
    "gridPos": ref("grid"),
    "id": {"type": "integer", "minimum": 1},
    "interval": one_of("1m"),
    "repeatDirection": one_of("h"),
    "targets": list_of(ref("target"), minItems=1),
    "title": WORD,
}


def panel(kind: str, options: Schema, custom: Schema | None = None, **more: Schema) -> Schema:
    panel = closed({**_COMMON, "type": one_of(kind), "options": closed(options), **more})
    if custom is None:
        return panel
    defaults = {"properties": {"custom": closed(custom, {"axisSoftMax": WHOLE})}, "required": ["custom"]}
    return {"allOf": [panel, {"properties": {"fieldConfig": {"properties": {"defaults": defaults}}}}]}


PANELS: Schema = {
    "stat": panel(
        "stat",
        {
            "colorMode": one_of("value"),
            "graphMode": one_of("none"),
            "justifyMode": one_of("auto"),
            "orientation": one_of("auto"),
            "percentChangeColorMode": one_of("standard"),
            "reduceOptions": _REDUCE,
            "showPercentChange": one_of(False),
            "text": _TEXT_SIZES,
            "textMode": one_of("name", "value", "value_and_name"),
            "wideLayout": YES_NO,
        },
    ),
    "timeseries": panel(
        "timeseries",
        {"legend": {"oneOf": [_LEGEND, _LEGEND_BESIDE]}, "tooltip": _TOOLTIP},
        {
            "axisSoftMin": WHOLE,
            "fillOpacity": WHOLE,
            "lineWidth": WHOLE,
            "showPoints": one_of("never"),
            "stacking": closed({"mode": one_of("none", "normal")}),
            "thresholdsStyle": closed({"mode": one_of("off", "dashed")}),
        },
    ),
    "state-timeline": panel(
        "state-timeline",
        {
            "alignValue": one_of("left"),
            "legend": _LEGEND,
            "mergeValues": YES_NO,
            "perPage": WHOLE,
            "rowHeight": NUMBER,
            "showValue": one_of("auto"),
            "tooltip": _TOOLTIP,
        },
        {"fillOpacity": WHOLE, "lineWidth": WHOLE},
    ),
    "bargauge": panel(
        "bargauge",
        {
            "displayMode": one_of("basic"),
            "legend": _LEGEND,
            "maxVizHeight": WHOLE,
            "minVizHeight": WHOLE,
            "minVizWidth": WHOLE,
            "namePlacement": one_of("auto"),
            "orientation": one_of("horizontal"),
            "reduceOptions": _REDUCE,
            "showUnfilled": YES_NO,
            "sizing": one_of("manual"),
            "text": _TEXT_SIZES,
            "valueMode": one_of("text"),
        },
    ),
    "heatmap": panel(
        "heatmap",
        {
            "calculate": one_of(False),
            "cellGap": WHOLE,
            "color": closed(
                {
                    "exponent": NUMBER,
                    "fill": TEXT,
                    "mode": one_of("scheme"),
                    "reverse": YES_NO,
                    "scale": one_of("exponential"),
                    "scheme": WORD,
                    "steps": WHOLE,
                }
            ),
            "exemplars": closed({"color": WORD}),
            "filterValues": closed({"le": NUMBER}),
            "legend": closed({"show": YES_NO}),
            "selectionMode": one_of("x"),
            "showValue": one_of("auto"),
            "tooltip": _TOOLTIP,
            "yAxis": closed({"unit": WORD}),
        },
    ),
    "table": panel(
        "table",
        {
            "cellHeight": one_of("sm"),
            "footer": OBJECT,
            "frameIndex": one_of(0),
            "showHeader": one_of(True),
            "showTypeIcons": one_of(False),
            "sortBy": list_of(closed({"desc": YES_NO, "displayName": WORD}), minItems=1, maxItems=2),
        },
        {"align": one_of("auto"), "filterable": one_of(True), "inspect": one_of(False)},
        transformations={"type": "array", "prefixItems": _TABLE_STEPS, "minItems": 3, "items": False},
    ),
    "text": closed(
        {
            **{key: _COMMON[key] for key in ("description", "gridPos", "id", "title", "repeatDirection")},
            "type": one_of("text"),
            "options": closed({"content": WORD, "mode": one_of("markdown")}),
        }
    ),
}
