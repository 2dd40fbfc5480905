"""Where `status` gets a report: from a daemon, or from one look at the cluster itself."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from exporter.adapters.endpoint import ConnectError
from exporter.cli.daemon import BadUrlError, NoDaemonError, ask
from exporter.web.status_json import Report

USAGE = 2
DEFAULT_URL = "http://127.0.0.1:9850"
_PATIENCE = 2.0
_BETWEEN_LOOKS = 30.0


class EndError(Exception):
    """The command ends here; what was wrong has been said."""

    def __init__(self, code: int) -> None:
        self.code = code


class SilentError(Exception):
    """Nobody tells now; the message says why, in a few words."""


Look = Callable[[], tuple[Report, list[str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """`look` gives a report and lines about what could not be read, or raises SilentError; `least` seconds lie between
    two looks."""

    name: str
    look: Look
    least: float = 0.0


def one_report(arguments: Namespace) -> tuple[Report, list[str]]:
    """From the daemon; from the cluster where no daemon answers, or where the cluster to look at is named. Raises
    EndError."""
    if _names_the_cluster(arguments):
        return _looked(_look_of(arguments))
    url = arguments.url or DEFAULT_URL
    try:
        report, why = _asked(url), "it has not looked yet"
    except NoDaemonError as error:
        report, why = Report(), str(error)
    if report.clusters is not None:
        return report, []
    sys.stderr.write(
        f"No daemon at {url} ({why}): looking at the cluster itself, once. "
        "What only a daemon remembers is missing: past failures, Jobs that are gone, estimates.\n"
    )
    return _looked(_look_of(arguments))


def source(arguments: Namespace) -> Source:
    """What is looked at again and again: the daemon that is named or that answers now, else the cluster itself, which
    is not asked more often than twice a minute. Raises EndError."""
    if not _names_the_cluster(arguments):
        url = arguments.url or DEFAULT_URL
        try:
            _asked(url)
            return _daemon(url)
        except NoDaemonError as error:
            if arguments.url is not None:
                return _daemon(url)
            sys.stderr.write(f"No daemon at {url} ({error}): looking at the cluster itself, twice a minute at most.\n")
    return cluster_source(_look_of(arguments))


def _names_the_cluster(arguments: Namespace) -> bool:
    return arguments.url is None and bool(arguments.kubeconfig or arguments.context)


def _daemon(url: str) -> Source:
    def asked() -> tuple[Report, list[str]]:
        try:
            return _asked(url), []
        except NoDaemonError as error:
            raise SilentError(str(error)) from None

    return Source(name=f"the daemon at {url}", look=asked)


def cluster_source(look: Look) -> Source:
    """The cluster itself, not to be asked more often than twice a minute."""

    def looked() -> tuple[Report, list[str]]:
        try:
            return look()
        except ConnectError as error:
            raise SilentError(f"cannot connect: {error}") from None

    return Source(name="the cluster itself", look=looked, least=_BETWEEN_LOOKS)


def _asked(url: str) -> Report:
    """Raises NoDaemonError, and EndError for what is no address."""
    try:
        return ask(url, timeout=_PATIENCE)
    except BadUrlError as error:
        sys.stderr.write(f"{error}\n")
        raise EndError(USAGE) from None


def _looked(look: Look) -> tuple[Report, list[str]]:
    """One pass over the cluster, in this process."""
    try:
        report, failures = look()
    except ConnectError as error:
        sys.stderr.write(f"cannot connect: {error}\n")
        raise EndError(USAGE) from None
    return report, [failure.rstrip() for failure in failures]


def _look_of(arguments: Namespace) -> Look:
    """The way to look at the configured clusters. It is imported here: whoever asks a daemon has no use for the clients
    of Kubernetes, which take longer to load than the daemon to answer."""
    from exporter.cli.configured import configured
    from exporter.cli.look import look

    config = configured(arguments)
    if config is None:
        raise EndError(USAGE)
    return partial(look, config)
