"""`rehearse`: plays a small search with the caller's rights, and says whether the daemon tells the truth of it."""

from __future__ import annotations

import os
import signal
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from itertools import chain
from typing import TypeVar

from exporter.adapters.clock import SystemClock
from exporter.adapters.discovery import Discovery
from exporter.adapters.kube import Access
from exporter.adapters.transport import Transport
from exporter.cli.cancel.http import DEFAULT_URL, Client, token_of
from exporter.cli.cancel.port import ThroughDaemon
from exporter.cli.cancel.values import INTERRUPTED, UNAVAILABLE, USAGE, EndError, Place, UnreachableError, Wish
from exporter.cli.configured import configured
from exporter.cli.daemon import BadUrlError, NoDaemonError
from exporter.cli.rehearse.page import DaemonPage
from exporter.cli.rehearse.place import namespace_of, reached, watching
from exporter.cli.table import printable
from exporter.config.environment import ADMIN_TOKEN, ADMIN_URL
from exporter.domain.custom.kinds import MPIJOB
from exporter.domain.failures import Failed, Word
from exporter.rehearsal.acts import play_mpi, play_node, play_search
from exporter.rehearsal.batch import Batch
from exporter.rehearsal.cancelling import Cancel, Cancelled, play_cancel
from exporter.rehearsal.core import Core
from exporter.rehearsal.custom import Custom
from exporter.rehearsal.leftovers import Swept, sweep
from exporter.rehearsal.manifests import RUN_LABEL, new_run
from exporter.rehearsal.stage import Finding, Page, PageError, Stage, found, skipped

_GOOD, _NOT_SEEN = 0, 1
_FAR = frozenset({Word.DNS, Word.CONNECT, Word.TLS, Word.TIMEOUT, Word.UNAUTHENTICATED})
_LOOK_EVERY = 0.5
_BUDGET = 10.0
T = TypeVar("T")


def command(arguments: Namespace) -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _rehearse(arguments)
    except (EndError, BadUrlError) as end:
        sys.stderr.write(f"{end}\n")
        return end.code if isinstance(end, EndError) else USAGE
    except Failed as failure:
        sys.stderr.write(f"The cluster: {failure}\n")
        return _code_of(failure)


def _rehearse(arguments: Namespace) -> int:
    config = configured(arguments)
    if config is None:
        return USAGE
    cluster, access = reached(config, arguments.cluster)
    try:
        namespace = namespace_of(cluster, arguments)
        if arguments.cleanup:
            return _swept(access, namespace, "", arguments.wait)
        name = watching(arguments.url, cluster.name, namespace)
        return _played(access, name, namespace, arguments)
    finally:
        access.close()


def _played(access: Access, cluster: str, namespace: str, arguments: Namespace) -> int:
    """Play it and sweep the stage, whatever happens."""
    run = new_run()
    transport = access.transport("rehearsal")
    there = _is_there(Core(transport), namespace, create=arguments.create_namespace)
    _say(f"Rehearsal {run} in namespace {namespace} of {access.describe()}, with your own rights.")
    try:
        if not there:
            Core(transport).create_namespace(namespace, {RUN_LABEL: run})
        code = _acted(_stage(access, transport, cluster, namespace, run, arguments), cluster, arguments)
    except Failed as failure:
        _say(f"failed   the cluster: {failure}")
        code = _code_of(failure)
    except KeyboardInterrupt:
        _say("Interrupted: deleting what was made. Another Ctrl-C leaves it to --cleanup.")
        code = INTERRUPTED
    finally:
        transport.close()
        clean = _swept(access, namespace, run, arguments.wait)
    return code or clean


def _acted(stage: Stage, cluster: str, arguments: Namespace) -> int:
    acts = [play_search(stage), _cancel(stage, cluster, arguments)]
    if arguments.node:
        acts.append(play_node(stage, arguments.node))
    if arguments.mpi:
        acts.append(play_mpi(stage))
    verdicts = [_told(finding) for finding in chain.from_iterable(acts)]
    return _NOT_SEEN if "failed" in verdicts else _GOOD


def _cancel(stage: Stage, cluster: str, arguments: Namespace) -> Iterator[Finding]:
    """Every admin port asks for a token: who has named neither has it off."""
    url = arguments.admin_url or os.environ.get(ADMIN_URL, "")
    token = token_of(arguments.token_file, os.environ.get(ADMIN_TOKEN, ""))
    if not (url or token):
        yield skipped("cancel", "no admin port: name it with --admin-url, and your token with --token-file")
        return
    client = Client(url or DEFAULT_URL, token, ca_file=arguments.ca_file)
    try:
        client.knock()
    except UnreachableError as error:
        yield found("cancel", "an admin port", str(error), good=False) if url else skipped("cancel", str(error))
        return
    yield from play_cancel(stage, _canceller(client, cluster, stage.namespace, stage.wait))


def _canceller(client: Client, cluster: str, namespace: str, wait: float) -> Cancel:
    def cancel(search: str, jobs: int) -> Cancelled:
        place = Place(cluster=cluster, namespace=namespace, id=search)
        wish = Wish(place=place, expected_count=jobs, dry_run=False, reason="rehearsal")
        ends = time.monotonic() + wait
        try:
            run = ThroughDaemon(client).begin(wish)
            while (result := run.result()) is None:
                if time.monotonic() >= ends:
                    return Cancelled(outcome=f"no end within {wait:g} s", deleted=0)
                time.sleep(_LOOK_EVERY)
        except EndError as end:
            return Cancelled(outcome=str(end), deleted=0)
        return Cancelled(outcome=result.outcome.value, deleted=result.deleted)

    return cancel


def _stage(access: Access, transport: Transport, cluster: str, namespace: str, run: str, arguments: Namespace) -> Stage:
    page = DaemonPage(arguments.url, cluster, namespace)
    return Stage(
        run=run,
        namespace=namespace,
        image=arguments.image,
        wait=arguments.wait,
        core=Core(transport),
        batch=Batch(transport, namespace),
        custom=_custom(access, transport, namespace) if arguments.mpi else None,
        page=Page(
            search=lambda search: _seen(lambda: page.search(search)),
            nodes=lambda: _seen(page.nodes),
            mpi_jobs=lambda: _seen(page.mpi_jobs),
        ),
    )


def _custom(access: Access, transport: Transport, namespace: str) -> Custom | None:
    """None where MPIJobs are not served. Raises Failed where the cluster cannot say so."""
    discovery = Discovery(access.transport("discovery"), SystemClock())
    try:
        return Custom(transport, MPIJOB, discovery.version(MPIJOB, budget=_BUDGET), namespace)
    except Failed as failure:
        if failure.word is Word.ABSENT:
            return None
        raise
    finally:
        discovery.close()


def _is_there(core: Core, namespace: str, *, create: bool) -> bool:
    """Who may not look takes the namespace to be there. Raises EndError for one that is not and is not to be made."""
    try:
        there = core.namespace(namespace) is not None
    except Failed as failure:
        if failure.word is not Word.DENIED:
            raise
        return True
    if not there and not create:
        raise EndError(USAGE, f"There is no namespace {namespace}; --create-namespace makes it for the rehearsal.")
    return there


def _swept(access: Access, namespace: str, run: str, wait: float) -> int:
    """On a connection of its own: that of the acts may have been left in the middle of an answer."""
    transport = access.transport("sweep")
    unasked: tuple[str, ...] = ()
    custom = None
    try:
        custom = _custom(access, transport, namespace)
    except Failed as failure:
        unasked = (f"MPIJobs ({failure.word})",)
    try:
        swept = sweep(Core(transport), Batch(transport, namespace), custom, namespace, run=run, wait=wait)
    finally:
        transport.close()
    _say(*_swept_lines(swept, unasked, namespace))
    return _NOT_SEEN if swept.left or swept.unseen or unasked else _GOOD


def _swept_lines(swept: Swept, unasked: tuple[str, ...], namespace: str) -> Iterator[str]:
    yield f"Deleted: {', '.join(swept.removed) or 'nothing, for there was nothing'}."
    if left := (*swept.left, *swept.unseen, *unasked):
        again = f"elasticblast-exporter rehearse --namespace {namespace} --cleanup"
        yield f"Still there, or not known: {', '.join(left)}. Again with: {again}"


def _code_of(failure: Failed) -> int:
    return UNAVAILABLE if failure.word in _FAR else _NOT_SEEN


def _seen(look: Callable[[], T]) -> T:
    try:
        return look()
    except NoDaemonError as error:
        raise PageError(f"the daemon's page: {error}") from None


def _told(finding: Finding) -> str:
    lines = [f"{finding.verdict:<8} {finding.what}"]
    lines += [f"{'':9}expected  {printable(finding.expected)}"] if finding.expected else []
    _say(*lines, f"{'':9}seen      {printable(finding.seen)}")
    return finding.verdict


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()
