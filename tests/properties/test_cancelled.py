"""The properties of a cancel that was asked for, whatever happens before, meanwhile and after."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exporter.domain.fold.ledger import Ledger
from exporter.domain.phase import Phase
from tests.properties.test_phase import say, tick, told
from tests.support.histories import Step, histories, tell
from tests.support.records import NAMESPACE, A, new_ledger, total

KEY = (NAMESPACE, A)


def lived(steps: list[Step], *asked: int, ends: bool = True) -> Ledger:
    """A ledger that was told a story, with the cancel of A asked for before some of its steps: over at once if it
    `ends`, else running on."""
    ledger = new_ledger()
    for number, step in enumerate(steps):
        for _ in range(asked.count(number)):
            ledger.jobs.cancel(KEY)
            if ends:
                ledger.jobs.end_cancel(KEY)
        tell(ledger, [step], judged=True)
    tick(ledger)
    return ledger


@given(histories(waits=True), st.data())
def test_p10_a_cancel_changes_nothing_of_other_searches_and_no_tally(steps: list[Step], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(steps) - 1))
    plain, asked = lived(steps), lived(steps, at)
    others = set(told(plain)) - {KEY}
    assert {key: told(asked)[key] for key in others} == {key: told(plain)[key] for key in others}
    if KEY in plain.jobs.searches:
        before, after = say(plain.jobs.searches[KEY]), say(asked.jobs.searches[KEY])
        assert before[2:] == after[2:]
    for name in ("jobs_finished_total", "attempts_failed_total"):
        assert total(plain, name) == total(asked, name)


@given(histories(waits=True), st.data())
def test_p11_asking_twice_is_asking_once(steps: list[Step], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(steps) - 1))
    again = data.draw(st.integers(first, len(steps) - 1))
    ends = data.draw(st.booleans())
    once, twice = lived(steps, first, ends=ends), lived(steps, first, again, ends=ends)
    assert told(once) == told(twice)
    assert once.counts.freeze() == twice.counts.freeze()


@given(histories(waits=True), st.data())
def test_a_cancelled_search_ends_as_cancelled_at_most_once_and_never_succeeds(
    steps: list[Step], data: st.DataObject
) -> None:
    """But for one that had ended before it was asked for."""
    at = data.draw(st.integers(0, len(steps) - 1))
    before = lived(steps[:at])
    ledger = lived(steps, at)
    search = ledger.jobs.searches.get(KEY)
    known = before.jobs.searches.get(KEY)
    if search is None or (known is not None and known.memory.phase and known.memory.phase.terminal):
        return
    assert search.memory.phase in (Phase.CANCELLING, Phase.CANCELLED)
    assert total(ledger, "searches_finished_total", NAMESPACE, "cancelled", "admin") <= 1
    assert (search.memory.phase is Phase.CANCELLING) == search.facts().cancellable


@given(histories(waits=True), st.data())
def test_strays_are_the_living_jobs_that_came_after(steps: list[Step], data: st.DataObject) -> None:
    ledger = lived(steps, data.draw(st.integers(0, len(steps) - 1)))
    for search in ledger.jobs.searches.values():
        live = {uid for uid, entry in ledger.jobs.entries.items() if entry.search is search and entry.live}
        assert search.strays <= live
        assert not search.strays or search.cancelled_at is not None


@given(histories(waits=True), st.data())
def test_while_a_cancel_runs_no_job_came_after_it(steps: list[Step], data: st.DataObject) -> None:
    """Also of a search that was not known when it was asked for."""
    ledger = lived(steps, data.draw(st.integers(0, len(steps) - 1)), ends=False)
    assert total(ledger, "jobs_after_cancel_total") == 0
