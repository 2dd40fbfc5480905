"""The Dockerfile: what it starts from, takes in and leaves; and the locks from which it installs."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from exporter.config import Config
from tests.chart.helm import pod_specs, rendered
from tests.deploy.dockerfile import copied, parsed

ROOT = Path(__file__).resolve().parents[2]
ARGUMENTS, (BUILD, RUNTIME) = parsed(ROOT / "Dockerfile")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PYTHON_OF = {"debian13": "3.13"}  # what that release of Debian has, and distroless takes from it
Pins = dict[str, tuple[str, frozenset[str]]]


def pins(name: str) -> Pins:
    """Each package of a lock: its version with its marker, and its hashes."""
    text = (ROOT / name).read_text("utf-8").replace("\\\n", " ")
    found = {}
    for line in text.splitlines():
        wanted, *hashes = re.split(r"\s--hash=", line)
        package, _, version = wanted.partition("==")
        found[canonicalize_name(package)] = (version.strip(), frozenset(part.strip() for part in hashes))
    return found


def needed(*roots: str) -> set[str]:
    """The packages that these come down to, by what is installed."""
    waiting, found = [Requirement(root) for root in roots], set()
    while waiting:
        one = waiting.pop()
        name = canonicalize_name(one.name)
        if name in found or (one.marker and not any(one.marker.evaluate({"extra": x}) for x in one.extras or {""})):
            continue
        found.add(name)
        for text in requires(name) or []:
            inner = Requirement(text)
            if inner.marker is None or any(inner.marker.evaluate({"extra": x}) for x in one.extras or {""}):
                waiting.append(inner)
    return found


def test_both_stages_start_from_an_image_that_is_given_by_name_and_version() -> None:
    assert [BUILD.image, RUNTIME.image] == ["${BUILD_IMAGE}", "${RUNTIME_IMAGE}"]
    assert set(ARGUMENTS) == {"BUILD_IMAGE", "RUNTIME_IMAGE"}
    assert all(re.search(r":\d+\.\d+-|-debian\d+:", image) for image in ARGUMENTS.values())
    assert not any(image.endswith(":latest") for image in ARGUMENTS.values())


def test_the_wheels_are_for_the_python_that_runs_them() -> None:
    (release,) = re.findall(r"python3-(debian\d+)", ARGUMENTS["RUNTIME_IMAGE"])
    assert ARGUMENTS["BUILD_IMAGE"].startswith(f"python:{PYTHON_OF[release]}-")


def test_what_runs_has_no_shell_no_root_and_nothing_that_writes() -> None:
    assert "distroless" in ARGUMENTS["RUNTIME_IMAGE"]
    assert ":debug" not in ARGUMENTS["RUNTIME_IMAGE"]
    assert not RUNTIME.all("RUN")
    assert re.fullmatch(r"[1-9]\d{4}:[1-9]\d{4}", RUNTIME.the("USER"))
    assert RUNTIME.pairs("ENV")["PYTHONDONTWRITEBYTECODE"] == "1"


def test_the_chart_runs_it_as_the_same_user() -> None:
    users = {f"{spec['securityContext']['runAsUser']}" for spec in pod_specs(rendered()).values()}
    assert users == {RUNTIME.the("USER").partition(":")[0]}


def test_nothing_comes_over_the_network_but_what_a_hash_names() -> None:
    assert not BUILD.all("ADD") + RUNTIME.all("ADD")
    commands = [part for text in BUILD.all("RUN") for part in re.split(r"\s&&\s", text)]
    installs = [command for command in commands if " pip " in command]
    assert len(installs) == 3
    assert all("--require-hashes" in one or "--no-index" in one for one in installs)
    assert not re.search(r"curl|wget|apt|git |http", " ".join(BUILD.all("RUN")))


def test_what_is_copied_exists_and_nothing_else_is_sent() -> None:
    wanted = set(copied(BUILD))
    assert all((ROOT / name).exists() for name in wanted)
    lines = [line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if not line.startswith("#")]
    assert lines[0] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == wanted
    assert not copied(RUNTIME)


def test_it_starts_the_daemon_on_its_ports() -> None:
    (script,) = PROJECT["project"]["scripts"]
    assert RUNTIME.array("ENTRYPOINT") == [script]
    assert RUNTIME.array("CMD") == ["run"]
    assert RUNTIME.the("EXPOSE").split() == [str(Config().listen.port), str(Config().admin.port)]
    (place,) = re.findall(r"--from=build (\S+) (\S+)", RUNTIME.the("COPY"))
    assert set(place) == {RUNTIME.pairs("ENV")["PYTHONPATH"]}
    assert RUNTIME.pairs("ENV")["PATH"].startswith(f"{place[0]}/bin:")


def test_it_tells_what_it_is() -> None:
    labels = {name.rpartition(".")[2]: value for name, value in RUNTIME.pairs("LABEL").items()}
    assert labels["title"] == PROJECT["project"]["name"]
    assert labels["description"] == PROJECT["project"]["description"]
    assert labels["licenses"] == PROJECT["project"]["license"]
    assert {labels[name] for name in ("version", "revision", "created")} == {"$VERSION", "$REVISION", "$CREATED"}
    assert RUNTIME.pairs("ENV")["SOURCE_REVISION"] == "$REVISION"


def test_what_the_daemon_imports_is_compiled() -> None:
    """Its root is read-only: what was not compiled is compiled anew at every start."""
    (left_out,) = re.findall(r"compileall .*-x '([^']+)'", " ".join(BUILD.all("RUN")))
    code = "import sys, exporter.app, exporter.wiring_azure, exporter.cli.run, exporter.adapters.azure.clients as c;"
    code += "print(*(m.__file__ for m in list(sys.modules.values()) if getattr(m, '__file__', None)), sep='\\n')"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    imported = ran.stdout.splitlines()
    assert any("/kubernetes/client/" in file for file in imported)
    assert [file for file in imported if re.search(left_out, file)] == []


@pytest.mark.parametrize("name", ["requirements-runtime.lock", "requirements-build.lock"])
def test_the_small_locks_are_parts_of_the_one_that_is_tested(name: str) -> None:
    whole = pins("requirements.lock")
    assert {package: whole.get(package) for package in pins(name)} == pins(name)
    assert all(hashes for _, hashes in pins(name).values())


def test_the_image_has_what_the_project_needs_and_nothing_else() -> None:
    assert needed(*PROJECT["project"]["dependencies"]) == set(pins("requirements-runtime.lock"))
    assert needed(*PROJECT["build-system"]["requires"]) == set(pins("requirements-build.lock"))
