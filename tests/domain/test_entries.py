"""How the pods of one Job are held, and which of them are one object."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exporter.domain.fold.entries import PodEntry, Pods, added, each, share_of, without
from tests.support.records import pod

SOME = [PodEntry(pod(f"p{n}")) for n in range(4)]


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(SOME))))
def test_pods_are_held_as_in_a_set_that_keeps_their_order(steps: list[tuple[bool, PodEntry]]) -> None:
    pods: Pods = None
    model: dict[PodEntry, None] = {}
    for adds, entry in steps:
        pods = (added if adds else without)(pods, entry)
        model.update({entry: None}) if adds else model.pop(entry, None)
        assert list(each(pods)) == list(model)
        assert (pods is None) == (not model)


def test_equal_shares_are_one_object() -> None:
    assert share_of(pod("p1", node="n", cpu=2.0)) is share_of(pod("p2", node="n", cpu=2.0))
    assert share_of(pod("p1", phase="Failed", cpu=2.0)) is share_of(pod("p2", phase="Succeeded"))
