"""Every query of a document is answered by a real Prometheus engine that holds the golden page of two clusters."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.docs.pages import ROOT
from tests.docs.tables import rules
from tests.docs.test_names import queries
from tests.support.tools import tool

PAGE = (ROOT / "tests" / "golden" / "page.clusters.txt").read_text("utf-8")


def samples(asked: str, replicas: int) -> Iterator[dict[str, str]]:
    """Five minutes in which the page of each replica stays as it is, as far as it is asked for."""
    for line in PAGE.splitlines():
        sample, _, value = line.rpartition(" ")
        name, brace, labels = sample.partition("{")
        if name and not line.startswith("#") and name in asked:
            for replica in range(replicas):
                instance = f'{{instance="{replica}"{"," + labels if brace else "}"}'
                yield {"series": name + instance, "values": " ".join([value] * 6)}


def recorded() -> dict[str, object]:
    """The recording rules, in groups of their own: the tables of the documents have no alerts in them."""
    found = [{"record": rule["record"], "expr": rule["expr"]} for rule in rules() if "record" in rule]
    return {"groups": [{"name": "recorded", "interval": "1m", "rules": found}]}


def answers(folder: Path, wanted: set[str], *, replicas: int) -> str:
    """What promtool says of queries of which it is told to expect nothing. Its YAML files are written as JSON."""
    (folder / "recorded.yaml").write_text(json.dumps(recorded()))
    asked = [{"expr": query, "eval_time": "5m"} for query in wanted]
    test = {
        "interval": "1m",
        "input_series": list(samples(f"{wanted} {recorded()}", replicas)),
        "promql_expr_test": asked,
    }
    (folder / "test.yaml").write_text(json.dumps({"rule_files": ["recorded.yaml"], "tests": [test]}))
    ran = subprocess.run(
        [tool("promtool"), "test", "rules", folder / "test.yaml"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ran.stdout + ran.stderr


def test_every_query_is_answered_where_there_are_several_clusters(tmp_path: Path) -> None:
    wanted = {query.strip() for _, query in queries() if "…" not in query}
    told = answers(tmp_path, wanted, replicas=1)
    assert not re.findall(r"err: .*", told)
    assert told.count("got: ") > len(wanted) / 2


def test_what_a_search_cost_is_answered_once_where_there_are_two_replicas(tmp_path: Path) -> None:
    wanted = {query.strip() for one, query in queries() if one.name == "docs/cost.md"}
    told = answers(tmp_path, wanted, replicas=2)
    assert len(wanted) >= 4
    assert not re.findall(r"err: .*", told)
    assert "instance=" not in told
