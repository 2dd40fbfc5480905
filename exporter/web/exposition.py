"""Samples as bytes: the Prometheus text format 0.0.4 and OpenMetrics 1.0.0.

The bytes are those that prometheus-client prints for the same families: label names sorted, `_count` before `_sum`,
numbers as Go writes them. No timestamps, no `_created`, no exemplars.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import isfinite

from exporter.metrics.family import Family, Histogram, Sample

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")
_UNITS = ("seconds", "bytes", "ratio")
_SUFFIXES = {
    "gauge": ("",),
    "counter": ("", "_total", "_created"),
    "histogram": ("", "_bucket", "_count", "_sum", "_created"),
}


class BadSampleError(ValueError):
    """A family or one of its samples that cannot be printed."""


@dataclass(frozen=True, slots=True)
class RenderReport:
    """What a page had to leave out: family name → why."""

    errors: dict[str, str] = field(default_factory=dict)


def render(samples: Iterable[Sample], *, openmetrics: bool, report: RenderReport | None = None) -> bytes:
    """One page: families by name, each one's series in the order given; a family without samples prints nothing.

    A family with a bad declaration, or with one bad sample, is left out whole and named in `report`; the others are
    served. Raises only what iterating `samples` raises.
    """
    errors = report.errors if report is not None else {}
    groups: dict[str, list[Sample]] = {}
    for sample in samples:
        name = sample[0].name
        if name in groups:
            groups[name].append(sample)
        else:
            groups[name] = [sample]
    escape = _Escaped().__getitem__
    taken: set[str] = set()
    parts: list[bytes] = []
    for name in sorted(groups):
        try:
            text = _family(groups[name], openmetrics=openmetrics, escape=escape, taken=taken)
            parts.append(text.encode())
        except Exception as error:  # noqa: BLE001 - whatever a bad sample raises, it costs its family and no other
            errors[name] = str(error) if isinstance(error, BadSampleError) else f"{type(error).__name__}: {error}"
    if openmetrics:
        parts.append(b"# EOF\n")
    return b"".join(parts)


class _Escaped(dict[str, str]):
    """Label values as they are printed. Values repeat on every page, so each is escaped once."""

    def __missing__(self, value: str) -> str:
        if not isinstance(value, str):
            raise BadSampleError(f"label value {value!r} is not text")
        text = value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
        self[value] = text
        return text


def _family(group: list[Sample], *, openmetrics: bool, escape: Callable[[str], str], taken: set[str]) -> str:
    family = group[0].family
    base = _check_declaration(family)
    _check_labels(family, group)
    if family.kind == "histogram":
        lines = list(_histogram_lines(family, group, escape))
    else:
        lines = _plain_lines(family, group, escape)
    names = {base + suffix for suffix in _SUFFIXES[family.kind]}
    if clash := names & taken:
        raise BadSampleError(f"another family has the name {min(clash)}")
    taken |= names
    return _head(family, base, openmetrics=openmetrics) + "".join(lines)


def _check_declaration(family: Family) -> str:
    """The family's OpenMetrics name."""
    if not _NAME.fullmatch(family.name):
        raise BadSampleError("the name is not one of Prometheus")
    if family.kind not in _SUFFIXES:
        raise BadSampleError(f"unknown kind {family.kind}")
    own = {*family.labels, "le"} if family.kind == "histogram" else set(family.labels)
    if len(own) != len(family.labels) + (family.kind == "histogram") or not all(map(_LABEL.fullmatch, own)):
        raise BadSampleError("bad label names")
    if unknown := set(family.values or ()) - set(family.labels):
        raise BadSampleError(f"words for an unknown label {min(unknown)}")
    if family.kind != "counter":
        return family.name
    if not family.name.endswith("_total"):
        raise BadSampleError("a counter's name ends in _total")
    return family.name.removesuffix("_total")


def _check_labels(family: Family, group: list[Sample]) -> None:
    if len({id(sample[0]) for sample in group}) > 1 and any(sample[0] != family for sample in group):
        raise BadSampleError("two families have this name")
    width = len(family.labels)
    rows = [sample[1] for sample in group]
    if any(len(row) != width for row in rows):
        raise BadSampleError(f"a sample has not {width} label values")
    if len(set(rows)) != len(rows):
        raise BadSampleError("two samples have the same labels")
    for label, words in (family.values or {}).items():
        column = family.labels.index(label)
        if strange := {row[column] for row in rows}.difference(words):
            raise BadSampleError(f"{label} has no word {min(strange)!r}")


def _head(family: Family, base: str, *, openmetrics: bool) -> str:
    text = family.help.replace("\\", r"\\").replace("\n", r"\n")
    if not openmetrics:
        return f"# HELP {family.name} {text}\n# TYPE {family.name} {family.kind}\n"
    unit = base.rpartition("_")[2]
    line = f"# UNIT {base} {unit}\n" if unit in _UNITS and unit != base else ""
    text = text.replace('"', r"\"")
    return f"# HELP {base} {text}\n# TYPE {base} {family.kind}\n{line}"


def _template(name: str, labels: Sequence[str]) -> str:
    pairs = ",".join(f'{label}="%s"' for label in labels)
    return f"{name}{{{pairs}}} %s\n" if pairs else f"{name} %s\n"


def _plain_lines(family: Family, group: list[Sample], escape: Callable[[str], str]) -> list[str]:
    order = sorted(range(len(family.labels)), key=family.labels.__getitem__)
    template = _template(family.name, [family.labels[i] for i in order])
    number = _counted if family.kind == "counter" else _number
    if order == list(range(len(order))):
        return [template % (*map(escape, row), number(value)) for _, row, value in group]
    return [template % (*[escape(row[i]) for i in order], number(value)) for _, row, value in group]


def _histogram_lines(family: Family, group: list[Sample], escape: Callable[[str], str]) -> Iterator[str]:
    bounds = [*map(go_float, family.bounds), "+Inf"]
    if list(family.bounds) != sorted(set(family.bounds)) or not all(isfinite(b) and b >= 0 for b in family.bounds):
        raise BadSampleError("the bounds do not rise from 0")
    names = sorted((*family.labels, "le"))
    bucket = _template(f"{family.name}_bucket", names)
    count = _template(f"{family.name}_count", sorted(family.labels))
    total = _template(f"{family.name}_sum", sorted(family.labels))
    for _, row, value in group:
        if not isinstance(value, Histogram) or len(value.counts) != len(bounds):
            raise BadSampleError(f"a sample is no histogram of {len(bounds)} buckets")
        words = dict(zip(family.labels, map(escape, row), strict=True))
        rest = tuple(words[name] for name in sorted(family.labels))
        at = names.index("le")
        seen = 0
        for le, observed in zip(bounds, value.counts, strict=True):
            _counted(observed)
            seen += observed
            yield bucket % (*rest[:at], le, *rest[at:], go_float(seen))
        yield count % (*rest, go_float(seen))
        yield total % (*rest, _counted(value.sum))


def _number(value: float | Histogram) -> str:
    if not isinstance(value, (float, int)):
        raise BadSampleError(f"{type(value).__name__} is no number")
    if not isfinite(value):
        raise BadSampleError("a value is not finite")
    return go_float(value)


def _counted(value: float | Histogram) -> str:
    text = _number(value)
    if text[0] == "-" and text != "-0.0":
        raise BadSampleError("a count is negative")
    return text


def go_float(value: float) -> str:
    """A number as prometheus-client writes it; Go goes over to exponents at one million, Python does not."""
    text = repr(float(value))
    if value < 1e6 or "." not in text[6:]:
        return text
    dot = text.index(".")
    mantissa = f"{text[0]}.{text[1:dot]}{text[dot + 1 :]}".rstrip("0.")
    return f"{mantissa}e+{dot - 1:02d}"
