"""The boards keep the rules that people's trust in them rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.dashboards import lint_board, lint_queries
from tests.dashboards.queries import Document, documents

BOARDS = documents()
Rule = Callable[[Document], Iterator[str]]


@pytest.mark.parametrize("rule", [*lint_board.RULES, *lint_queries.RULES], ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("uid", BOARDS)
def test_a_board_keeps_the_rule(uid: str, rule: Rule) -> None:
    assert list(rule(BOARDS[uid])) == []


def test_there_are_eight_boards_and_each_is_in_the_file_of_its_uid() -> None:
    assert {document["uid"] for document in BOARDS.values()} == set(BOARDS) == lint_board.UIDS
