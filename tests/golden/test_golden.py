"""The whole page, byte by byte, as it was last reviewed. `make golden` writes it anew."""

from __future__ import annotations

import difflib
import subprocess
from pathlib import Path

import pytest

from exporter.domain.snapshots import View
from exporter.metrics import samples
from exporter.web.exposition import RenderReport, render
from tests.golden.goldens import NAMED, UNNAMED
from tests.support.tools import tool

HERE = Path(__file__).parent
PAGES = [
    ("page.txt", UNNAMED, False),
    ("page.openmetrics.txt", UNNAMED, True),
    ("page.clusters.txt", NAMED, False),
]


def _rendered(view: View, *, openmetrics: bool) -> str:
    report = RenderReport()
    text = render(samples(view), openmetrics=openmetrics, report=report).decode()
    assert report.errors == {}
    return text


@pytest.mark.parametrize(("name", "view", "openmetrics"), PAGES, ids=[name for name, _, _ in PAGES])
def test_page_is_the_reviewed_one(name: str, view: View, openmetrics: bool, golden_update: bool) -> None:
    path = HERE / name
    text = _rendered(view, openmetrics=openmetrics)
    if golden_update:
        path.write_text(text, "utf-8")
    golden = path.read_text("utf-8")
    changes = difflib.unified_diff(golden.splitlines(), text.splitlines(), name, "now", lineterm="", n=0)
    assert golden == text, "\n".join(changes)


@pytest.mark.parametrize("view", [UNNAMED, NAMED], ids=["unnamed", "named"])
def test_promtool_finds_nothing_to_say(view: View) -> None:
    found = subprocess.run(
        [tool("promtool"), "check", "metrics"],
        input=_rendered(view, openmetrics=False),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")
