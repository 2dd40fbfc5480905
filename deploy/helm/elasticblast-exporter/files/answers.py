"""Whether the exporter answers through its Service: ready, with a page on which EXPECTED stands, within SECONDS."""

import os
import sys
import time
import urllib.request

URL, EXPECTED = os.environ["EXPORTER_URL"], os.environ["EXPECTED"]
DEADLINE = time.monotonic() + float(os.environ.get("SECONDS", "90"))


def get(path: str) -> str:
    with urllib.request.urlopen(URL + path, timeout=5) as answer:  # noqa: S310 - the chart's own URL
        return str(answer.read(), "utf-8")


def missing() -> str:
    """What is not as it should be; empty when all is."""
    try:
        get("/readyz")
        page = get("/metrics")
    except OSError as error:
        return f"no answer: {error}"
    return "" if EXPECTED in page else f"the page does not say {EXPECTED}"


while (problem := missing()) and time.monotonic() < DEADLINE:
    time.sleep(1)
sys.stdout.write(f"{problem or f'The exporter is ready, and its page says {EXPECTED}'}\n")
sys.exit(bool(problem))
