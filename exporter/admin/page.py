"""The OpenAPI document as a page for people: plain HTML, no script, nothing from elsewhere."""

from __future__ import annotations

import html as escaping
from base64 import b64encode
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from typing import Any

from exporter.admin import openapi
from exporter.admin.problems import TITLES

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
:root { color-scheme: light dark }
code { font-size: .9em }
section { border-top: 1px solid #8886; margin-top: 1.5rem }
table { border-collapse: collapse }
td, th { text-align: left; vertical-align: top; padding: .2rem 1rem .2rem 0 }
"""
_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
HEADERS = {
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
}
"""Nothing but the page's own style sheet: no script, no image, no frame, no request elsewhere."""


@cache
def html() -> bytes:
    """The page as UTF-8."""
    document = openapi.document()
    info = document["info"]
    operations = [
        _operation(path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    schemas = [_schema(name, schema) for name, schema in document["components"]["schemas"].items()]
    body = [
        f"<h1>{_text(info['title'])}</h1><p>{_text(info['description'])} Version {_text(info['version'])}. "
        'For programs: <a href="/openapi.json"><code>/openapi.json</code></a>.</p>',
        *operations,
        "<section><h2>Problems</h2>",
        _table((f"<code>about:blank#{_text(name)}</code>", _text(title)) for name, title in sorted(TITLES.items())),
        "</section>",
        *schemas,
    ]
    head = f'<meta charset="utf-8"><title>{_text(info["title"])}</title><style>{_STYLE}</style>'
    page = f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(body)}</body></html>\n'
    return page.encode()


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    given = [
        (f"<code>{_text(one['name'])}</code>", _text(one["in"]), _text(one.get("description", "")))
        for one in operation["parameters"]
    ]
    if "requestBody" in operation:
        given.append(("<code>CancelRequest</code>", "body", "As JSON."))
    answers = ((_text(status), _text(one["description"])) for status, one in sorted(operation["responses"].items()))
    return (
        f"<section><h2><code>{_text(method.upper())} {_text(path)}</code></h2><p>{_text(operation['summary'])}.</p>"
        f"{_table(given)}<h3>Answers</h3>{_table(answers)}</section>"
    )


def _schema(name: str, schema: dict[str, Any]) -> str:
    members = [
        (f"<code>{_text(member)}</code>", _text(_kind(kind))) for member, kind in schema.get("properties", {}).items()
    ]
    words = ", ".join(map(str, schema.get("enum", ())))
    return (
        f"<section><h2>{_text(name)}</h2><p>{_text(schema.get('description', ''))}</p>"
        f"<p>{_text(words)}</p>{_table(members)}</section>"
    )


def _kind(schema: dict[str, Any]) -> str:
    """The type of a member in few words."""
    if "anyOf" in schema:
        return " or ".join(map(_kind, schema["anyOf"]))
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "items" in schema:
        return f"list of {_kind(schema['items'])}"
    return str(schema.get("type") or ", ".join(map(str, schema.get("enum", ()))))


def _table(rows: Iterable[Iterable[str]]) -> str:
    """Rows of cells that are HTML already."""
    lines = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table>{lines}</table>" if lines else ""


def _text(value: object) -> str:
    return escaping.escape(str(value), quote=True)
