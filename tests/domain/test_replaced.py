"""What does not fit a label is counted under `other`, and that it was is counted too."""

from __future__ import annotations

from exporter.domain.fold.counts import Counts
from exporter.domain.fold.ledger import Ledger, Limits
from exporter.domain.rules import Rules
from tests.support.records import NAMESPACE, START, batch_of, claim, core_of, job, new_ledger, node, see, total

NAME = "exporter_label_values_replaced_total"


def test_a_pool_over_the_cap_is_other_and_counted_once_per_node() -> None:
    ledger = Ledger(rules=Rules(), limits=Limits(pools=1), counts=Counts())
    for pool in ("first", "second"):
        ledger.seen(node(pool, pool=pool), 0.0)
        ledger.seen(node(pool, pool=pool), 1.0)
    assert [view.pool for view in ledger.nodes.pools(with_pods=False)] == ["first", "other"]
    assert total(ledger, NAME, "pool") == 1


def warm(ledger: Ledger, *dbs: str, namespace: str = NAMESPACE) -> None:
    """Make the warm-up Jobs of a namespace those of `dbs`, each loading."""
    facts = {"role": "warmup", "search": "", "warm_node": "n1", "namespace": namespace}
    jobs = [job(f"{namespace}-{db}", "running", warm_db=db, **facts) for db in dbs]
    ledger.listed("jobs", namespace, jobs, START + 100, gap=0.0)


def test_warm_databases_over_the_cap_are_added_up_and_each_is_counted_once() -> None:
    ledger = new_ledger(db_pairs=2)
    warm(ledger, "b", "c", "a", "d")
    for _ in range(3):
        assert batch_of(ledger).warmup == {("a", "loading"): 1, ("b", "loading"): 1, ("other", "loading"): 2}
    assert total(ledger, NAME, "db") == 2


def test_a_warm_database_keeps_its_series_until_it_is_gone() -> None:
    """One that comes later takes no place that is taken; a free place goes to one that waited."""
    ledger = new_ledger(db_pairs=2)
    warm(ledger, "m", "n")
    assert set(batch_of(ledger).warmup) == {("m", "loading"), ("n", "loading")}
    warm(ledger, "a", "m", "n")
    assert set(batch_of(ledger).warmup) == {("m", "loading"), ("n", "loading"), ("other", "loading")}
    warm(ledger, "a", "n")
    assert set(batch_of(ledger).warmup) == {("a", "loading"), ("n", "loading")}
    assert total(ledger, NAME, "db") == 1


def test_a_namespace_that_is_not_shown_frees_no_place() -> None:
    ledger = new_ledger(db_pairs=1)
    warm(ledger, "m")
    batch_of(ledger)
    warm(ledger, "a", namespace="there")
    assert batch_of(ledger, namespaces=["there"]).warmup == {("other", "loading"): 1}
    assert batch_of(ledger, namespaces=[NAMESPACE]).warmup == {("m", "loading"): 1}
    assert total(ledger, NAME, "db") == 1


def test_claims_over_the_cap_of_a_namespace_are_left_out_and_those_of_searches_come_first() -> None:
    ledger = new_ledger()
    names = [f"a{n:02}" for n in range(30)]
    see(ledger, claim("db"), *(claim(name, name=name) for name in reversed(names)))
    see(ledger, claim("there", name="zz", namespace="there"))
    shown = core_of(ledger, claim_namespaces=[NAMESPACE, "there"]).claims
    expected = [(NAMESPACE, name) for name in ("blast-dbs-pvc-rwm", *names[:19])]
    assert list(shown or {}) == [*expected, ("there", "zz")]
