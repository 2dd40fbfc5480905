"""The matrix is whole: every row has a test, every marked test a row, and the document shows both."""

from __future__ import annotations

from tests.faults.matrix import DOCUMENT, marked, written
from tests.faults.rows import ROWS


def test_every_row_has_a_test() -> None:
    assert sorted(set(ROWS) - set(marked())) == []


def test_every_marked_test_has_a_row() -> None:
    assert sorted(set(marked()) - set(ROWS)) == []


def test_the_document_shows_the_matrix() -> None:
    """`make docs` writes it."""
    assert DOCUMENT.read_text() == written(DOCUMENT.read_text())
