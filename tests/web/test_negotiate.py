"""Accept and Accept-Encoding are read as RFC 9110 says; what cannot be met or read is the text format, plain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.web.negotiate import OPENMETRICS, OPENMETRICS_0_0_1, TEXT, Format, choose_format, gzip_allowed

PROMETHEUS_2_42 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3_5 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (PROMETHEUS_2_42, OPENMETRICS),
        (PROMETHEUS_3_5, OPENMETRICS),
        (BROWSER, TEXT),
        (None, TEXT),
        ("", TEXT),
        ("*/*", TEXT),
        ("text/*", TEXT),
        ("text/plain", TEXT),
        ("text/plain;version=0.0.4", TEXT),
        ("application/openmetrics-text", OPENMETRICS),
        ("application/openmetrics-text; version=1.0.0", OPENMETRICS),
        ('application/openmetrics-text; version="1.0.0"; charset=utf-8', OPENMETRICS),
        ("APPLICATION/OpenMetrics-Text;Version=1.0.0", OPENMETRICS),
        ("application/openmetrics-text;version=0.0.1", OPENMETRICS_0_0_1),
        ("application/openmetrics-text;version=2.0.0", TEXT),
        ("application/openmetrics-text;version=2.0.0,application/openmetrics-text;version=1.0.0;q=0.1", OPENMETRICS),
        ("application/openmetrics-text;q=0.4,text/plain;q=0.5", TEXT),
        ("text/plain;q=0.4,application/openmetrics-text;q=0.5", OPENMETRICS),
        ("text/plain,application/openmetrics-text", TEXT),
        ("application/openmetrics-text,text/plain", OPENMETRICS),
        ("*/*,application/openmetrics-text", OPENMETRICS),
        ("*/*,application/openmetrics-text;q=0.1", TEXT),
        ("application/openmetrics-text;q=0", TEXT),
        ("*/*;q=0.9, text/plain;q=0, application/openmetrics-text;q=0.5", OPENMETRICS),
        ("*/*, text/plain;q=0", OPENMETRICS),
        ("*/*, text/plain;version=0.0.4;q=0", OPENMETRICS),
        ("text/*, text/plain;version=1.0.0;q=0", TEXT),
        ("*/*;q=0.1, text/*;q=0, application/openmetrics-text;version=1.0.0;q=0", OPENMETRICS_0_0_1),
        ("text/plain;q=0.2, text/*;q=0.9, application/openmetrics-text;q=0.5", OPENMETRICS),
        ("text/plain;q=0.5;version=0.0.4, text/plain;q=0.9, application/openmetrics-text;q=0.7", OPENMETRICS),
        ("application/*", OPENMETRICS),
        ("application/openmetrics-text;version=0.0.1;q=0, application/openmetrics-text", OPENMETRICS),
        ("application/openmetrics-text;version=1.0.0;q=0, application/openmetrics-text", OPENMETRICS_0_0_1),
        ("*/*;q=0", TEXT),
        ("application/openmetrics-text;q=nan", TEXT),
        ("application/openmetrics-text;q=-1", TEXT),
        ("application/openmetrics-text;q=", TEXT),
        ("application/openmetrics-text;version=1.0.0;escaping=nonsense", OPENMETRICS),
        ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily", TEXT),
        (";;,=,;q=1", TEXT),
    ],
)
def test_the_format_follows_the_accept_header(accept: str | None, chosen: Format) -> None:
    assert choose_format(accept) is chosen


@pytest.mark.parametrize(
    ("header", "allowed"),
    [
        ("gzip", True),
        ("x-gzip", True),
        ("gzip, deflate, br", True),
        ("deflate;q=0.5, GZIP;q=0.001", True),
        ("*", True),
        ("*;q=0.5, gzip;q=0", False),
        ("gzip;q=0", False),
        ("gzip;q=0.0", False),
        ("gzip; q = 0.5", True),
        ("gzip;q=high", False),
        ("identity;q=1, gzip;q=0.1", False),
        ("identity, gzip", True),
        ("gzip;q=0.5, identity;q=0.4", True),
        ("identity;q=0.5, *;q=0.2", False),
        ("identity;q=0, *;q=0.2", True),
        ("*;q=0", False),
        ("identity", False),
        ("br", False),
        ("gzipped", False),
        ("", False),
        (None, False),
    ],
)
def test_gzip_is_used_only_when_allowed(header: str | None, allowed: bool) -> None:
    assert gzip_allowed(header) is allowed


@given(st.text(max_size=200) | st.text("gzip*;q=0.1, textplain/", max_size=60))
def test_no_header_breaks_the_negotiation(header: str) -> None:
    assert choose_format(header) in (TEXT, OPENMETRICS, OPENMETRICS_0_0_1)
    assert gzip_allowed(header) in (True, False)
