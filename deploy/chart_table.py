"""Writes what the chart says of its values, from values.yaml: the tables of its README and the texts of its schema.

`python -m deploy.chart_table` writes both files anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import yaml

from deploy.rules.source import CHART, MARKER

BEGIN, END = "<!-- values: begin -->", "<!-- values: end -->"
_KEY = re.compile(r"( *)([A-Za-z]\w*):")
_THRESHOLDS = ("rules", "thresholds")
_DURATION = {"type": "string", "pattern": "^([0-9]+(s|m|h|d))+$"}
_NUMBER = {"type": "number", "minimum": 0}
Keys = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """The texts of the files from which all is made, and the rules that are parsed."""

    values: str
    schema: str
    readme: str
    rules: Sequence[Mapping[str, Any]]

    @classmethod
    def read(cls) -> Chart:
        names = {"values": "values.yaml", "schema": "values.schema.json", "readme": "README.md"}
        texts = {key: (CHART / name).read_text(encoding="utf-8") for key, name in names.items()}
        groups = [yaml.safe_load(path.read_text(encoding="utf-8"))["groups"] for path in CHART.glob("rules/*.yaml")]
        return cls(rules=[rule for file in groups for group in file for rule in group["rules"]], **texts)


def schema(chart: Chart) -> str:
    """The schema with the comments of values.yaml as descriptions, and with exactly the thresholds that there are."""
    root = json.loads(chart.schema)
    thresholds = _node(root, _THRESHOLDS)
    assert thresholds is not None
    speakers = _speakers(chart.rules)
    thresholds["properties"] = {
        key: {**(_DURATION if isinstance(value, str) else _NUMBER), "description": f"Of {_names(speakers[key])}."}
        for key, value in yaml.safe_load(chart.values)["rules"]["thresholds"].items()
    }
    for keys, comment in _comments(chart.values):
        node = _node(root, keys)
        if node is not None and keys[:-1] != _THRESHOLDS:
            node["description"] = comment
    return json.dumps(root, indent=2, ensure_ascii=False) + "\n"


def readme(chart: Chart) -> str:
    """The README with both tables between their marks."""
    before, _, rest = chart.readme.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{_values_table(chart)}\n{_thresholds_table(chart)}{END}{after}"


def _values_table(chart: Chart) -> str:
    root, values = json.loads(chart.schema), yaml.safe_load(chart.values)
    lines = ["| value | default | meaning |", "|---|---|---|"]
    for keys, comment in _comments(chart.values):
        node = _node(root, keys)
        if node is not None and "properties" not in node and keys[:-1] != _THRESHOLDS:
            lines.append(f"| `{'.'.join(keys)}` | `{_shown(_value(values, keys))}` | {comment} |")
    return "\n".join(lines) + "\n"


def _thresholds_table(chart: Chart) -> str:
    thresholds = yaml.safe_load(chart.values)["rules"]["thresholds"]
    speakers = _speakers(chart.rules)
    rows = [f"| `{key}` | `{_shown(value)}` | {_names(speakers[key])} |" for key, value in thresholds.items()]
    return "\n".join(["| `rules.thresholds.` | default | of |", "|---|---|---|", *rows]) + "\n"


def _comments(text: str) -> Iterator[tuple[Keys, str]]:
    """Each key with what stands directly above it; keys of lists are none."""
    path: list[tuple[int, str]] = []
    comment: list[str] = []
    for line in text.splitlines():
        if line.lstrip().startswith("#"):
            comment.append(line.lstrip(" #"))
            continue
        if match := _KEY.match(line):
            indent = len(match[1])
            path = [step for step in path if step[0] < indent] + [(indent, match[2])]
            yield tuple(name for _, name in path), " ".join(comment)
        comment = []


def _node(root: Mapping[str, Any], keys: Keys) -> dict[str, Any] | None:
    """The part of the schema for a key, or None for what is inside a value of any form."""
    here: Any = root
    for key in keys:
        here = here.get("properties", {}).get(key)
        if here is None:
            return None
    return cast(dict[str, Any], here)


def _value(values: Any, keys: Keys) -> Any:
    for key in keys:
        values = values[key]
    return values


def _speakers(rules: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The alerts that name each threshold."""
    found: dict[str, list[str]] = {}
    for rule in rules:
        for key in set(MARKER.findall(json.dumps(rule))):
            found.setdefault(key, []).append(rule.get("alert") or rule["record"])
    return found


def _names(names: list[str]) -> str:
    return ", ".join(sorted(names))


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False).replace("|", "\\|")


def main() -> None:
    chart = Chart.read()
    (CHART / "values.schema.json").write_text(schema(chart), encoding="utf-8")
    (CHART / "README.md").write_text(readme(Chart.read()), encoding="utf-8")


if __name__ == "__main__":
    main()
