"""File, then environment, then flags; and what each of them may say."""

from __future__ import annotations

import pytest

from exporter.config import ConfigError, load

PREFIX = "ELASTICBLAST_EXPORTER_"


def problems(path, environ, flags):
    with pytest.raises(ConfigError) as caught:
        load(path, environ, flags)
    return [(p.key, p.source, p.sentence) for p in caught.value.problems]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("listen: {port: 1001, address: 127.0.0.1}\nclusters: [{name: west, namespaces: [a, b]}]\n")
    return path


def test_each_layer_overrides_the_one_below_and_leaves_the_rest(file):
    environ = {f"{PREFIX}LISTEN__PORT": "1002"}

    assert load(file, {}, {}).listen.port == 1001
    assert load(file, environ, {}).listen.port == 1002
    assert load(file, environ, {"listen.port": 1003}).listen.port == 1003
    assert load(file, environ, {"listen.port": "1003"}).listen.address == "127.0.0.1"


def test_a_position_of_a_list_can_be_set_alone(file):
    """One key of one cluster changes; the others of that cluster stay."""
    config = load(file, {f"{PREFIX}CLUSTERS__0__NAMESPACES": "x, y"}, {"clusters[1].name": "east"})

    assert config.clusters[0].name == "west"
    assert config.clusters[0].namespaces == ("x", "y")
    assert config.clusters[1].name == "east"


def test_the_default_cluster_can_be_set_without_a_file():
    config = load(None, {f"{PREFIX}CLUSTERS__0__NAMESPACES": '["blast"]'}, {"clusters[0].connect.context": "dev"})

    assert config.clusters[0].namespaces == ("blast",)
    assert config.clusters[0].connect.context == "dev"


def test_a_json_value_replaces_the_whole_section(file):
    config = load(file, {f"{PREFIX}LISTEN": '{"port": 5}', f"{PREFIX}METRICS__NODE_HOURLY_PRICE__BLAST__PRICE": "1.5",
                         f"{PREFIX}METRICS__NODE_HOURLY_PRICE__BLAST__CURRENCY": "EUR"}, {})  # fmt: skip

    assert (config.listen.port, config.listen.address) == (5, "0.0.0.0")
    assert config.metrics.node_hourly_price["blast"].price == 1.5


def test_the_file_can_be_named_in_the_environment_and_the_argument_wins(file, tmp_path):
    environ = {f"{PREFIX}CONFIG": str(tmp_path / "missing.yaml")}

    assert load(file, environ, {}).listen.port == 1001
    assert load(None, {f"{PREFIX}CONFIG": str(file)}, {}).listen.port == 1001
    assert problems(None, environ, {})[0][1] == str(tmp_path / "missing.yaml")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("LISTEN__PROT", f"is not a known variable; did you mean {PREFIX}LISTEN__PORT?"),
        ("LISTEN_PORT", f"is not a known variable; did you mean {PREFIX}LISTEN__PORT?"),
        ("listen__port", f"is not a known variable; did you mean {PREFIX}LISTEN__PORT?"),
        ("ZZZ", "is not a known variable"),
        ("CLUSTERS__X__NAME", f"is not a known variable; did you mean {PREFIX}CLUSTERS__0__NAME?"),
        ("", "is not a known variable"),
    ],
)
def test_an_unknown_variable_is_refused(name, sentence):
    assert [told[1:] for told in problems(None, {PREFIX + name: "1"}, {})] == [(PREFIX + name, sentence)]


def test_variables_of_others_are_passed_over():
    """Those without our prefix, and those that Kubernetes sets for a Service of our name."""
    environ = {
        "PATH": "/bin",
        f"{PREFIX}SERVICE_HOST": "10.0.0.1",
        f"{PREFIX}SERVICE_PORT": "9850",
        f"{PREFIX}SERVICE_PORT_METRICS": "9850",
        f"{PREFIX}PORT": "tcp://10.0.0.1:9850",
        f"{PREFIX}PORT_9850_TCP": "tcp://10.0.0.1:9850",
        f"{PREFIX}PORT_9850_TCP_ADDR": "10.0.0.1",
        f"{PREFIX}ADMIN_PORT": "tcp://10.0.0.1:9851",
        f"{PREFIX}ADMIN_SERVICE_HOST": "10.0.0.1",
    }

    assert load(None, environ, {}) == load(None, {}, {})


@pytest.mark.parametrize("key", ["listen.prot", "listen..port", "clusters[x].name", "", "listen[0]", "clusters.name"])
def test_an_unknown_flag_is_refused(key):
    assert problems(None, {}, {key: "1"}) == [(key, "flag", "is not a known key")]


@pytest.mark.parametrize("text", ["{", "[1", '{"a": 1, "a": 2}', "NaN", "[" * 100_000])
def test_a_value_that_is_no_json_is_refused(text):
    name = f"{PREFIX}CLUSTERS"

    assert problems(None, {name: text}, {}) == [("clusters", name, "must be JSON")]


def test_a_hole_in_a_list_is_refused():
    name = f"{PREFIX}CLUSTERS__2__NAME"

    assert problems(None, {name: "east"}, {}) == [("clusters[2].name", name, "skips a position of its list")]


def test_a_section_of_the_wrong_form_is_reported_although_a_variable_goes_into_it(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("listen: 5\n")

    told = problems(path, {f"{PREFIX}LISTEN__PORT": "1002"}, {})

    assert told == [("listen", f"{path}:1", "must be a mapping")]


def test_problems_of_all_three_sources_are_told_at_once(file):
    """Each with the place where the value that counts was said."""
    file.write_text("listen: {port: 0}\nlog: {level: loud, format: xml}\nlimits: {connect: 40s}\n")

    told = problems(file, {f"{PREFIX}LOG__LEVEL": "quiet", f"{PREFIX}NO": "1"}, {"listen.max_connections": "many"})

    assert [(key, source) for key, source, _ in told] == [
        ("no", f"{PREFIX}NO"),
        ("listen.port", f"{file}:1"),
        ("listen.max_connections", "flag"),
        ("log.level", f"{PREFIX}LOG__LEVEL"),
        ("log.format", f"{file}:2"),
        ("limits.connect", f"{file}:3"),
    ]


def test_a_contradiction_with_a_bad_value_is_not_told():
    """limits.connect exceeds the default of limits.list_deadline, but the user wrote another, bad one."""
    told = problems(None, {}, {"limits.connect": "40s", "limits.list_deadline": "x"})

    assert [key for key, _, _ in told] == ["limits.list_deadline"]
