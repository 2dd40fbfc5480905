"""Every example file: the good ones load, the bad ones are told exactly what is wrong, all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.config import ConfigError, Price, load
from tests.config.expected import EXPECTED

DATA = Path(__file__).parents[1] / "data" / "config"


def test_every_bad_file_has_its_expected_problems():
    """No file without an expectation, no expectation without a file."""
    names = {path.name.removesuffix(".bad.yaml") for path in DATA.glob("*.bad.yaml")}

    assert names == set(EXPECTED)


@pytest.mark.fault(78)
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_bad_file_is_told_every_problem_with_key_and_line(name):
    path = DATA / f"{name}.bad.yaml"

    with pytest.raises(ConfigError) as caught:
        load(path, {}, {})

    told = [(p.key, p.source, p.sentence) for p in caught.value.problems]
    assert told == [(key, f"{path}:{line}", sentence) for key, line, sentence in EXPECTED[name]]


@pytest.mark.parametrize("path", sorted(DATA.glob("*.good.yaml")), ids=lambda path: path.name)
def test_a_good_file_loads(path):
    assert load(path, {}, {}).clusters


def test_an_empty_file_changes_nothing():
    assert load(DATA / "empty.good.yaml", {}, {}) == load(None, {}, {})


def test_every_written_form_is_read():
    """Durations, sizes, lists, mappings and nested sections of one file arrive in base units."""
    config = load(DATA / "several-clusters.good.yaml", {}, {})

    assert [cluster.name for cluster in config.clusters] == ["west", "east"]
    assert config.clusters[0].namespaces == ("default", "blast")
    assert config.clusters[0].connect.context == "west-admin"
    assert config.listen.keep_alive == 90.0
    assert (config.intervals.tick, config.intervals.poll) == (0.25, 90.0)
    assert config.limits.page_bytes == 8 * 1024 * 1024
    assert config.rules.to_rules().phantom_after == 600.0
    assert config.metrics.node_hourly_price["blastpool"] == Price(price=2.016, currency="USD")
    assert (config.log.level, config.log.format, config.shutdown_delay) == ("debug", "json", 0.0)


def test_the_admin_section_is_read():
    admin = load(DATA / "admin.good.yaml", {}, {}).admin

    assert (admin.enabled, admin.address, admin.port) == (True, "::1", 9861)
    assert admin.hosts == ("cancel.example", "localhost")
    assert admin.audit_file == str(Path("~/audit.jsonl").expanduser())
    assert (admin.stage_one, admin.whole) == (120.0, 900.0)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"log: {level: \xff}\n", "the configuration file is not UTF-8"),
        (b"log: \x00\n", "the configuration file is not valid YAML"),
        (b"#" * (1024 * 1024 + 1), "the configuration file is larger than 1 MiB"),
        (b"[" * 100_000, "the configuration file is not valid YAML"),
        (b"log: 2026-99-99\n", "the configuration file is not valid YAML"),
        (b"log: !!python/object:os.system {}\n", "the configuration file is not valid YAML"),
    ],
    ids=["not-utf8", "control-character", "too-large", "too-deep", "impossible-date", "foreign-tag"],
)
def test_a_file_that_is_no_yaml_is_one_problem(tmp_path, content, sentence):
    path = tmp_path / "config.yaml"
    path.write_bytes(content)

    with pytest.raises(ConfigError) as caught:
        load(path, {}, {})

    assert [problem.sentence for problem in caught.value.problems] == [sentence]


@pytest.mark.parametrize(
    ("make", "reason"),
    [(lambda path: None, "No such file or directory"), (lambda path: path.mkdir(), "Is a directory")],
    ids=["missing", "directory"],
)
def test_a_file_that_cannot_be_opened_is_one_problem(tmp_path, make, reason):
    path = tmp_path / "config.yaml"
    make(path)

    with pytest.raises(ConfigError, match=f"cannot be read: {reason}"):
        load(path, {}, {})


def test_a_broken_file_does_not_hide_problems_of_the_environment(tmp_path):
    path = tmp_path / "missing.yaml"

    with pytest.raises(ConfigError) as caught:
        load(path, {"ELASTICBLAST_EXPORTER_LOG__LEVEL": "loud"}, {"listen.port": "none"})

    assert [problem.source for problem in caught.value.problems] == [
        str(path),
        "flag",
        "ELASTICBLAST_EXPORTER_LOG__LEVEL",
    ]
