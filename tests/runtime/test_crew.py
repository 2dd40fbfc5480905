"""What is asked now and then shares a bounded number of threads, and nobody who hangs keeps others waiting."""

from __future__ import annotations

import threading
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from exporter.runtime.crew import Chore, Crew
from tests.support.threads import no_more_threads
from tests.support.waiting import wait_for


class Yard:
    """Chores that last until `gate` is open; who is at work, and how many at most."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.at_work: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.done: list[str] = []
        self._lock = threading.Lock()

    def chore(self, whom: str, *, waits: bool = True, doubtful: bool = False) -> Chore:
        def call() -> None:
            with self._lock:
                self.at_work[whom] += 1
                self.most[whom] = max(self.most[whom], self.at_work[whom])
                self.most["all"] = max(self.most["all"], self.at_work.total())
            if waits:
                assert self.gate.wait(20.0)
            with self._lock:
                self.at_work[whom] -= 1
                self.done.append(whom)

        return Chore(whom=whom, call=call, doubtful=doubtful)


def test_all_is_done_before_it_returns() -> None:
    yard = Yard()
    left = Crew(most=3, each=2).do([yard.chore(whom, waits=False) for whom in "aaaabbbbcc"], within=20.0)
    assert (left, sorted(yard.done)) == ([], sorted("aaaabbbbcc"))
    assert yard.most["all"] <= 3


def test_one_that_hangs_has_no_more_than_its_share_and_the_others_are_done() -> None:
    yard = Yard()
    chores = [*(yard.chore("slow") for _ in range(20)), *(yard.chore(whom, waits=False) for whom in "abcdef" * 5)]
    left = Crew(most=8, each=4).do(chores, within=1.0)
    assert Counter(yard.done) == Counter("abcdef" * 5)
    assert (yard.most["slow"], {chore.whom for chore in left}, len(left)) == (4, {"slow"}, 16)
    yard.gate.set()


def test_those_that_failed_have_half_of_the_threads_however_many_they_are() -> None:
    yard = Yard()
    chores = [*(yard.chore(f"slow {n}", doubtful=True) for n in range(50)), yard.chore("sound", waits=False)]
    left = Crew(most=8, each=4).do(chores, within=0.5)
    assert (yard.done, yard.at_work.total(), len(left)) == (["sound"], 4, 46)
    yard.gate.set()


def test_what_runs_over_counts_in_the_next_round() -> None:
    """And when it ends there is room again, for a round that waits too."""
    yard = Yard()
    crew = Crew(most=2, each=2)
    crew.do([yard.chore("slow"), yard.chore("slow")], within=0.1)
    waiting = yard.chore("a", waits=False)
    assert crew.do([waiting], within=0.1) == [waiting]
    rounds = threading.Thread(target=crew.do, args=([waiting],), kwargs={"within": 20.0})
    rounds.start()
    yard.gate.set()
    rounds.join(10.0)
    wait_for(lambda: sorted(yard.done) == ["a", "slow", "slow"])


def test_a_chore_that_raises_gives_its_thread_back() -> None:
    raised: list[type[BaseException]] = []
    before, threading.excepthook = threading.excepthook, lambda given: raised.append(given.exc_type)
    crew = Crew(most=1, each=1)
    try:
        crew.do([Chore(whom="a", call=lambda: 1 // 0)], within=20.0)
        yard = Yard()
        assert crew.do([yard.chore("b", waits=False)], within=20.0) == []
    finally:
        threading.excepthook = before
    wait_for(lambda: raised == [ZeroDivisionError])


def test_where_no_thread_can_be_had_nothing_is_lost_and_the_room_is_given_back() -> None:
    yard, crew = Yard(), Crew(most=1, each=1)
    chores = [yard.chore("a", waits=False), yard.chore("b", waits=False)]
    with no_more_threads():
        assert crew.do(chores, within=20.0) == chores
    assert crew.do(chores, within=20.0) == []
    assert sorted(yard.done) == ["a", "b"]


@given(st.lists(st.sampled_from("abc"), max_size=12), st.integers(1, 4), st.integers(1, 3))
def test_whoever_comes_each_chore_is_done_once(parties: list[str], most: int, each: int) -> None:
    yard = Yard()
    crew = Crew(most=most, each=each)
    assert crew.do([yard.chore(whom, waits=False) for whom in parties], within=20.0) == []
    assert sorted(yard.done) == sorted(parties)
    assert yard.most["all"] <= most
    assert all(yard.most[whom] <= each for whom in "abc")
