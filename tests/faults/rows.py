"""The fault matrix: what can go wrong, what the exporter does then, and where the page says so.

`runs` is elasticblast_exporter_collector_runs_total, `state` elasticblast_exporter_collector_state, `rejected`
elasticblast_exporter_records_rejected_total, `requests` elasticblast_exporter_api_requests_total, `http`
elasticblast_exporter_http_requests_total, `replaced` elasticblast_exporter_label_values_replaced_total, `cancels`
elasticblast_exporter_cancels_total; the others of a cancel are called by the end of their names.
"""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """One fault. `shows`: where the page tells of it."""

    fault: str
    does: str
    shows: str


ROWS: dict[int, Row] = {
    1: Row("connection refused", "keeps the last truth, backs off", "runs connect, state stale"),
    2: Row("SYN swallowed", "gives up when the connect budget ends", "runs timeout"),
    3: Row("name does not resolve", "keeps the last truth, backs off", "runs dns"),
    4: Row("name resolution hangs", "only that feed hangs; liveness ends after five deadlines", "livez feeds"),
    5: Row("wrong CA, expired, wrong host name", "refuses, and never falls back", "runs tls"),
    6: Row("TLS handshake stalls", "ends at its deadline", "runs timeout"),
    7: Row("accepted, never answered", "ends at its deadline, drops the connection", "runs timeout"),
    8: Row("head, then silence", "ends at its deadline", "runs timeout"),
    9: Row("body dripped byte by byte", "the wall deadline wins", "runs timeout"),
    10: Row("reset in mid-body", "discards the pass", "runs connect"),
    11: Row("truncated against Content-Length", "discards the pass", "runs garbled"),
    12: Row("truncated chunk stream", "discards the pass", "runs garbled"),
    13: Row("JSON cut anywhere", "never takes it for a whole answer", "runs garbled"),
    14: Row("idle keep-alive closed by the server", "one silent repeat on a new connection", "requests only"),
    15: Row("redirect elsewhere", "does not follow it, the token stays here", "runs server"),
    16: Row("proxy variables in the environment", "ignores them", "nothing"),
    17: Row("gzip bomb, body without end", "stops at the byte cap", "runs oversize"),
    18: Row("API server restarting for a while", "keeps the last truth, no series flaps", "several words, then fresh"),
    19: Row("one of three API servers bad", "two of three passes are good", "runs some failures"),
    20: Row("server frozen", "as 7; good again on thaw", "state stale, then fresh"),
    21: Row("credentials of another cluster", "shown as that cluster's own refusal", "state denied"),
    22: Row("token rotated on disk", "reads it again, asks once more, goes on", "requests 401, runs ok"),
    23: Row("401 for good", "keeps, then drops; no hot loop", "state denied"),
    24: Row("403 on pods only", "pod series expire, Job series live", "state denied for pods only"),
    25: Row("403 for a while", "the hold covers it", "runs denied, no gap"),
    26: Row("404 on the namespace's objects", "drops at once", "state absent"),
    27: Row("404 on an API group", "drops at once, asks again with back-off", "state absent"),
    28: Row(
        "409 on a delete, the name is another object now", "takes it for gone, leaves the new one alone", "cancels done"
    ),
    29: Row("409 on a delete, the object has changed", "reads it again and checks it, a few times", "cancels conflict"),
    30: Row("410 on a later page", "starts the pass again once; then incomplete", "requests 410"),
    31: Row("405, 415, 422", "fails, does not repeat", "runs server"),
    32: Row("429 with Retry-After", "not before it; no thread sleeps inside a call", "runs throttled"),
    33: Row("Retry-After that makes no sense", "clamped to 1…300 s or ignored", "runs throttled"),
    34: Row("storm of 500", "backs off up to the cap, with jitter", "runs server"),
    35: Row("503 from one resource", "only that one is affected", "runs throttled or server"),
    36: Row("slow but alive API", "ends at its deadline, never overlaps", "runs timeout"),
    37: Row("200 with HTML", "discards, never logs the body", "runs garbled"),
    38: Row("200 with kind Status", "discards", "runs garbled"),
    39: Row("200 with an empty body, 204", "discards: it is not an empty cluster", "runs garbled"),
    40: Row("items null, items missing", "null is empty, missing is garbled", "runs garbled"),
    41: Row("one bad object of many", "the others are kept", "rejected 1"),
    42: Row("more than one in a hundred bad", "discards the pass", "runs garbled"),
    43: Row("the same object on two pages", "counted once", "nothing"),
    44: Row("continue token without end, or repeated", "stops", "runs incomplete"),
    45: Row("versions differ between pages", "taken as it is; phases only from complete passes", "nothing"),
    46: Row("label elb-job-id missing or empty", "counted as unattributed, never a search", "jobs_unattributed"),
    47: Row("hostile strings", "cleaned and cut; page and log lines stay whole", "page parses"),
    48: Row("numbers that are none", "that object is left out", "rejected"),
    49: Row("times that are none, or in the future", "unknown, or clamped; not created: left out", "absent, rejected"),
    50: Row("unknown phase, condition, word", "other", "label other"),
    51: Row("deep nesting, duplicate keys", "garbled; the last key wins", "runs garbled"),
    52: Row("the list is suddenly empty", "believed: series go, terminal facts stay", "runs ok"),
    53: Row("50,000 Jobs", "within its limits", "runs ok"),
    54: Row("10,000 searches", "detail is capped, aggregates are exact", "searches_hidden"),
    55: Row(
        "cluster stopped on purpose", "says so, its series go at once, nothing alarms", "state stopped, aks_power_state"
    ),
    56: Row("cluster starting, its API comes and goes", "holds; never stopped while ARM says Starting", "state stale"),
    57: Row("cluster deleted: ARM says 404", "ARM's series go at once; Kubernetes speaks for itself", "state absent"),
    58: Row("ARM 429 with Retry-After", "not before it; Kubernetes collectors go on", "runs throttled, skipped"),
    59: Row("role at ARM taken away", "holds for 15 minutes, then drops", "state denied"),
    60: Row("token endpoint down or hanging", "ends at its deadline; the old token is used", "runs timeout or connect"),
    61: Row("token file missing, empty, half-written", "keeps the old token, never prints it", "runs unauthenticated"),
    62: Row("token not yet valid", "taken for a refusal; the skew is shown", "clock_skew_seconds"),
    63: Row(
        "Azure Monitor: no series, nulls, late points",
        "absent, not 0; the newest value and its time",
        "azure_metric time",
    ),
    64: Row("a feed's code raises", "caught at the edge, the others run", "runs bug"),
    65: Row("a pass hangs", "liveness fails after five deadlines; scrapes go on", "livez feeds"),
    66: Row("a tick outlasts its interval", "never twice at once; the skipped ones are counted", "runs skipped"),
    67: Row("the scheduler stops", "liveness fails", "livez ticks"),
    68: Row("wall clock steps back", "ticks are planned anew by the monotonic clock", "ages right"),
    69: Row("wall clock steps ahead", "no burst, no age misread", "ages right"),
    70: Row("process frozen for long", "expired at once on resume, then fresh", "state expired, fresh"),
    71: Row("SIGTERM during a pass", "exit 0 within 10 s, the half pass is not published", "nothing"),
    72: Row("SIGTERM during a scrape", "the scrape completes", "nothing"),
    73: Row("SIGKILL and restart", "starts clean, leaves no file", "state never, then fresh"),
    74: Row("memory limit near", "caps keep it below", "process_resident_memory_bytes"),
    75: Row("no file descriptors", "fails the pass, not the process", "runs connect"),
    76: Row("read-only root, no temp directory", "works", "nothing"),
    77: Row("port in use", "exit 3, says which", "nothing"),
    78: Row("bad configuration", "exit 2, every problem, no secret", "nothing"),
    79: Row("certificate replaced, half-written", "the old pair is served until the new one loads whole", "a log line"),
    80: Row("stderr blocked", "scrapes go on, lines are dropped and counted", "a log line when it flows again"),
    81: Row("200 scrapes at once", "as many as allowed, the rest refused quickly", "http 503"),
    82: Row("slow-loris, stalled reader", "closed at its timeout", "http 408"),
    83: Row("scrape while a snapshot is swapped", "one generation on a page", "nothing"),
    84: Row("a bad sample of our own", "that family is left out, the page is served", "an error line"),
    85: Row("two replicas", "the same values from both", "nothing"),
    86: Row(
        "no token, an empty, malformed or huge one",
        "refuses before it asks the API",
        "auth_failures missing, malformed",
    ),
    87: Row("a valid token for somebody else", "refuses", "auth_failures audience"),
    88: Row("the reviews fail, hang or make no sense", "answers 503, deletes nothing", "auth_failures unavailable"),
    89: Row("the caller may not delete Jobs", "refuses, and audits it", "cancels_refused forbidden"),
    90: Row("an id that is none", "refuses before it asks the API", "cancels_refused bad_id"),
    91: Row("confirmed id or expected count differs", "refuses, deletes nothing", "cancels_refused confirm, count"),
    92: Row(
        "a web page asks through a browser", "refuses: Origin, form, foreign Host, wrong method", "http 403, 405, 415"
    ),
    93: Row(
        "double click, replay, two callers",
        "one cancel runs; the others join it or find it done",
        "cancels already_gone",
    ),
    94: Row("the submit Job goes on making batches", "takes it away first, looks until nothing comes", "cancels done"),
    95: Row("the finalizer lives", "its pod is gone before the first batch: no false SUCCESS", "cancels done"),
    96: Row("the finalizer's pod does not die", "stops there, no batch is touched", "cancels partial"),
    97: Row("a delete is done, its answer is lost", "looks it up by uid, never sends it again blindly", "cancels done"),
    98: Row("403 or 500 half-way", "stops, lists the rest, can be asked again", "cancels partial"),
    99: Row(
        "another label between list and delete", "the version conflicts: that object is left alone", "cancels conflict"
    ),
    100: Row("another search with a look-alike id", "untouched", "nothing"),
    101: Row(
        "propagation or a precondition forgotten", "cannot be: each DELETE seen by a server is checked", "nothing"
    ),
    102: Row("more objects than may be deleted", "refuses, and says how many", "cancels_refused too_many"),
    103: Row(
        "the exporter dies in mid-cancel", "the same call again ends it; never a false SUCCESS", "cancels start at 0"
    ),
    104: Row("the audit cannot be written", "deletes nothing", "audit_failures, cancels audit_failed"),
    105: Row(
        "too many cancels are asked for", "429 with Retry-After; other callers are served", "cancels_refused limited"
    ),
    106: Row("a namespace that is not configured", "refuses without a look", "cancels_refused namespace"),
    107: Row("the admin port is off", "nothing listens, no family of it is on the page", "absent"),
    108: Row("a secret in any output", "masked, or never written", "nothing"),
}
