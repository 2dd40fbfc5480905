"""What names say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.domain.names import (
    batch_number,
    cast,
    db_name,
    is_partition,
    mould_of,
    openapi_id,
    program_of,
    short_id,
)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("blastn-batch-s03-job-000-1a2b3c4d", 0),
        ("blastp-batch-nr-job-012-1a2b3c4d", 12),
        ("blastp-batch-nr-job-1234-1a2b3c4d", 1234),
        ("blastp-batch-nr-job-012", 12),
        ("blastp-batch-my-job-001-job-002-1a2b3c4d", 2),
        ("blastp-batch-nr-job-012-job-1234", 1234),
        ("blastp-batch-nr-job-012-job-123x", 12),
        ("blastp-batch-nr-job-012-1a2b3c4d-x7z9q", None),
        ("blastp-batch-nr-job-12-1a2b3c4d", None),
        ("elb-finalizer-1a2b3c4d", None),
        ("blastp-batch-nr-job-٠٠١", None),
    ],
)
def test_the_batch_number_is_in_the_name(name: str, number: int | None) -> None:
    assert batch_number(name) == number


def test_batches_of_a_search_have_one_mould() -> None:
    names = [f"blastp-batch-nr-job-{number:03}-1a2b3c4d" for number in (0, 7, 12, 999, 1000)]
    assert len({mould_of(name, batch_number(name)) for name in names}) == 1


NAMES = st.lists(st.sampled_from(["blastp", "-batch-nr", "-job-", "007", "7", "0007", "-1a2b3c4d"]), max_size=8)


@given(NAMES.map("".join), st.none() | st.integers(0, 2000) | st.just(7))
def test_a_name_comes_out_of_its_mould_as_it_went_in(name: str, number: int | None) -> None:
    assert cast(mould_of(name, number), number) == name


@pytest.mark.parametrize(
    ("name", "env", "program"),
    [
        ("blastn-batch-nt-job-000", "", "blastn"),
        ("blastn-batch-nt-job-000", "blastx", "blastx"),
        ("magic-batch-nt-job-000", "", "other"),
        ("blastn-batch-nt-job-000", "x" * 500, "other"),
        ("elb-finalizer-1a2b3c4d", "", ""),
    ],
)
def test_the_program_is_one_of_a_few(name: str, env: str, program: str) -> None:
    assert program_of(name, env) == program


@pytest.mark.parametrize(
    ("raw", "db"),
    [
        ("core_nt", "core_nt"),
        ("core_nt_shard_03", "core_nt"),
        ("part_03/nr", "nr"),
        ("my_shard_db", "my_shard_db"),
        ("a_shard_1_shard_02", "a_shard_1"),
        ("https://acct.blob.core.windows.net/dbs/mine/mine?sig=secret", "mine"),
        ("", ""),
    ],
)
def test_the_database_is_named_alike_in_every_mode(raw: str, db: str) -> None:
    assert db_name(raw) == db


def test_a_partition_is_told_from_a_database() -> None:
    assert is_partition("part03")
    assert not is_partition("party")


def test_the_short_id_is_the_end_of_the_id() -> None:
    assert short_id("job-" + "0123456789abcdef" * 2) == "89abcdef"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("https://a.blob.core.windows.net/results/0123456789ab/job-1", "0123456789ab"),
        ("https://a.blob.core.windows.net/results/0123456789abc", ""),
        ("", ""),
    ],
)
def test_the_openapi_id_is_a_segment_of_the_results_path(path: str, found: str) -> None:
    assert openapi_id(path) == found
