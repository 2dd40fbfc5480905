"""Text fields that are checked when they are read. No sentence repeats the value."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator

_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_POOL = re.compile(r"[a-z][a-z0-9]{0,11}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PRINTABLE = re.compile(r"[^\x00-\x1f\x7f-\x9f]{1,253}")


def matching(pattern: re.Pattern[str], sentence: str, *, empty: bool = False) -> AfterValidator:
    """Whole texts of this form; `sentence` says what others must be."""

    def check(text: str) -> str:
        if not pattern.fullmatch(text) and not (empty and text == ""):
            raise ValueError(sentence)
        return text

    return AfterValidator(check)


def _address(text: str) -> str:
    if text == "localhost":
        return text
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError("must be an IP address or localhost") from None


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach a listener on the address."""
    return address == "localhost" or ipaddress.ip_address(address).is_loopback


def _server(text: str) -> str:
    sentence = "must be a URL such as https://host:443 with no user, path or query"
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        raise ValueError(sentence) from None
    if url.scheme not in ("https", "http") or not url.hostname or port == 0 or not text.isprintable() or " " in text:
        raise ValueError(sentence)
    if url.username is not None or url.path not in ("", "/") or url.query or url.fragment:
        raise ValueError(sentence)
    return text.rstrip("/")


def _audit_target(text: str) -> str:
    return text if text == "-" else str(_path(text))


def _path(raw: object) -> object:
    if isinstance(raw, Path):
        return raw
    if not isinstance(raw, str) or not raw or "\0" in raw:
        raise ValueError("must be the path of a file")
    try:
        return Path(raw).expanduser()
    except RuntimeError:
        raise ValueError("begins with ~, and the home directory is not known") from None


def _version(raw: object) -> object:
    """YAML reads an unquoted 1.2 as a number."""
    return str(raw) if isinstance(raw, float) else raw


ClusterName = Annotated[
    str, matching(_LABEL, "must be 1 to 63 letters, digits, dots, dashes or underscores", empty=True)
]
Namespace = Annotated[str, matching(_NAMESPACE, "must be the name of a Kubernetes namespace")]
Pool = Annotated[str, matching(_POOL, "must be the name of an AKS node pool")]
Currency = Annotated[str, matching(_CURRENCY, "must be an ISO 4217 code such as USD")]
Context = Annotated[str, matching(_PRINTABLE, "must be 1 to 253 printable characters")]
Address = Annotated[str, AfterValidator(_address)]
Host = Annotated[str, matching(_HOST, "must be a host name in lower case without a port")]
Audience = Annotated[str, matching(_PRINTABLE, "must be 1 to 253 printable characters")]
AuditTarget = Annotated[str, AfterValidator(_audit_target)]
Server = Annotated[str, AfterValidator(_server)]
FilePath = Annotated[Path, BeforeValidator(_path)]
VersionText = BeforeValidator(_version)
