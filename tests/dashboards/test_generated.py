"""What is kept is what the generator prints, in the form that Grafana reads."""

from __future__ import annotations

import jsonschema
import pytest

from dashboards.generator.__main__ import files
from tests.dashboards.queries import FOLDER, documents, interpolated, queries, raw
from tests.dashboards.schema_board import BOARD

ROOT = FOLDER.parent
PRINTED = files()
VALIDATOR = jsonschema.Draft202012Validator(BOARD)


@pytest.mark.parametrize("name", PRINTED)
def test_a_file_is_what_the_generator_prints(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == PRINTED[name], "run `make dashboards`"


def test_the_generator_prints_the_same_again() -> None:
    assert files() == PRINTED


def test_no_board_is_left_over() -> None:
    assert {f"dashboards/{path.name}" for path in FOLDER.glob("*.json")} == {name for name in PRINTED if "json" in name}


@pytest.mark.parametrize("uid", documents())
def test_a_board_has_the_form_of_the_classic_model_and_nothing_else(uid: str) -> None:
    jsonschema.Draft202012Validator.check_schema(BOARD)
    errors = VALIDATOR.iter_errors(documents()[uid])
    assert [f"{error.json_path}: {error.message}" for error in errors] == []


@pytest.mark.parametrize(
    ("place", "value"), [("pluginVersion", "11.6.0"), ("iteration", 1), ("gnetId", 7), ("liveNow", True), ("rows", [])]
)
def test_the_form_refuses_what_a_save_in_the_browser_adds(place: str, value: object) -> None:
    board = {**documents()["elb-home"], place: value}
    assert not VALIDATOR.is_valid(board)


def test_queries_are_ready_to_be_sent() -> None:
    """No variable is left in any of them; each has its board, panel and refId."""
    sent = list(queries(search="job-1"))

    assert sent
    assert not [query for query in sent if "$" in query.expr]
    assert len({(query.board, query.panel, query.ref) for query in sent}) == len(sent)
    assert any('elb_job_id="job-1"' in query.expr for query in sent)


def test_a_variable_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        interpolated("up{shard=~'$shard'}")


def test_annotations_and_variables_of_a_board_are_queries_too() -> None:
    kinds = {query.kind for document in documents().values() for query in raw(document)}
    assert kinds == {"panel", "annotation", "variable"}
