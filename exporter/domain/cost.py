"""What node time costs, by the prices of the configuration: an estimate, never a bill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Prices = Mapping[str, tuple[float, str]]
"""By pool: the price of one node for one hour, and its currency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Amounts by currency. It was more than this where pools that were used have no price (`unpriced`), or where some
    of the time was not seen (`incomplete`)."""

    amounts: Mapping[str, float]
    unpriced: tuple[str, ...] = ()
    incomplete: bool = False


def cost(node_seconds: Mapping[str, float], prices: Prices, *, incomplete: bool = False) -> Cost | None:
    """What so many seconds of nodes cost, by pool; None where no pool that was used has a price."""
    amounts: dict[str, float] = {}
    for pool, seconds in node_seconds.items():
        if pool in prices:
            price, currency = prices[pool]
            amounts[currency] = amounts.get(currency, 0.0) + seconds * price / 3600
    if not amounts:
        return None
    unpriced = sorted(pool for pool, seconds in node_seconds.items() if seconds and pool not in prices)
    return Cost(amounts=amounts, unpriced=tuple(unpriced), incomplete=incomplete)
