"""The OpenAPI document is what the port does, and the page shows it without anything from elsewhere."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from exporter.admin import openapi
from exporter.admin.problems import STATUS_OF_OUTCOME, STATUS_OF_REFUSAL, TITLES
from tests.admin.port import OPERATOR, A, Port, listening

SCHEMA = schemathesis.openapi.from_dict(openapi.document())


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Port]:
    many = {"requests_per_minute": 100_000, "cancels_per_caller": 10_000, "cancels_per_minute": 10_000}
    with listening(tmp_path_factory.mktemp("admin"), **many) as port:
        port.search()
        yield port


@SCHEMA.parametrize()
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_what_the_port_does_is_what_its_document_says(standing: Port, case: schemathesis.Case) -> None:
    """Whether an id, a confirmation, a cluster or a namespace is right is no matter of their form: refusing them is
    allowed."""
    case.call_and_validate(
        excluded_checks=[positive_data_acceptance],
        base_url=f"http://127.0.0.1:{standing.number}",
        headers={"Authorization": f"Bearer {OPERATOR}"},
        timeout=30.0,
    )


def test_the_document_is_served_as_it_is_made(port: Port) -> None:
    answer = port.get("/openapi.json", token="")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json == openapi.document()
    assert answer.json["openapi"] == "3.1.0"


def test_every_reference_of_the_document_leads_somewhere() -> None:
    text = str(openapi.document())
    named = set(re.findall(r"#/components/schemas/(\w+)", text))
    assert named <= set(openapi.document()["components"]["schemas"])


def test_every_problem_has_a_title_and_every_status_a_sentence() -> None:
    names = {one.value for one in (*STATUS_OF_OUTCOME, *STATUS_OF_REFUSAL)}
    assert names <= set(TITLES)
    said = set(openapi.document()["paths"]["/v1/searches/{id}/cancel"]["post"]["responses"])
    statuses = {str(one) for one in (*STATUS_OF_OUTCOME.values(), *STATUS_OF_REFUSAL.values())}
    assert statuses <= said


class Loads(HTMLParser):
    """Collects what a browser would ask for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.asked += [value or "" for name, value in attrs if name in ("src", "href", "action", "style")]


def test_the_page_shows_every_path_and_loads_nothing(port: Port) -> None:
    page = port.get("/", token="")
    text = page.body.decode()
    assert all(
        path in text for path in ("/v1/searches/{id}/cancel", "/v1/cancels/{key}", "CancelRequest", "unlabelled")
    )
    loads = Loads()
    loads.feed(text)
    assert loads.asked == ["/openapi.json"]
    assert not loads.tags & {"script", "img", "link", "iframe", "form", "object"}


def test_the_page_may_use_its_own_style_and_nothing_else(port: Port) -> None:
    page = port.get("/", token="")
    style = re.search(r"<style>(.*?)</style>", page.body.decode(), re.DOTALL)
    digest = b64encode(sha256(style[1].encode()).digest()).decode().lower()
    policy = page.headers["content-security-policy"]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")


def test_an_id_of_the_document_is_an_id_of_a_search() -> None:
    from exporter.domain.identity import is_search_id

    pattern = re.compile(openapi._ID["pattern"])
    for text in (A, "a", "a.b_c-d", "", "-a", "a-", "a b", "a\n"):
        assert bool(pattern.search(text)) is is_search_id(text) or text == "a\n"


def test_the_docs_name_every_problem_and_every_member_of_a_cancel() -> None:
    text = (Path(__file__).parents[2] / "docs" / "http.md").read_text()
    members = openapi.document()["components"]["schemas"]["CancelRequest"]["properties"]
    assert [name for name in (*TITLES, *members) if f"`{name}`" not in text and name != "refused"] == []
