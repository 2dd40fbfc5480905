"""Any record becomes exactly one line that a parser of its format understands."""

from __future__ import annotations

import json
import logging
import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.logs.lines import MOST_BYTES, LineFormatter

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=400)
TRICKY = st.sampled_from(
    ["\x1b[31mred", "a\nb", "\r\n", "\u2028", "\u202e", "\ud800", '"', "\\", 'x="y" z=\\', "", " "]
)
TEXT = ANYTHING | TRICKY
VALUE = TEXT | st.integers() | st.floats() | st.booleans() | st.binary() | st.lists(TEXT) | st.none()
PAIR = re.compile(r'([A-Za-z0-9_.]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s"=\\]+))(?: |$)')


def record(msg="constant", args=(), *, name="exporter.feed", level=logging.INFO, fields=None, exc_info=None):
    made = logging.LogRecord(name, level, "file.py", 1, msg, args, exc_info)
    if fields is not None:
        made.fields = fields
    return made


def parse_logfmt(line):
    """The pairs of a line, all of which must be used up."""
    pairs, at = {}, 0
    while at < len(line):
        match = PAIR.match(line, at)
        assert match, line[at:]
        name, quoted, bare = match.groups()
        assert name not in pairs
        pairs[name] = bare if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        at = match.end()
    return pairs


def parse_json(line):
    def unique(pairs):
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    return json.loads(line, object_pairs_hook=unique, parse_constant=pytest.fail)


PARSERS = {"logfmt": parse_logfmt, "json": parse_json}


@pytest.mark.parametrize("form", PARSERS)
@given(msg=TEXT, args=st.tuples(VALUE) | st.just(()), name=TEXT, fields=st.dictionaries(TEXT, VALUE, max_size=60))
def test_any_record_is_one_valid_line(form, msg, args, name, fields):
    line = LineFormatter(form).format(record(msg, args, name=name, fields=fields))

    assert len(line.encode()) <= MOST_BYTES
    assert not any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in line)
    said = PARSERS[form](line)
    assert list(said)[:4] == ["ts", "level", "msg", "component"]
    assert all(len(str(value)) <= 256 for value in said.values())


@pytest.mark.parametrize("form", PARSERS)
def test_many_long_fields_are_cut_and_counted(form):
    fields = {f"f{i}": "\N{DNA DOUBLE HELIX}" * 256 for i in range(50)}

    line = LineFormatter(form).format(record(fields=fields))

    said = PARSERS[form](line)
    kept = [name for name in said if re.fullmatch(r"f\d+", name)]
    assert len(line.encode()) <= MOST_BYTES
    assert int(said["fields_cut"]) == 50 - len(kept) > 0


@pytest.mark.parametrize("form", PARSERS)
def test_a_line_says_when_what_and_where(form):
    made = record(fields={"count": 3, "ok": True, "resource": "jobs", "absent": None, "note": 'say "a b"'})
    made.created = 1_700_000_000.0625

    said = PARSERS[form](LineFormatter(form).format(made))

    assert said == {
        "ts": "2023-11-14T22:13:20.062Z",
        "level": "info",
        "msg": "constant",
        "component": "feed",
        "count": 3 if form == "json" else "3",
        "ok": True if form == "json" else "true",
        "resource": "jobs",
        "note": 'say "a b"',
    }


def test_a_field_cannot_pose_as_one_of_ours():
    said = parse_json(LineFormatter("json").format(record(fields={"msg": "x", "level": "error", "a b": 1})))

    assert (said["msg"], said["level"]) == ("constant", "info")
    assert (said["field_msg"], said["field_level"], said["a_b"]) == ("x", "error", 1)


class Hostile:
    def __str__(self):
        raise RuntimeError("no text")


NESTED: list[object] = []
NESTED.append(NESTED)


@pytest.mark.parametrize(
    "value", [Hostile(), [Hostile()], NESTED, 10**5000], ids=["raises", "inside", "nested", "long"]
)
def test_a_value_without_a_text_is_its_type(value):
    said = parse_json(LineFormatter("json").format(record(fields={"v": value})))

    assert said["v"] == f"<{type(value).__name__}>"


@pytest.mark.parametrize(("msg", "args"), [("%d", ("x",)), ("%s %s", ("x",)), ("%s", (Hostile(),))])
def test_a_message_that_does_not_fit_its_arguments_is_still_written(msg, args):
    assert parse_json(LineFormatter("json").format(record(msg, args)))["msg"] == msg


@pytest.mark.parametrize(("level", "word"), [(5, "debug"), (10, "debug"), (25, "info"), (30, "warn"), (50, "error")])
def test_levels_are_four_words(level, word):
    assert parse_json(LineFormatter("json").format(record(level=level)))["level"] == word


def raised():
    try:
        raise KeyError("hunter2-canary")
    except KeyError:
        return sys.exc_info()


def test_an_exception_is_its_class_and_place_without_its_words():
    line = LineFormatter("json").format(record(exc_info=raised()))

    said = parse_json(line)
    assert said["exception"] == "KeyError"
    assert re.fullmatch(r"test_lines\.py:\d+:raised", said["at"])
    assert "hunter2-canary" not in line


def test_an_expected_failure_has_no_frames():
    said = parse_json(LineFormatter("json").format(record(exc_info=raised(), fields={"error_class": "timeout"})))

    assert said["exception"] == "KeyError"
    assert "at" not in said


CANARY = "hunter2canary.AAAA-bbbb_cccc"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl-canary"


@pytest.mark.fault(108)
@pytest.mark.parametrize("form", PARSERS)
@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {CANARY}",
        f"{{'authorization': 'Bearer {CANARY}'}}",
        f"authorization=Basic {CANARY}",
        f"sent bearer {CANARY}",
        f"https://x.blob/y?se=2030&sig={CANARY}&sp=r",
        f"https://me:{CANARY}@host/path",
        f"client_secret={CANARY}",
        f'{{"access_token": "{CANARY}"}}',
        f"password: {CANARY}",
        f"got {JWT} back",
        "x" * 250 + " " + JWT,
    ],
)
def test_no_secret_is_in_a_line_as_message_argument_or_field(form, text):
    for made in (record(text), record("said %s", (text,)), record(fields={"note": text}), record(fields={"l": [text]})):
        line = LineFormatter(form).format(made)

        assert "canary" not in line
        assert "eyJ" not in line


@pytest.mark.fault(108)
@pytest.mark.parametrize("name", ["token", "access_token", "Authorization", "client_secret", "sig", "password"])
def test_a_field_named_like_a_secret_is_masked(name):
    assert parse_json(LineFormatter("json").format(record(fields={name: "canary"})))[name] == "***"


@given(before=ANYTHING, after=ANYTHING)
def test_a_token_is_masked_whatever_stands_around_it(before, after):
    line = LineFormatter("logfmt").format(record(fields={"note": f"{before} {JWT} {after}"}))

    assert "eyJhbG" not in line
