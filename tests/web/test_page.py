"""A page is one generation: every body is made once and never changes."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator, Mapping

from exporter.metrics.family import Sample
from exporter.web.negotiate import OPENMETRICS, OPENMETRICS_0_0_1, TEXT
from exporter.web.page import Page, PageSlot
from tests.web.families import family

THINGS = family(name="elb_things", labels=())


def test_each_format_is_made_once_however_many_ask_at_once() -> None:
    calls: list[int] = []

    def produce() -> Iterator[Sample]:
        calls.append(1)
        yield Sample(THINGS, (), 7)

    page = Page(3, produce)
    threads = [threading.Thread(target=page.body, args=(TEXT,), kwargs={"compressed": True}) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert page.body(TEXT, compressed=True) is page.body(TEXT, compressed=True)
    assert page.body(TEXT, compressed=False).content.endswith(b"elb_things 7.0\n")
    assert len(calls) == 1


def test_nothing_is_made_before_somebody_asks() -> None:
    calls: list[int] = []
    Page(1, lambda: calls.append(1) or ())
    assert calls == []


def test_gzip_unpacks_to_the_plain_bytes() -> None:
    page = Page(1, lambda: [Sample(THINGS, (), 7)])
    for form in (TEXT, OPENMETRICS):
        packed = page.body(form, compressed=True).content
        assert gzip.decompress(packed) == page.body(form, compressed=False).content


def test_each_generation_format_and_encoding_has_its_own_strong_tag() -> None:
    pages = [Page(number, lambda: [Sample(THINGS, (), 7)]) for number in (1, 2)]
    forms = (TEXT, OPENMETRICS, OPENMETRICS_0_0_1)
    tags = {page.body(form, compressed=packed).etag for page in pages for form in forms for packed in (True, False)}
    assert len(tags) == 12
    assert all(tag[0] == tag[-1] == '"' for tag in tags)


def test_the_same_generation_of_another_process_has_another_tag() -> None:
    """Both processes count from 1, but their pages differ."""
    one, two = (Page(1, lambda value=value: [Sample(THINGS, (), value)]) for value in (1, 2))
    assert one.body(TEXT, compressed=False).etag != two.body(TEXT, compressed=False).etag


def test_what_was_left_out_is_told_once() -> None:
    told: list[Mapping[str, str]] = []
    page = Page(1, lambda: [Sample(THINGS, (), float("nan"))], on_errors=told.append)
    page.body(TEXT, compressed=False)
    page.body(OPENMETRICS, compressed=True)
    assert told == [{"elb_things": "a value is not finite"}]


def test_the_first_page_of_a_slot_is_empty() -> None:
    assert PageSlot().current.body(OPENMETRICS, compressed=False).content == b"# EOF\n"
