"""What does not fit a label is counted under `other`, and that it was is counted too."""

from __future__ import annotations

from exporter.domain.counts import Counts
from exporter.domain.ledger import Ledger, Limits
from exporter.domain.rules import Rules
from tests.support.records import node, total

NAME = "exporter_label_values_replaced_total"


def test_a_pool_over_the_cap_is_other_and_counted_once_per_node() -> None:
    ledger = Ledger(rules=Rules(), limits=Limits(pools=1), counts=Counts())
    for pool in ("first", "second"):
        ledger.seen(node(pool, pool=pool), 0.0)
        ledger.seen(node(pool, pool=pool), 1.0)
    assert [view.pool for view in ledger.nodes.pools(with_pods=False)] == ["first", "other"]
    assert total(ledger, NAME, "pool") == 1
