"""How the numbers grow with the cluster, as a small SVG: one panel a number, both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from report import Results

_WIDE, _HIGH = 270, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 14, 30, 34
_COLUMNS = 3
_COLOURS = {"exporter": "#0b62a4", "kube-state-metrics": "#c8501e", "naive": "#6b7280"}
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Panel:
    """One number of `measures`, its title with the unit, and what it is divided by."""

    key: str
    title: str
    scale: float = 1.0


_PANELS = (
    Panel("first_sync", "Start to a right page, s"),
    Panel("client_work", "CPU time of the first sync, s"),
    Panel("rest_rss", "Memory at rest, MB", 1e6),
    Panel("event_p99", "Event to page, p99, ms", 1e-3),
    Panel("scrape_gzip_p99", "Scrape at rest, gzip, p99, ms", 1e-3),
    Panel("page_plain", "Page, plain, kB", 1e3),
)


def growth(results: Results) -> str:
    """The picture of everything that was measured against the replay server."""
    rows = math.ceil(len(_PANELS) / _COLUMNS)
    wide, high = _COLUMNS * _WIDE, rows * _HIGH + 24
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" '
        'font-family="system-ui, sans-serif" font-size="11" fill="#1f2937" role="img">',
        "<title>How the numbers grow with the Jobs of a cluster; both axes are logarithmic</title>",
        f'<rect width="{wide}" height="{high}" fill="#ffffff"/>',
    ]
    for index, panel in enumerate(_PANELS):
        lines = _lines(results, panel)
        if any(lines.values()):
            x, y = index % _COLUMNS * _WIDE, index // _COLUMNS * _HIGH
            parts.append(f'<g transform="translate({x},{y})">{_panel(panel.title, lines)}</g>')
    for index, (name, colour) in enumerate(_COLOURS.items()):
        x, y = _LEFT + index * 150, high - 10
        parts.append(f'<circle cx="{x}" cy="{y - 4}" r="4" fill="{colour}"/><text x="{x + 9}" y="{y}">{name}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _lines(results: Results, panel: Panel) -> dict[str, list[Point]]:
    lines: dict[str, list[Point]] = {name: [] for name in _COLOURS}
    for run, numbers in sorted(results.items(), key=lambda item: item[0].jobs):
        if run.server == "replay" and numbers.get(panel.key):
            lines[run.name].append((run.jobs, numbers[panel.key] / panel.scale))
    return lines


def _panel(title: str, lines: dict[str, list[Point]]) -> str:
    points = [point for line in lines.values() for point in line]
    across = _Axis([x for x, _ in points], _LEFT, _WIDE - _RIGHT)
    up = _Axis([y for _, y in points], _HIGH - _BOTTOM, _TOP)
    parts = [f'<text x="{_LEFT}" y="18" font-weight="600">{escape(title)}</text>']
    for tick in up.ticks:
        y = up.at(tick)
        parts.append(f'<path d="M{_LEFT} {y:.1f}H{_WIDE - _RIGHT}" stroke="#e5e7eb"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{tick:,.10g}</text>')
    parts += [
        f'<text x="{across.at(jobs):.1f}" y="{_HIGH - 16}" text-anchor="middle">{jobs / 1000:g}k</text>'
        for jobs in sorted({x for x, _ in points})
    ]
    for name, line in lines.items():
        places = [f"{across.at(x):.1f},{up.at(y):.1f}" for x, y in line]
        if len(places) > 1:
            parts.append(f'<polyline points="{" ".join(places)}" fill="none" stroke="{_COLOURS[name]}"/>')
        for place in places:
            cx, cy = place.split(",")
            parts.append(f'<circle cx="{cx}" cy="{cy}" r="3.5" fill="{_COLOURS[name]}"/>')
    return "".join(parts)


class _Axis:
    """From values to places, by their logarithm, between powers of ten."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        self._low = math.floor(math.log10(min(values)))
        self._high = max(math.ceil(math.log10(max(values))), self._low + 1)
        self._start, self._end = start, end
        self.ticks = [10.0**power for power in range(self._low, self._high + 1)]

    def at(self, value: float) -> float:
        share = (math.log10(value) - self._low) / (self._high - self._low)
        return self._start + share * (self._end - self._start)
