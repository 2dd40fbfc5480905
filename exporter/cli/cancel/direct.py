"""`cancel` without a daemon: the same cancel in this process, with the caller's own rights on the cluster."""

from __future__ import annotations

import getpass
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from exporter.adapters.clock import SystemClock
from exporter.adapters.endpoint import ConnectError
from exporter.adapters.kube import Access
from exporter.cancel import saga
from exporter.cancel.api import JobsApi
from exporter.cancel.audit import AuditSink
from exporter.cancel.documents import PlanDocument, ResultDocument, plan_document, result_document, stages_of
from exporter.cancel.order import Order, Times
from exporter.cancel.progress import Progress
from exporter.cli.cancel.values import REFUSED, UNAVAILABLE, USAGE, WHOLE_ID, EndError, Moment, Place, Wish
from exporter.cli.check.command import Asker, user_of
from exporter.cli.check.findings import REMEDIES
from exporter.cli.look import look
from exporter.cli.status.overview import searches_of
from exporter.config import Cluster, Config
from exporter.domain.cancel import Plan, Result
from exporter.domain.failures import Failed, Word
from exporter.domain.identity import SearchId, is_search_id
from exporter.domain.lookup import matches
from exporter.domain.snapshots import SearchView
from exporter.wiring_fleet import Door, present

_FOLDER = "elasticblast-exporter"


def audit_file(environment: Mapping[str, str]) -> Path:
    """Where the records of one's own cancels go: under XDG_STATE_HOME, else ~/.local/state."""
    base = environment.get("XDG_STATE_HOME") or str(Path(environment.get("HOME", "/")) / ".local" / "state")
    return Path(base) / _FOLDER / "audit.jsonl"


class Directly:
    """The configured clusters, in this process."""

    def __init__(self, config: Config, *, audit: Path, times: Times) -> None:
        self._config = config
        self._door = Door(config, SystemClock())
        self._clusters: tuple[Cluster, ...] | None = None
        self._audit = audit
        self._times = times

    @property
    def words(self) -> str:
        return f"directly on the cluster, with your own rights; audited in {self._audit}"

    def find(self, text: str) -> list[Place]:
        """A whole id is asked for itself, where it may be; for anything else the clusters are looked at once."""
        if WHOLE_ID.fullmatch(text):
            return self._with_jobs(text)
        try:
            report, failures = look(self._config)
        except ConnectError as error:
            raise EndError(USAGE, f"cannot connect: {error}") from None
        found = matches((_place(cluster.name, one) for cluster, one in searches_of(report)), text)
        if not found and failures:
            raise EndError(UNAVAILABLE, "\n".join(failure.rstrip() for failure in failures))
        return found or (self._with_jobs(text) if is_search_id(text) else [])

    def plan(self, place: Place) -> PlanDocument | None:
        plan = self._read(self._cluster(place.cluster), place.namespace, place.id)
        return plan_document(plan, cluster=place.cluster, phase=place.phase or None) if plan else None

    def begin(self, wish: Wish) -> DirectRun:
        place = wish.place
        try:
            self._audit.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise EndError(UNAVAILABLE, f"No audit file, no cancel: {self._audit}: {error.strerror}") from None
        order = Order(
            search=SearchId(place.id),
            namespace=place.namespace,
            cluster=place.cluster,
            dry_run=wish.dry_run,
            expected_count=wish.expected_count,
            reason=wish.reason,
            caller=self._caller(place.cluster),
            source="command line",
            request_id=uuid.uuid4().hex,
        )
        access = _reached(self._cluster(place.cluster), self._door)
        run = DirectRun(order, access, audit=AuditSink(str(self._audit)), times=self._times)
        run.start()
        return run

    def _cluster(self, name: str) -> Cluster:
        for cluster in self._present():
            if cluster.name == name:
                return cluster
        raise EndError(USAGE, f"No cluster of the configuration is called {name!r}.")

    def _present(self) -> tuple[Cluster, ...]:
        """The clusters that are listed or found; they are looked for once."""
        if self._clusters is None:
            try:
                self._clusters, failures = present(self._config, self._door)
            except ConnectError as error:
                raise EndError(USAGE, f"cannot connect: {error}") from None
            if failures:
                raise EndError(UNAVAILABLE, f"The fleet is not known whole: {failures[0]}.")
        return self._clusters

    def _with_jobs(self, text: str) -> list[Place]:
        """Every place where something carries the id; the first of them where nothing does."""
        places = [(cluster, namespace) for cluster in self._present() for namespace in cluster.namespaces]
        found = [(cluster, namespace) for cluster, namespace in places if self._read(cluster, namespace, text)]
        return [Place(cluster=cluster.name, namespace=namespace, id=text) for cluster, namespace in found or places[:1]]

    def _read(self, cluster: Cluster, namespace: str, text: str) -> Plan | None:
        """The plan; None where nothing carries the id."""
        with _asking(cluster, self._door) as access:
            api = JobsApi(access.transport("cancel"), namespace)
            try:
                plan = saga.plan(SearchId(text), api=api)
            finally:
                api.close()
        return plan if plan.targets or plan.spared else None

    def _caller(self, cluster: str) -> str:
        """Who deletes, for the audit: as the API says, else as this machine does."""
        with _asking(self._cluster(cluster), self._door) as access:
            transport = access.transport("cancel")
            try:
                return user_of(Asker(transport)) or f"{getpass.getuser()} on this machine"
            finally:
                transport.close()


def _place(cluster: str, search: SearchView) -> Place:
    return Place(
        cluster=cluster,
        namespace=search.namespace,
        id=search.id,
        openapi_id=search.openapi_id,
        phase=search.phase or "",
        what=" ".join(text for text in (search.program, search.db) if text not in ("", "unknown")),
    )


class DirectRun:
    """A cancel in a thread of this process."""

    key = ""

    def __init__(self, order: Order, access: Access, *, audit: AuditSink, times: Times) -> None:
        self._order = order
        self._access = access
        self._audit = audit
        self._times = times
        self._progress = Progress()
        self._stop = threading.Event()
        self._result: Result | None = None
        self._thread = threading.Thread(target=self._run, name="cancel", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def moment(self) -> Moment:
        view = self._progress.snapshot()
        return Moment(stage=view.stage, stages=stages_of(view))

    def result(self) -> ResultDocument | None:
        if self._thread.is_alive():
            return None
        if self._result is None:
            raise EndError(UNAVAILABLE, "The cancel ended by a fault of the exporter; run the command again.")
        return result_document(self._result, cluster=self._order.cluster, dry_run=self._order.dry_run)

    def give_up(self) -> bool:
        """It stops after the Job in hand."""
        self._stop.set()
        return True

    def _run(self) -> None:
        transports = [self._access.transport(f"cancel/{n}") for n in range(self._times.parallel)]
        api = JobsApi(transports[0], self._order.namespace, more=transports[1:])
        try:
            self._result = saga.run(
                self._order,
                api=api,
                audit=self._audit,
                times=self._times,
                progress=self._progress,
                stop=self._stop.is_set,
                clock=SystemClock(),
            )
        finally:
            api.close()
            self._access.close()


@contextmanager
def _asking(cluster: Cluster, door: Door) -> Iterator[Access]:
    """Access for some questions; what goes wrong ends the command."""
    access = _reached(cluster, door)
    try:
        yield access
    except Failed as failure:
        code = REFUSED if failure.word in (Word.DENIED, Word.UNAUTHENTICATED) else UNAVAILABLE
        hint = "Try `check --cancel person`." if failure.word is Word.DENIED else REMEDIES[failure.word]
        name = f" {cluster.name}" if cluster.name else ""
        raise EndError(code, f"The cluster{name} cannot be asked: {failure}. {hint}") from None
    finally:
        access.close()


def _reached(cluster: Cluster, door: Door) -> Access:
    try:
        return door.reach(cluster)
    except ConnectError as error:
        raise EndError(USAGE, f"cannot connect: {error}") from None
