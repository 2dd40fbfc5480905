from __future__ import annotations

from exporter.domain.fold.counts import Counts
from exporter.domain.snapshots import Tally

BOUNDS = (1.0, 10.0)
LASTED = ("lasted", ("blastn",))


def test_counters_are_born_at_zero_and_add_up() -> None:
    counts = Counts([("a", ("x",)), ("a", ("y",))])
    counts.add("a", ("x",))
    counts.add("a", ("x",), 2.5)
    counts.bear([("a", ("x",)), ("b", ())])
    assert counts.freeze().totals == {("a", ("x",)): 3.5, ("a", ("y",)): 0.0, ("b", ()): 0.0}


def test_an_observation_falls_into_the_first_bucket_that_holds_it() -> None:
    counts = Counts(tallies={LASTED: Tally((0, 0, 0), 0.0)})
    assert counts.freeze().tallies == {LASTED: Tally((0, 0, 0), 0.0)}
    for value in (0.5, 1.0, 1.5, 10.0, 99.0):
        counts.observe(*LASTED, value, BOUNDS)
    assert counts.freeze().tallies == {LASTED: Tally((2, 2, 1), 112.0)}


def test_what_was_frozen_does_not_move() -> None:
    counts = Counts([("a", ())])
    counts.observe(*LASTED, 1.0, BOUNDS)
    frozen = counts.freeze()
    counts.add("a", ())
    counts.observe(*LASTED, 1.0, BOUNDS)
    assert frozen.totals == {("a", ()): 0.0}
    assert frozen.tallies == {LASTED: Tally((1, 0, 0), 1.0)}
