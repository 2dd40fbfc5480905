"""What every page for people has around it: head, style, script, landmarks, and the policy that allows nothing else."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

from exporter.domain.snapshots import View
from exporter.web.markup import Html, element, escaped, exactly, foreign, joined

REFRESH = 30
_STYLE = files("exporter.web").joinpath("style.css").read_text(encoding="utf-8")
_SCRIPT = files("exporter.web").joinpath("live.js").read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()


_LOOK = _digest(_STYLE + _SCRIPT)[:12]  # a page made by another version is loaded anew
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_digest(_STYLE)}'; script-src 'sha256-{_digest(_SCRIPT)}'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""This page's own style sheet and script, and requests to where it came from: nothing else."""


def document(title: str, main: Html, *, view: View | None, root: str = "", query: str = "", live: bool = True) -> bytes:
    """A whole page as UTF-8. `root` leads from the page to `/`: links are relative, so that any proxy may stand before
    it. `query` is what the page was asked for with; `live`: it keeps itself up to date."""
    again = f'<noscript><meta http-equiv="refresh" content="{REFRESH}"></noscript>' if live else ""
    script = f"<script>{_SCRIPT}</script>" if live else ""
    body = joined(
        [
            element("a", "Skip to the content", href="#main", class_="skip"),
            _header(view, root=root, query=query, live=live),
            element("p", "", id="connection", role="status"),
            element("p", "", id="news", role="status", class_="hidden"),
            element("main", main, id="main", tabindex="-1"),
            _footer(view, root=root),
        ]
    )
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="look" content="{_LOOK}">{again}<title>{escaped(title)}</title><style>{_STYLE}</style></head>'
        f"<body>{body}{script}</body></html>\n"
    )
    return text.encode("utf-8", "replace")


def _header(view: View | None, *, root: str, query: str, live: bool) -> Html:
    home = element("a", "ElasticBLAST searches", href=root or "./", class_="home")
    as_of = (
        ["as of ", element("span", exactly(view.at, view.at), id="as-of")] if view else ["nothing has been read yet"]
    )
    turned = "&".join(part for part in (query, "refresh=0" if live else "") if part)
    switch = element("a", "Stop updating" if live else "Keep up to date", href=f"?{turned}")
    nav = element("nav", [switch], aria_label="Updates")
    return element("header", [home, element("p", as_of, id="about", class_="soft"), nav])


def _footer(view: View | None, *, root: str) -> Html:
    links = (("metrics", "Metrics"), ("api/v1/searches", "JSON"), ("readyz?verbose", "Readiness"))
    nav = element("nav", (element("a", text, href=root + target) for target, text in links), aria_label="Pages")
    return element("footer", [nav, element("p", _version(view), class_="soft")])


def _version(view: View | None) -> Html:
    if view is None:
        return escaped("elasticblast-exporter")
    revision = f" ({view.process.revision[:12]})" if view.process.revision not in ("", "unknown") else ""
    return joined(["elasticblast-exporter ", foreign(view.process.version + revision)])
