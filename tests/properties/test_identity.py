"""Property 14 of the state machine, and what a search id is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exporter.domain.fold.evaluate import evaluate
from exporter.domain.identity import identify, is_search_id
from tests.support.records import START, job, new_ledger, search_of, see

ALPHANUMERIC = "abcXYZ019"
INNER = ALPHANUMERIC + "-_."
IDS = st.builds(
    lambda first, middle, last: first + middle + last,
    st.sampled_from(ALPHANUMERIC),
    st.text(INNER, max_size=61),
    st.sampled_from(ALPHANUMERIC),
)


@given(st.lists(IDS, min_size=2, max_size=5, unique=True), IDS)
def test_p14_ids_that_look_alike_stay_separate(ids: list[str], suffix: str) -> None:
    ids = list(dict.fromkeys([*ids, *(i[:30] + suffix[-8:] for i in ids)]))
    ledger = new_ledger()
    for number, identity in enumerate(ids):
        see(ledger, *(job(f"{number}-{n}", "running", search=identity) for n in range(number + 1)))
    evaluate(ledger, START + 100, stale=frozenset())
    for number, identity in enumerate(ids):
        assert search_of(ledger, identity).five_states()["running"] == number + 1


def legal(text: str) -> bool:
    """The rule for a label value, in words: at most 63 characters, both ends alphanumeric, `-_.` between."""
    plain = all(c.isascii() and (c.isalnum() or c in "-_.") for c in text)
    return 1 <= len(text) <= 63 and plain and text[0].isalnum() and text[-1].isalnum()


@given(IDS | st.text(max_size=70) | st.text(INNER + "\n /", max_size=66))
def test_reliability_p8_a_search_id_is_a_legal_label_value_and_nothing_else(text: str) -> None:
    assert is_search_id(text) == legal(text)
    found = identify(app="blast", label=text, template="", env="", results_path="")
    assert found.search == (text if legal(text) else "")
