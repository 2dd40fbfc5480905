"""The history of a search as a picture, and the same in words and numbers for those who do not see it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from exporter.domain.history import History, Mark, Point
from exporter.domain.snapshots import SearchView
from exporter.web import plain
from exporter.web.markup import Html, element, escaped, exactly, joined, row, table, word

_WIDE, _HIGH = 1000, 240
_BAND, _TOP = 16, 28  # the phases' band, and where the batches begin
_ROWS = 12
_PHASE_HEADS = ("Phase", "First seen", "Lasted")
_POINT_HEADS = ("When", "Batches ended", "Running")


def history_section(history: History | None, search: SearchView, now: float) -> Html:
    """The picture, its two tables, and since when somebody watched."""
    if history is None or not history.points:
        return element("p", "Nothing has been seen of it yet.", class_="soft")
    points = history.points
    return joined(
        [_watched(history, search, now), _figure(history, points, search, now), *_tables(history, points, now)]
    )


def _watched(history: History, search: SearchView, now: float) -> Html:
    since = history.since or now
    said: list[str] = ["Watched since ", exactly(since, now)]
    if since - search.created >= 60:
        said += [", ", plain.span(since - search.created), " after it was created; what was before was not seen"]
    if history.left_out:
        said += [f"; {history.left_out} short phases are left out"]
    return element("p", [*said, "."], class_="soft")


def _figure(history: History, points: Sequence[Point], search: SearchView, now: float) -> Html:
    top = max(search.expected or 0, *(point.ended for point in points), 1)
    start, end = points[0].at, max(points[-1].at, points[0].at + 1)
    plot = element(
        "div",
        [
            element("span", plain.count(top), class_="top"),
            _picture(history, points, _Scale(start, end, top), search, now),
            element("span", "0", class_="bottom"),
        ],
        class_="plot",
    )
    times = element("div", [exactly(start, now), exactly(points[-1].at, now)], class_="times")
    legend = [
        element("li", "batches ended", class_="key-ended"),
        element("li", "running", class_="key-running"),
        element("li", "above: the phase", class_="key-phase"),
    ]
    if search.expected is not None:
        legend.insert(1, element("li", f"all {plain.count(search.expected)}", class_="key-all"))
    return element("figure", [plot, times, element("ul", legend, class_="legend")], class_="card chart")


class _Scale:
    """From times and counts to the picture's coordinates."""

    def __init__(self, start: float, end: float, top: int) -> None:
        self._start, self._length, self._top = start, end - start, top

    def x(self, at: float) -> str:
        return f"{min(max((at - self._start) / self._length, 0.0), 1.0) * _WIDE:.1f}"

    def y(self, count: int) -> str:
        return f"{_HIGH - min(count / self._top, 1.0) * (_HIGH - _TOP):.1f}"


def _picture(history: History, points: Sequence[Point], scale: _Scale, search: SearchView, now: float) -> Html:
    ended = " ".join(f"{scale.x(point.at)},{scale.y(point.ended)}" for point in points)
    running = " ".join(f"{scale.x(point.at)},{scale.y(point.running)}" for point in points)
    first, last = scale.x(points[0].at), scale.x(points[-1].at)
    shapes = [
        element("title", "Batches ended over time", id="chart-title"),
        element("desc", _in_words(history, points, search, now), id="chart-words"),
        *(_phase_band(phase, scale) for phase in _phases(history.marks, points[-1].at)),
        element("polygon", "", points=f"{first},{_HIGH} {ended} {last},{_HIGH}", class_="area"),
        element("polyline", "", points=running, class_="running"),
        element("polyline", "", points=ended, class_="ended"),
    ]
    if search.expected is not None:
        height = scale.y(search.expected)
        shapes.append(element("line", "", x1="0", x2=str(_WIDE), y1=height, y2=height, class_="all"))
    return element(
        "svg",
        shapes,
        viewBox=f"0 0 {_WIDE} {_HIGH}",
        preserveAspectRatio="none",
        role="img",
        aria_labelledby="chart-title chart-words",
    )


def _in_words(history: History, points: Sequence[Point], search: SearchView, now: float) -> str:
    total = "" if search.expected is None else f" of {plain.count(search.expected)}"
    phases = ", then ".join(mark.phase.replace("_", " ") for mark in history.marks[-10:])
    return (
        f"From {plain.clock(points[0].at, now)} to {plain.clock(points[-1].at, now)}: from "
        f"{plain.count(points[0].ended)} to {plain.count(points[-1].ended)}{total} batches ended. Phases: {phases}."
    )


_Stretch = tuple[Mark, float]


def _phases(marks: Sequence[Mark], end: float) -> Iterator[_Stretch]:
    """Each phase with its end."""
    ends = [*(mark.at for mark in marks[1:]), max(end, marks[-1].at)]
    yield from zip(marks, ends, strict=True)


def _phase_band(stretch: _Stretch, scale: _Scale) -> Html:
    mark, end = stretch
    left, right = scale.x(mark.at), scale.x(end)
    name = element("title", f"{mark.phase.replace('_', ' ')}, {plain.span(end - mark.at)}")
    colour = plain.PHASES[mark.phase][0]
    width = f"{max(float(right) - float(left), 0.5):.1f}"
    return element("rect", name, x=left, y="0", width=width, height=str(_BAND), class_=f"band {colour}")


def _tables(history: History, points: Sequence[Point], now: float) -> Iterable[Html]:
    rows = (_phase_row(stretch, now) for stretch in reversed(list(_phases(history.marks, points[-1].at))))
    yield element("h3", "Phases, newest first")
    yield table("Phases, newest first", _PHASE_HEADS, rows)
    numbers = table("Batches over time", _POINT_HEADS, (_point_row(point, now) for point in _some(points)))
    yield element("details", [element("summary", "Batches over time as numbers"), numbers], id="numbers")


def _phase_row(stretch: _Stretch, now: float) -> Html:
    mark, end = stretch
    phase = word(mark.phase.replace("_", " "), plain.PHASES[mark.phase][0])
    return row(_PHASE_HEADS, phase, [exactly(mark.at, now), escaped(plain.span(end - mark.at))])


def _point_row(point: Point, now: float) -> Html:
    return row(_POINT_HEADS, exactly(point.at, now), [plain.count(point.ended), plain.count(point.running)])


def _some(points: Sequence[Point]) -> list[Point]:
    """A few of the points, as far apart as can be, the first and the last among them."""
    if len(points) <= _ROWS:
        return list(points)
    return [points[index * (len(points) - 1) // (_ROWS - 1)] for index in range(_ROWS)]
