"""The workflows: what they run exists, and no job may do more than it needs."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.dockerfile import parsed

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
# Read as text alone, so that `on` stays a word.
WORKFLOWS: dict[str, dict[str, Any]] = {
    path.stem: yaml.load(path.read_text("utf-8"), yaml.BaseLoader) for path in FILES
}
TARGETS = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
PROGRAMS = {"cosign", "docker", "gh", "helm", "sed"}
WRITES = {
    ("release", "packages"): {"id-token", "attestations"},
    ("release", "image"): {"id-token", "attestations", "packages"},
    ("release", "chart"): {"id-token", "packages"},
    ("release", "pypi"): {"id-token"},
    ("release", "publish"): {"contents"},
}


def jobs() -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    for workflow, document in WORKFLOWS.items():
        for name, job in document["jobs"].items():
            yield (workflow, name), job


def steps() -> Iterator[dict[str, Any]]:
    for _, job in jobs():
        yield from job.get("steps", [])


def before(name: str) -> set[str]:
    """The jobs of a release that must have ended well before this one begins."""
    needs = WORKFLOWS["release"]["jobs"][name].get("needs", [])
    direct = [needs] if isinstance(needs, str) else needs
    return set(direct).union(*(before(one) for one in direct))


def test_no_job_may_write_but_what_it_publishes() -> None:
    assert {workflow: document["permissions"] for workflow, document in WORKFLOWS.items()} == {"ci": {}, "release": {}}
    found = {}
    for place, job in jobs():
        assert set(job["permissions"].values()) <= {"read", "write"}
        if writes := {scope for scope, level in job["permissions"].items() if level == "write"}:
            found[place] = writes
    assert found == WRITES


def test_nothing_of_a_pull_request_runs_with_the_rights_of_the_project() -> None:
    assert set(WORKFLOWS["ci"]["on"]) == {"push", "pull_request", "workflow_call", "schedule"}
    assert WORKFLOWS["release"]["on"] == {"push": {"tags": ["v[0-9]*"]}}
    assert "secrets." not in "".join(path.read_text("utf-8") for path in FILES)


def test_every_job_ends_in_time_and_none_runs_beside_its_like() -> None:
    assert all(int(job["timeout-minutes"]) <= 90 for _, job in jobs() if "steps" in job)
    assert all("github.ref" in document["concurrency"]["group"] for document in WORKFLOWS.values())
    assert WORKFLOWS["release"]["concurrency"]["cancel-in-progress"] == "false"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_action_is_pinned_by_commit_with_its_version_beside_it(path: Path) -> None:
    used = re.findall(r"uses: (.+)$", path.read_text("utf-8"), re.MULTILINE)
    assert used
    for one in used:
        if one.startswith("./"):
            assert (ROOT / one).exists()
        else:
            assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+(\.\d+\.\d+)?", one), one


def test_an_action_is_pinned_the_same_everywhere() -> None:
    used = {line for path in FILES for line in re.findall(r"uses: (\S+@.+)$", path.read_text("utf-8"), re.MULTILINE)}
    assert len({line.partition("@")[0] for line in used}) == len(used)


def test_no_token_stays_behind_a_checkout() -> None:
    found = [step.get("with", {}) for step in steps() if step.get("uses", "").startswith("actions/checkout@")]
    assert found == [{"persist-credentials": "false"}] * len(found)
    assert found


def test_what_is_run_exists_and_takes_nothing_from_outside_into_a_shell() -> None:
    lines = [line for step in steps() for line in step.get("run", "").splitlines()]
    assert len(lines) > 5
    for line in lines:
        assert "${{" not in line
        program, *arguments = shlex.split(line)
        assert program in PROGRAMS or (program == "make" and arguments[0] in TARGETS), line


def test_the_oldest_python_and_that_of_the_image_are_tested() -> None:
    oldest = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"]
    arguments, _ = parsed(ROOT / "Dockerfile")
    ours = re.findall(r"^python:(\d+\.\d+)-", arguments["BUILD_IMAGE"])
    assert WORKFLOWS["ci"]["jobs"]["test"]["strategy"]["matrix"]["python"] == [oldest.removeprefix(">="), *ours]


def test_nothing_is_published_before_everything_is_green() -> None:
    assert all("ci" in before(name) for name in WORKFLOWS["release"]["jobs"] if name != "ci")
    assert before("publish") == {"ci", "packages", "image", "chart", "pypi"}
    assert WORKFLOWS["release"]["jobs"]["ci"]["uses"] == "./.github/workflows/ci.yml"


def test_the_image_of_a_release_says_how_it_was_made_and_from_what() -> None:
    (build,) = [step["with"] for step in steps() if step.get("uses", "").startswith("docker/build-push-action@")]
    assert (build["sbom"], build["provenance"]) == ("true", "mode=max")
    assert set(build["platforms"].split(",")) == {"linux/amd64", "linux/arm64"}
    given = {line.partition("=")[0] for line in build["build-args"].split()}
    arguments, (_, runtime) = parsed(ROOT / "Dockerfile")
    own = {text.partition("=")[0] for text in runtime.all("ARG")}
    assert given >= set(arguments) | own


def test_updates_are_looked_for_where_they_are() -> None:
    updates = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text("utf-8"))["updates"]
    places = [place for one in updates for place in one.get("directories", [one.get("directory")])]
    assert all((ROOT / place.lstrip("/")).is_dir() for place in places)
    assert all(one["cooldown"]["default-days"] >= 7 for one in updates)
