"""The page is the one that prometheus-client would print, and a bad family costs itself only."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import exposition as their_text
from prometheus_client.openmetrics import exposition as their_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text
from prometheus_client.utils import floatToGoString

from exporter.metrics.family import Family, Histogram, Sample
from exporter.web.exposition import RenderReport, go_float, render
from tests.web.families import TEXT, Theirs, family, pages

GOOD = family(name="elb_good")
HISTOGRAM = family(name="elb_wait_seconds", kind="histogram", labels=(), bounds=(1, 2.5))


@given(pages())
def test_both_formats_equal_those_of_prometheus_client(samples: list[Sample]) -> None:
    registry = Theirs(samples).registry()
    report = RenderReport()
    assert render(samples, openmetrics=False, report=report) == their_text.generate_latest(registry)
    assert render(samples, openmetrics=True, report=report) == their_openmetrics.generate_latest(registry)
    assert report.errors == {}


@given(pages())
def test_a_page_reads_back_as_the_samples_it_was_made_of(samples: list[Sample]) -> None:
    theirs = [sample for metric in Theirs(samples).collect() for sample in metric.samples]
    expected = sorted((s.name, sorted(s.labels.items()), float(s.value)) for s in theirs)
    for openmetrics, parse in ((False, parse_text), (True, parse_openmetrics)):
        families = parse(render(samples, openmetrics=openmetrics).decode())
        read = sorted((s.name, sorted(s.labels.items()), s.value) for f in families for s in f.samples)
        assert read == expected


@given(TEXT)
def test_any_label_value_survives_the_page(value: str) -> None:
    page = render([Sample(GOOD, (value,), 1)], openmetrics=False).decode()
    [read] = [sample for metric in parse_text(page) for sample in metric.samples]
    assert read.labels == {"state": value}


@given(st.floats(allow_nan=False) | st.integers(-(10**30), 10**30))
def test_numbers_are_written_as_prometheus_client_writes_them(value: float) -> None:
    if value not in (float("inf"), float("-inf")):
        assert go_float(value) == floatToGoString(value)


def test_a_counter_loses_its_suffix_in_the_head_of_openmetrics_only() -> None:
    counter = family(name="elb_waits_seconds_total", kind="counter", labels=(), help='Say "hi"\\\n.')
    samples = [Sample(counter, (), 3)]
    assert render(samples, openmetrics=False).decode() == (
        '# HELP elb_waits_seconds_total Say "hi"\\\\\\n.\n'
        "# TYPE elb_waits_seconds_total counter\nelb_waits_seconds_total 3.0\n"
    )
    assert render(samples, openmetrics=True).decode() == (
        '# HELP elb_waits_seconds Say \\"hi\\"\\\\\\n.\n# TYPE elb_waits_seconds counter\n'
        "# UNIT elb_waits_seconds seconds\nelb_waits_seconds_total 3.0\n# EOF\n"
    )


def test_buckets_add_up_and_end_in_infinity() -> None:
    page = render([Sample(HISTOGRAM, (), Histogram([3, 0, 2], 9.5))], openmetrics=False).decode()
    assert page.splitlines()[2:] == [
        'elb_wait_seconds_bucket{le="1.0"} 3.0',
        'elb_wait_seconds_bucket{le="2.5"} 3.0',
        'elb_wait_seconds_bucket{le="+Inf"} 5.0',
        "elb_wait_seconds_count 5.0",
        "elb_wait_seconds_sum 9.5",
    ]


def test_series_of_one_family_are_printed_together_in_the_order_given() -> None:
    other = family(name="elb_other", labels=())
    samples = [Sample(GOOD, ("b",), 1), Sample(other, (), 2), Sample(GOOD, ("a",), 3)]
    page = render(samples, openmetrics=False).decode()
    assert [line for line in page.splitlines() if line[0] != "#"] == [
        'elb_good{state="b"} 1.0',
        'elb_good{state="a"} 3.0',
        "elb_other 2.0",
    ]


BAD = family(name="elb_bad")
WORDS = family(name="elb_bad", values={"state": ("up", "down")})


@pytest.mark.fault(84)
@pytest.mark.parametrize(
    ("samples", "why"),
    [
        ([Sample(BAD, (), 1)], "1 label values"),
        ([Sample(BAD, ("a", "b"), 1)], "1 label values"),
        ([Sample(BAD, ("a",), float("nan"))], "not finite"),
        ([Sample(BAD, ("a",), float("-inf"))], "not finite"),
        ([Sample(BAD, ("a",), 10**400)], "OverflowError"),
        ([Sample(BAD, ("a",), None)], "NoneType is no number"),
        ([Sample(BAD, ("a",), "3")], "str is no number"),
        ([Sample(BAD, ("a",), Histogram([1], 1))], "Histogram is no number"),
        ([Sample(BAD, (7,), 1)], "7 is not text"),
        ([Sample(BAD, None, 1)], "TypeError"),
        ([Sample(BAD, ("\ud800",), 1)], "UnicodeEncodeError"),
        ([Sample(BAD, ("a",), 1), Sample(BAD, ("a",), 2)], "same labels"),
        ([Sample(WORDS, ("up",), 1), Sample(WORDS, ("sideways",), 1)], "state has no word 'sideways'"),
        ([Sample(BAD, ("a",), 1), Sample(WORDS, ("up",), 1)], "two families"),
        ([Sample(family(name="elb_bad", values={"nope": ()}), ("a",), 1)], "unknown label nope"),
        ([Sample(family(name="elb_bad", labels=("__x",)), ("a",), 1)], "bad label names"),
        ([Sample(family(name="elb_bad", labels=("a", "a")), ("a", "b"), 1)], "bad label names"),
        ([Sample(family(name="elb_bad", kind="counter"), ("a",), 1)], "ends in _total"),
        ([Sample(family(name="elb_bad", kind="summary"), ("a",), 1)], "unknown kind"),
    ],
)
def test_a_bad_sample_leaves_its_family_out_and_is_named(samples: list[Sample], why: str) -> None:
    for openmetrics in (False, True):
        report = RenderReport()
        page = render([Sample(GOOD, ("a",), 1), *samples], openmetrics=openmetrics, report=report)
        assert page == render([Sample(GOOD, ("a",), 1)], openmetrics=openmetrics)
        assert list(report.errors) == ["elb_bad"]
        assert why in report.errors["elb_bad"]


@pytest.mark.parametrize(
    ("made", "value", "why"),
    [
        (HISTOGRAM, Histogram([1, 2], 1), "3 buckets"),
        (HISTOGRAM, 4.0, "3 buckets"),
        (HISTOGRAM, Histogram([1, -1, 0], 1), "negative"),
        (HISTOGRAM, Histogram([1, 1, 0], float("nan")), "not finite"),
        (family(name="elb_h", kind="histogram", labels=(), bounds=(2, 1)), Histogram([1, 1, 0], 1), "do not rise"),
        (family(name="elb_h", kind="histogram", labels=("le",), bounds=(1,)), Histogram([1, 1], 1), "bad label names"),
        (family(name="elb_c_total", kind="counter", labels=()), -1, "negative"),
        (family(name="elb c", labels=()), 1, "not one of Prometheus"),
    ],
)
def test_a_bad_histogram_counter_or_name_leaves_its_family_out(made: Family, value: float, why: str) -> None:
    report = RenderReport()
    assert render([Sample(made, ("x",) * len(made.labels), value)], openmetrics=False, report=report) == b""
    assert why in report.errors[made.name]


def test_two_families_that_openmetrics_cannot_tell_apart_do_not_share_a_page() -> None:
    """The counter x_total is the family x there, so a gauge x would make the page unreadable."""
    counter = family(name="elb_good_total", kind="counter", labels=())
    report = RenderReport()
    page = render([Sample(counter, (), 1), Sample(GOOD, ("a",), 1)], openmetrics=True, report=report)
    assert [metric.name for metric in parse_openmetrics(page.decode())] == ["elb_good"]
    assert report.errors == {"elb_good_total": "another family has the name elb_good"}


def test_no_sample_is_an_empty_page() -> None:
    assert render([], openmetrics=False) == b""
    assert render([], openmetrics=True) == b"# EOF\n"


def test_a_page_of_the_typical_size_takes_a_few_milliseconds() -> None:
    """2,700 series; the best of twenty, because the machine has other work. 6 ms are the goal, 3 ms were measured."""
    families = [family(name=f"elb_f{n}", labels=("namespace", "elb_job_id")) for n in range(27)]
    samples = [Sample(made, ("default", f"job-{n:032x}"), n * 1.5) for made in families for n in range(100)]
    best = min(_seconds(samples) for _ in range(20))
    assert best < 0.012


def _seconds(samples: list[Sample]) -> float:
    began = time.perf_counter()
    render(samples, openmetrics=True)
    return time.perf_counter() - began
