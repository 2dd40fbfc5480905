"""More searches than may be shown or kept."""

from __future__ import annotations

from collections import Counter

import pytest

from exporter.domain.fold.evaluate import evaluate
from tests.support.records import NAMESPACE, START, batch_of, job, new_ledger, see, total

LIVE, ENDED = 7000, 3000
SHOWN, KEPT = 100, 2000


@pytest.mark.fault(54)
def test_ten_thousand_searches_are_capped_in_detail_and_exact_in_sum() -> None:
    """Every live one is known and counted, shown or not; of the ended ones the newest are kept, all were counted."""
    ledger = new_ledger(searches_shown=SHOWN, searches_kept=LIVE + KEPT)
    for number in range(LIVE + ENDED):
        look = "running" if number % 2 else "pending"
        see(ledger, *(job(f"{number}-{n}", look, search=f"s{number}", created=START + number) for n in range(2)))
    evaluate(ledger, START + 20_000)
    for number in range(LIVE, LIVE + ENDED):
        ended = {"created": START + number, "ended": START + number + 60}
        see(
            ledger,
            *(job(f"{number}-{n}", "failed", search=f"s{number}", **ended) for n in range(2)),
            now=START + 20_001,
        )
    evaluate(ledger, START + 20_002)
    evaluate(ledger, START + 20_010)
    batch = batch_of(ledger, START + 20_010)
    assert len(batch.searches) == SHOWN
    assert batch.hidden == LIVE + KEPT - SHOWN
    assert batch.live_phases == {(NAMESPACE, "running"): LIVE // 2, (NAMESPACE, "pending"): LIVE // 2}
    assert batch.jobs == {(NAMESPACE, "blast", "running"): LIVE, (NAMESPACE, "blast", "pending"): LIVE}
    assert total(ledger, "searches_finished_total", NAMESPACE, "failed") == ENDED
    assert total(ledger, "jobs_finished_total", NAMESPACE, "blast", "failed") == 2 * ENDED
    assert {view.id for view in batch.searches} == {f"s{number}" for number in range(LIVE - SHOWN, LIVE)}
    left = Counter(int(identity[1:]) >= LIVE for _, identity in ledger.jobs.searches)
    assert left == {False: LIVE, True: KEPT}
