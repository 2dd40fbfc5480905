"""The script of `helm test`, run against a server that says what the exporter says."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.chart.cases import CASES
from tests.chart.helm import pod_specs, rendered

PAGES = Path(__file__).resolve().parents[1] / "golden"
JOBS = 'resource="jobs",state="fresh"} 1'


@contextmanager
def serving(answers: dict[str, str]) -> Iterator[str]:
    """The URL of a server with these answers; everything else is 503."""

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path in answers else 503)
            self.end_headers()
            self.wfile.write(answers.get(self.path, "").encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def asked(url: str, case: str = "plain", seconds: str = "20") -> subprocess.CompletedProcess[str]:
    """What the pod of the test runs, with its own environment but for the URL."""
    objects = rendered(CASES[case].values, CASES[case].served)
    (pod,) = [pod for key, pod in pod_specs(objects).items() if key.endswith("-test")]
    (container,) = pod["containers"]
    said = {one["name"]: one["value"] for one in container["env"]} | {"EXPORTER_URL": url, "SECONDS": seconds}
    words = [sys.executable, *container["command"][1:], *container["args"]]
    return subprocess.run(words, env={**os.environ, **said}, capture_output=True, text=True, timeout=60, check=False)


def page(name: str) -> str:
    return (PAGES / name).read_text("utf-8")


def test_a_page_of_the_exporter_that_has_looked_is_good() -> None:
    with serving({"/readyz": "ok", "/metrics": page("page.txt")}) as url:
        ran = asked(url)
    assert ran.returncode == 0, ran.stderr
    assert JOBS in ran.stdout


def test_a_fleet_need_not_have_found_a_cluster() -> None:
    without = "".join(line for line in page("page.txt").splitlines(keepends=True) if JOBS not in line)
    with serving({"/readyz": "ok", "/metrics": without}) as url:
        assert asked(url, "fleet").returncode == 0
        assert asked(url, seconds="0").returncode == 1


def test_an_exporter_that_is_not_ready_is_not_good() -> None:
    with serving({"/metrics": page("page.txt")}) as url:
        ran = asked(url, seconds="0")
    assert ran.returncode == 1
    assert "no answer" in ran.stdout


def test_it_waits_until_all_is_well() -> None:
    answers = {"/metrics": page("page.txt")}
    with serving(answers) as url:
        later = threading.Timer(0.5, answers.update, [{"/readyz": "ok"}])
        later.start()
        ran = asked(url)
        later.join()
    assert ran.returncode == 0, ran.stdout
