"""Durations, sizes and counts: how they are written, read and shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

_LONGEST = 40
_DURATION = re.compile(
    r"(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+(?:\.[0-9]+)?)s)?(?:([0-9]+(?:\.[0-9]+)?)ms)?"
)
_SCALES = tuple(Decimal(scale) for scale in ("86400", "3600", "60", "1", "0.001"))
_SIZE = re.compile(r"([0-9]+)(B|KiB|MiB|GiB)")
_UNITS = {"GiB": 1024**3, "MiB": 1024**2, "KiB": 1024, "B": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A bounded number with a written form; put into `Annotated`, it validates the field."""

    words: str
    unit: str
    low: float
    high: float
    read: Callable[[object], float]
    show: Callable[[float], str]

    def parse(self, raw: object) -> float:
        """The number. Raises ValueError with a sentence that does not repeat the input."""
        value = self.read(raw)
        if not self.low <= value <= self.high:
            raise ValueError(f"must be between {self.show(self.low)} and {self.show(self.high)}")
        return value

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.parse)


def duration(low: float, high: float) -> Quantity:
    """Seconds, as a float."""
    return Quantity(words="duration", unit="s", low=low, high=high, read=read_duration, show=show_duration)


def size(low: int, high: int) -> Quantity:
    """Bytes, as an int."""
    return Quantity(words="size", unit="B", low=low, high=high, read=read_size, show=show_size)


def count(low: int, high: int, *, unit: str = "") -> Quantity:
    """A whole number."""
    return Quantity(words="whole number", unit=unit, low=low, high=high, read=read_count, show=lambda n: str(int(n)))


def number(low: float, high: float) -> Quantity:
    """A decimal number."""
    return Quantity(words="number", unit="", low=low, high=high, read=read_number, show=lambda n: f"{n:.15g}")


def read_duration(raw: object) -> float:
    """Seconds from `90`, `"90"`, `"1m30s"`, `"250ms"`. Raises ValueError."""
    text = _text(raw)
    try:
        plain = Decimal(text)
    except InvalidOperation:
        return float(_compound(text))
    if not plain.is_finite():
        raise ValueError("must be a finite duration")
    return float(plain)


def _compound(text: str) -> Decimal:
    match = _DURATION.fullmatch(text)
    if not text or match is None:
        raise ValueError("must be a duration such as 30s, 5m, 1h30m or 250ms, or a number of seconds")
    return sum((Decimal(part) * scale for part, scale in zip(match.groups(), _SCALES, strict=True) if part), Decimal(0))


def show_duration(seconds: float) -> str:
    """The shortest written form that reads back as exactly the same number."""
    milliseconds = round(seconds * 1000)
    if milliseconds / 1000 != seconds:
        return f"{Decimal(repr(seconds)):f}s"
    parts = []
    for suffix, scale in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        whole, milliseconds = divmod(milliseconds, scale)
        if whole:
            parts.append(f"{whole}{suffix}")
    return "".join(parts) or "0s"


def read_size(raw: object) -> int:
    """Bytes from `1048576`, `"1MiB"`. Raises ValueError."""
    text = _text(raw)
    if match := _SIZE.fullmatch(text):
        return int(match[1]) * _UNITS[match[2]]
    try:
        return read_count(text)
    except ValueError:
        raise ValueError("must be a size such as 512KiB or 32MiB, or a number of bytes") from None


def show_size(value: float) -> str:
    """The largest unit that divides the number."""
    for unit, scale in _UNITS.items():
        if value >= scale and value % scale == 0:
            return f"{int(value) // scale}{unit}"
    return f"{int(value)}B"


def read_count(raw: object) -> int:
    """A whole number from an int or its decimal digits. Raises ValueError."""
    text = _text(raw)
    if not re.fullmatch(r"[+-]?[0-9]+", text):
        raise ValueError("must be a whole number")
    return int(text)


def read_number(raw: object) -> float:
    """A float from a number or its decimal form. Raises ValueError."""
    try:
        return float(Decimal(_text(raw)))
    except (InvalidOperation, ValueError):
        raise ValueError("must be a number") from None


def _text(raw: object) -> str:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        raise ValueError("must be a number or text")
    try:
        text = str(raw).strip()
    except ValueError:  # more digits than Python is willing to print
        raise ValueError("is far too long") from None
    if len(text) > _LONGEST:
        raise ValueError("is far too long")
    return text
