"""The schema of a whole board: what is around the panels."""

from __future__ import annotations

from tests.dashboards.schema import (
    NUMBER,
    OBJECT,
    PANELS,
    STEPS,
    TEXT,
    WHOLE,
    WORD,
    YES_NO,
    Schema,
    closed,
    list_of,
    one_of,
    ref,
)

_VARIABLE = {
    "allowCustomValue": YES_NO,
    "auto": one_of(False),
    "auto_count": WHOLE,
    "auto_min": WORD,
    "includeAll": YES_NO,
    "label": WORD,
    "multi": YES_NO,
    "name": WORD,
    "skipUrlSync": one_of(False),
}
_LINK = {"asDropdown": YES_NO, "icon": TEXT, "includeVars": YES_NO, "keepTime": YES_NO, "targetBlank": YES_NO}
_MAPPED = closed({"color": WORD, "index": WHOLE, "text": WORD})
_DEFAULTS = closed(
    {
        "color": closed({"mode": one_of("thresholds", "palette-classic", "palette-classic-by-name")}),
        "mappings": list_of(
            closed(
                {"type": one_of("value"), "options": {**OBJECT, "minProperties": 1, "additionalProperties": _MAPPED}}
            )
        ),
        "noValue": WORD,
        "thresholds": closed({"mode": one_of("absolute"), "steps": STEPS}),
        "unit": WORD,
    },
    {
        "custom": OBJECT,
        "decimals": WHOLE,
        "links": list_of(
            closed(
                {**_LINK, "tags": list_of(WORD), "title": WORD, "tooltip": TEXT, "type": one_of("link"), "url": WORD}
            )
        ),
        "max": NUMBER,
        "min": NUMBER,
    },
)
_PARTS: Schema = {
    "datasource": closed({"type": one_of("prometheus"), "uid": one_of("${datasource}")}),
    "grid": closed({"h": WHOLE, "w": WHOLE, "x": WHOLE, "y": WHOLE}),
    "fieldConfig": closed(
        {
            "defaults": _DEFAULTS,
            "overrides": list_of(
                closed(
                    {
                        "matcher": closed({"id": one_of("byName"), "options": WORD}),
                        "properties": list_of(closed({"id": WORD, "value": {}})),
                    }
                )
            ),
        }
    ),
    "target": closed(
        {
            "datasource": ref("datasource"),
            "expr": WORD,
            "instant": YES_NO,
            "legendFormat": TEXT,
            "range": YES_NO,
            "refId": {"type": "string", "pattern": "^[A-Z]$"},
        },
        {"format": one_of("table", "heatmap")},
    ),
    "annotation": closed(
        {
            "datasource": ref("datasource"),
            "enable": YES_NO,
            "hide": one_of(False),
            "iconColor": WORD,
            "name": WORD,
            "target": closed({"expr": WORD, "interval": one_of("1m"), "refId": one_of("Anno")}),
            "titleFormat": WORD,
        },
        {"useValueForTime": one_of("on")},
    ),
    "variable": {
        "oneOf": [
            closed({**_VARIABLE, "type": one_of("datasource"), "query": one_of("prometheus")}),
            closed(
                {
                    **_VARIABLE,
                    "type": one_of("query"),
                    "query": closed({"query": WORD, "refId": WORD}),
                    "datasource": ref("datasource"),
                    "refresh": one_of(2),
                    "sort": one_of(0, 1),
                },
                {
                    "allValue": WORD,
                    "regex": WORD,
                    "current": closed({"selected": one_of(True), "text": one_of(["All"]), "value": one_of(["$__all"])}),
                },
            ),
        ]
    },
    "row": closed(
        {
            "collapsed": YES_NO,
            "gridPos": ref("grid"),
            "id": {"type": "integer", "minimum": 1},
            "panels": list_of(ref("panel")),
            "title": WORD,
            "type": one_of("row"),
        }
    ),
    "panel": {
        "properties": {"type": one_of(*PANELS)},
        "required": ["type"],
        "allOf": [{"if": {"properties": {"type": one_of(kind)}}, "then": form} for kind, form in PANELS.items()],
    },
}
BOARD: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$defs": _PARTS,
    **closed(
        {
            "annotations": closed({"list": list_of(ref("annotation"), minItems=1)}),
            "description": WORD,
            "editable": one_of(False),
            "fiscalYearStartMonth": one_of(0),
            "graphTooltip": one_of(1),
            "links": list_of(
                closed({**_LINK, "tags": list_of(WORD), "title": WORD, "tooltip": TEXT, "type": one_of("dashboards")}),
                minItems=1,
                maxItems=1,
            ),
            "panels": list_of(
                {"if": {"properties": {"type": one_of("row")}}, "then": ref("row"), "else": ref("panel")}, minItems=1
            ),
            "refresh": one_of("1m"),
            "schemaVersion": one_of(39),
            "tags": list_of(WORD, minItems=2, uniqueItems=True),
            "templating": closed({"list": list_of(ref("variable"), minItems=3)}),
            "time": closed({"from": {"type": "string", "pattern": "^now-[0-9]+[hd]$"}, "to": one_of("now")}),
            "timezone": one_of("browser"),
            "title": WORD,
            "uid": {"type": "string", "pattern": "^[a-z-]{1,40}$"},
            "version": one_of(1),
        }
    ),
}
