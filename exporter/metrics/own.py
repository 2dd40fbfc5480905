"""Families of the exporter about itself: its collectors per cluster, and the process once."""

from __future__ import annotations

from exporter.domain.azure.credential import APIS, MODES
from exporter.domain.failures import Word
from exporter.domain.snapshots import ClusterView, ProcessView, ResourceHealth
from exporter.domain.words import COLLECTOR_DURATION_BOUNDS, REPLACED_LABELS, RESOURCE_STATES
from exporter.metrics.emit import admit, one_hot
from exporter.metrics.family import Family, Sample, Samples

RUN_RESULTS = ("ok", "skipped", *(word.value for word in Word))

BUILD_INFO = Family(
    number=56,
    name="elasticblast_exporter_build_info",
    kind="gauge",
    labels=("version", "revision", "python_version"),
    help="Version and source revision of the exporter package, and the version of the Python that runs it.",
    bound=1,
)
COLLECTOR_INFO = Family(
    number=57,
    name="elasticblast_exporter_collector_info",
    kind="gauge",
    labels=("collector", "resource", "mode"),
    help="How a collector reads a resource at present; `poll` for a resource that could be watched means that the Role "
    "lacks the verb watch.",
    bound=28,
    values={"mode": ("watch", "poll")},
)
COLLECTOR_STATE = Family(
    number=58,
    name="elasticblast_exporter_collector_state",
    kind="gauge",
    labels=("collector", "resource", "state"),
    help="How far the data of a resource may be trusted, from the age and result of its reads; exactly one word is 1.",
    bound=196,
    values={"state": RESOURCE_STATES},
)
COLLECTOR_LAST_SUCCESS = Family(
    number=59,
    name="elasticblast_exporter_collector_last_success_timestamp_seconds",
    kind="gauge",
    labels=("collector", "resource"),
    help="Our time of the last complete read of a resource, for a watch the last event or bookmark; absent before the "
    "first.",
    bound=28,
)
COLLECTOR_RUNS = Family(
    number=60,
    name="elasticblast_exporter_collector_runs_total",
    kind="counter",
    labels=("collector", "resource", "result"),
    help="Attempts to read a resource by result: ok, skipped while backing off or at a limit of our own, or the "
    "failure word.",
    bound=476,
    values={"result": RUN_RESULTS},
)
COLLECTOR_DURATION = Family(
    number=61,
    name="elasticblast_exporter_collector_duration_seconds",
    kind="histogram",
    labels=("collector",),
    help="Duration of list passes and polls by our monotonic clock; watches are not observed.",
    bound=52,
    bounds=COLLECTOR_DURATION_BOUNDS,
)
RECORDS_REJECTED = Family(
    number=62,
    name="elasticblast_exporter_records_rejected_total",
    kind="counter",
    labels=("resource",),
    help="Items of lists and watches that were left out because they could not be decoded.",
    bound=28,
)
API_REQUESTS = Family(
    number=63,
    name="elasticblast_exporter_api_requests_total",
    kind="counter",
    labels=("collector", "verb", "code"),
    help="Requests to the API servers and to ARM by HTTP status: its class, or the code itself where it says more; "
    "absent before the first of its kind.",
    bound=100,
    values={"code": ("2xx", "3xx", "4xx", "5xx", "401", "403", "404", "409", "410", "429", "other")},
)
CLOCK_SKEW = Family(
    number=65,
    name="elasticblast_exporter_clock_skew_seconds",
    kind="gauge",
    labels=("collector",),
    help="Date header of the API's last answer minus our clock, exact to half a second; absent before the first "
    "answer.",
    bound=4,
)
CREDENTIAL_INFO = Family(
    number=119,
    name="elasticblast_exporter_credential_info",
    kind="gauge",
    labels=("api", "mode"),
    help="How the exporter shows who it is to the cluster's API and to ARM, from its configuration; absent for an API "
    "that was not yet reached.",
    bound=2,
    values={"api": APIS, "mode": MODES},
)
CREDENTIAL_EXPIRY = Family(
    number=120,
    name="elasticblast_exporter_credential_expiry_timestamp_seconds",
    kind="gauge",
    labels=("api",),
    help="End of the token in use as Entra or the token itself says; absent before the first token, for a token that "
    "does not say, and for a client certificate.",
    bound=2,
    values={"api": APIS},
)
SEARCHES_HIDDEN = Family(
    number=66,
    name="elasticblast_exporter_searches_hidden",
    kind="gauge",
    labels=(),
    help="Searches seen in Jobs that have no series of their own because the cap is reached; absent while Jobs cannot "
    "be read.",
    bound=1,
)
LABEL_VALUES_REPLACED = Family(
    number=67,
    name="elasticblast_exporter_label_values_replaced_total",
    kind="counter",
    labels=("label",),
    values={"label": REPLACED_LABELS},
    help="Texts of API objects that became `other` to be a value of the label: unknown words, and what is over a cap.",
    bound=len(REPLACED_LABELS),
)
HTTP_REQUESTS = Family(
    number=68,
    name="elasticblast_exporter_http_requests_total",
    kind="counter",
    labels=("handler", "code"),
    help="Requests that the exporter answered by handler, `admin_` those of the admin listener, and HTTP status code.",
    bound=100,
)
CPU_SECONDS = Family(
    number=70,
    name="process_cpu_seconds_total",
    kind="counter",
    labels=(),
    help="User and system CPU time of the process from the operating system; absent where it does not say.",
    bound=1,
)
RESIDENT_BYTES = Family(
    number=71,
    name="process_resident_memory_bytes",
    kind="gauge",
    labels=(),
    help="Resident memory of the process from the operating system; absent where it does not say.",
    bound=1,
)
START_TIME = Family(
    number=72,
    name="process_start_time_seconds",
    kind="gauge",
    labels=(),
    help="Start of the process in Unix time, from the operating system.",
    bound=1,
)
OPEN_FDS = Family(
    number=73,
    name="process_open_fds",
    kind="gauge",
    labels=(),
    help="Open file descriptors of the process from the operating system; absent where it does not say.",
    bound=1,
)

COLLECTOR_FAMILIES = (
    COLLECTOR_INFO,
    COLLECTOR_STATE,
    COLLECTOR_LAST_SUCCESS,
    COLLECTOR_RUNS,
    COLLECTOR_DURATION,
    RECORDS_REJECTED,
    API_REQUESTS,
    CLOCK_SKEW,
    CREDENTIAL_INFO,
    CREDENTIAL_EXPIRY,
    SEARCHES_HIDDEN,
    LABEL_VALUES_REPLACED,
)
PROCESS_FAMILIES = (
    BUILD_INFO,
    HTTP_REQUESTS,
    CPU_SECONDS,
    RESIDENT_BYTES,
    START_TIME,
    OPEN_FDS,
)


def samples(cluster: ClusterView) -> Samples:
    """The collectors of one cluster; their counters come with the counts of the cluster."""
    for health in cluster.health:
        yield from _resource(health)
    for collector, skew in cluster.clock_skew.items():
        yield Sample(CLOCK_SKEW, (collector,), skew)
    for one in cluster.credentials:
        info = admit(CREDENTIAL_INFO, (one.api, one.mode))
        if info is not None:
            yield Sample(CREDENTIAL_INFO, info, 1)
        if one.ends_at is not None:
            yield Sample(CREDENTIAL_EXPIRY, (one.api,), one.ends_at)
    if cluster.batch is not None:
        yield Sample(SEARCHES_HIDDEN, (), cluster.batch.hidden)


def _resource(health: ResourceHealth) -> Samples:
    key = (health.collector, health.resource)
    info = admit(COLLECTOR_INFO, (*key, health.mode))
    if info is not None:
        yield Sample(COLLECTOR_INFO, info, 1)
    yield from one_hot(COLLECTOR_STATE, key, health.state)
    if health.last_success is not None:
        yield Sample(COLLECTOR_LAST_SUCCESS, key, health.last_success)


def process_samples(process: ProcessView) -> Samples:
    """The process; these carry no cluster."""
    yield Sample(BUILD_INFO, (process.version, process.revision, process.python_version), 1)
    for (handler, code), requests in process.http_requests.items():
        yield Sample(HTTP_REQUESTS, (handler, code), requests)
    for family, value in (
        (CPU_SECONDS, process.cpu_seconds),
        (RESIDENT_BYTES, process.resident_bytes),
        (START_TIME, process.start_time),
        (OPEN_FDS, process.open_fds),
    ):
        if value is not None:
            yield Sample(family, (), value)
