"""Kubernetes quantities: `1500m`, `7Gi`, `0.5G`, `1e3`."""

from __future__ import annotations

import re
from functools import lru_cache
from math import isfinite

_FORM = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?[0-9]{1,3}))?", re.ASCII)
_LONGEST = 64
_SCALE = {
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "P": 1e15,
    "E": 1e18,
    "Ki": 2.0**10,
    "Mi": 2.0**20,
    "Gi": 2.0**30,
    "Ti": 2.0**40,
    "Pi": 2.0**50,
    "Ei": 2.0**60,
}


def parse_quantity(text: str) -> float | None:
    """Return the amount in base units (cores, bytes), None for what is not a finite quantity of zero or more."""
    return _parse(text) if len(text) <= _LONGEST else None


@lru_cache(maxsize=1024)
def _parse(text: str) -> float | None:
    form = _FORM.fullmatch(text)
    if form is None:
        return None
    number, suffix, exponent = form.groups()
    amount = float(f"{number}e{exponent}") if exponent else float(number) * _SCALE.get(suffix, 1.0)
    return amount if isfinite(amount) and amount >= 0 else None
