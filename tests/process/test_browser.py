"""The status page in a real browser: it shows every search, its policy holds, and a phone is wide enough."""

from __future__ import annotations

import re
import struct
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.pages import searches
from tests.process.program import Program
from tests.support.controlplane_files import free_port
from tests.support.hostile import Hostile, Peer
from tests.support.waiting import wait_for

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
)
NARROW = 390
PAGE = "/?refresh=0"
_FRAME = f"""<!doctype html><iframe src="/page" width="{NARROW}" height="800" style="border:0"></iframe>
<script>
onload = () => {{
  const inside = document.querySelector("iframe").contentDocument.documentElement;
  document.documentElement.dataset.widths = inside.clientWidth + " " + inside.scrollWidth;
}}
</script>"""
_SCRIPT = '<script>document.documentElement.dataset.ran = "yes"</script></body>'


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A demo that shows five searches at least."""
    port = free_port()
    program = Program(tmp_path_factory.mktemp("demo"), ["demo", "--port", str(port), "--speed", "40"], port=port)
    wait_for(lambda: program.status("/readyz") == 200, what="ready")
    program.await_page(lambda page: len(searches(page)) >= 5, what="five searches")
    yield program
    program.close()


@pytest.fixture
def replay(demo: Program) -> Iterator[Hostile]:
    """The page as it was: at `/page` without its policy, at `/planted` with its policy and a stranger's script."""
    page = demo.get(PAGE)
    policy = page.headers["content-security-policy"]

    def serve(peer: Peer) -> None:
        while asked := peer.read():
            if asked.target == "/planted":
                planted = page.text.replace("</body>", _SCRIPT).encode()
                peer.answer(planted, Content_Type="text/html", Content_Security_Policy=policy)
            else:
                body = page.text if asked.target == "/page" else _FRAME
                peer.answer(body.encode(), Content_Type="text/html")

    with Hostile(serve) as server:
        yield server


def chromium(folder: Path, url: str, *flags: str) -> tuple[str, list[str]]:
    """What it prints, and what its console says."""
    argv = ["chromium", *_FLAGS, f"--user-data-dir={folder / 'profile'}", *flags, url]
    done = subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def test_it_shows_every_search_and_nothing_is_refused(demo: Program, tmp_path: Path) -> None:
    before = searches(demo.page())
    dom, console = chromium(tmp_path, demo.url + PAGE, "--dump-dom")
    stayed = before & searches(demo.page())
    assert len(stayed) >= 5
    assert {search for search in stayed if search not in dom} == set()
    assert console == []


def test_it_can_be_seen(demo: Program, tmp_path: Path) -> None:
    """The picture has the size asked for, and its lines differ."""
    file = tmp_path / "page.png"
    _, console = chromium(tmp_path, demo.url + PAGE, f"--screenshot={file}", "--window-size=1200,900")
    width, height, rows = picture(file)
    assert (width, height) == (1200, 900)
    assert len(rows) > 100
    assert console == []


def test_a_narrow_screen_needs_no_sideways_scrolling(replay: Hostile, tmp_path: Path) -> None:
    """Measured in a frame of that width, since a window has a least width of its own."""
    dom, _ = chromium(tmp_path, replay.url + "/frame", "--dump-dom")
    found = re.search(r'data-widths="(\d+) (\d+)"', dom)
    assert found is not None
    client, scroll = map(int, found.groups())
    assert NARROW - 20 <= client <= NARROW
    assert scroll <= client


def test_the_policy_stops_a_script_on_the_page(replay: Hostile, tmp_path: Path) -> None:
    """And the console says so: silence in the other tests means that nothing was refused."""
    dom, console = chromium(tmp_path, replay.url + "/planted", "--dump-dom")
    assert "data-ran" not in dom
    assert any("Content Security Policy" in line for line in console)


def picture(file: Path) -> tuple[int, int, set[bytes]]:
    """Width, height and the different lines of a PNG."""
    raw = file.read_bytes()
    assert raw.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", raw[16:24])
    data, at = b"", 8
    while at < len(raw):
        (length,) = struct.unpack(">I", raw[at : at + 4])
        if raw[at + 4 : at + 8] == b"IDAT":
            data += raw[at + 8 : at + 8 + length]
        at += length + 12
    lines = zlib.decompress(data)
    stride = len(lines) // height
    return width, height, {lines[n * stride : (n + 1) * stride] for n in range(height)}
