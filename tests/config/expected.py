"""What each bad file is told: (key, line, sentence)."""

from __future__ import annotations

EXPECTED: dict[str, list[tuple[str, int, str]]] = {
    "admin": [
        ("admin.audit_file", 8, "must be the path of a file"),
        ("admin.tls", 1, "is required unless admin.address is a loopback address"),
        ("admin.hosts", 6, "must not be empty unless admin.address is a loopback address"),
        ("admin.tokens_file", 1, "is required for callers tokens"),
        ("admin.port", 4, "is the port of listen too"),
        ("admin.stage_one", 7, "must not exceed admin.whole"),
    ],
    "admin-hosts": [
        ("admin.hosts[1]", 7, "must be a host name in lower case without a port"),
        ("admin.hosts[2]", 7, "must be a host name in lower case without a port"),
        ("admin.audience", 6, "must be 1 to 253 printable characters"),
        ("admin.max_objects", 8, "must be between 1 and 100000"),
        ("admin.tokens_file", 5, "is only for callers tokens"),
        ("admin.tls", 1, "is required unless admin.address is a loopback address"),
        ("admin.tokens_file", 5, "names a file that cannot be read: No such file or directory"),
    ],
    "alias": [
        ("limits", 3, "uses an alias; write the value out"),
    ],
    "clusters-without-names": [
        ("clusters[0].name", 2, "is required where there are several clusters"),
        ("clusters[2].name", 4, "is the name of clusters[1] too"),
    ],
    "credentials-in-url": [
        ("clusters[0].connect.server", 4, "must be a URL such as https://host:443 with no user, path or query"),
    ],
    "direct-without-server": [
        ("clusters[0].connect.server", 2, "is required for mode direct"),
        ("clusters[0].connect.token_file", 2, "is required for mode direct"),
        ("clusters[0].connect.context", 4, "is only for mode kubeconfig"),
    ],
    "fleet": [
        (
            "clusters[3].azure.resource_id",
            13,
            "is not of the form /subscriptions/.../resourceGroups/.../providers"
            "/Microsoft.ContainerService/managedClusters/...",
        ),
        ("discovery.resource_groups[0]", 15, "must be the name of a resource group"),
        ("shard", 17, "must be i/n with i from 0 to n - 1"),
        ("azure.credential", 2, "must be 'workload-identity', 'managed-identity', 'azure-cli' or 'environment'"),
        ("azure.client_id", 3, "must be an id such as 00000000-0000-0000-0000-000000000000"),
        ("clusters[2].azure.resource_id", 11, "is that of clusters[1] too"),
        ("discovery.tags", 16, "has no meaning without discovery.subscriptions"),
        ("clusters[0].azure.resource_id", 6, "is required for mode aks"),
        ("azure.ca_file", 4, "names a file that cannot be read: No such file or directory"),
    ],
    "resources": [
        (
            "clusters[2].resources[0]",
            14,
            "is not the id /subscriptions/.../resourceGroups/.../providers/... of a storage account, a container "
            "registry, a virtual machine or a scale set",
        ),
        ("azure.endpoint", 16, "must begin with https://"),
        ("intervals.arm", 18, "must be between 1m and 1h"),
        ("clusters[0].resources[1]", 7, "has the kind and the name of resources[0]"),
        ("clusters[1].resources", 9, "has no meaning without azure.resource_id"),
    ],
    "custom": [
        ("custom[0].kind", 2, "is required for a resource that is not a known one"),
        ("custom[2].plural", 5, "is that of custom[1] too"),
        ("custom[3].states[0]", 10, "must have exactly one of condition, phase and amount"),
        ("custom[3].phase", 6, "is required for states[1]"),
        ("custom[3].states[2].amount", 12, "is not the name of an amount"),
    ],
    "custom-forms": [
        ("custom[0].group", 2, "must be an API group such as example.org"),
        ("custom[0].plural", 3, "must be the plural of a resource, in lower case"),
        ("custom[0].kind", 4, "must be 1 to 63 letters and digits"),
        ("custom[0].scope", 5, "must be 'namespaced' or 'cluster'"),
        (
            "custom[0].states[0].state",
            7,
            "must be 'pending', 'suspended', 'running', 'succeeded', 'failed', 'deleting' or 'unknown'",
        ),
        ("custom[0].states[0].value", 7, "must be 'True', 'False' or 'Unknown'"),
        ("custom[0].amounts[0].name", 9, "must be lower-case letters, digits and underscores"),
        (
            "custom[0].amounts[0].path",
            9,
            "must be a path such as status.parts.*.active that begins with status or spec",
        ),
    ],
    "duplicate-key": [
        ("log", 7, "is given twice"),
        ("listen.port", 3, "is given twice"),
        ("log.level", 6, "is given twice"),
    ],
    "key-is-not-text": [
        ("log", 2, "has a key that is not text"),
        ("log.level", 3, "must be 'debug', 'info', 'warn' or 'error'"),
    ],
    "namespace-twice": [
        ("clusters[0].namespaces[2]", 2, "is in the list twice"),
        ("clusters[0].namespaces", 2, "has more than 2 entries (limits.namespaces)"),
    ],
    "no-namespace": [
        ("clusters[0].namespaces", 2, "must not be empty"),
    ],
    "not-a-mapping": [
        ("", 1, "the configuration file must hold a mapping at its top"),
    ],
    "not-yaml": [
        ("", 4, "the configuration file is not valid YAML"),
    ],
    "order": [
        ("limits.bookmark_silence", 2, "must not exceed limits.expire"),
        ("limits.connect", 2, "must not exceed limits.list_deadline"),
        ("listen.header_timeout", 1, "must not exceed listen.request_timeout"),
        ("rules.stalled_after", 3, "must not exceed rules.nothing_left_after"),
        ("rules.shown_for", 3, "must not exceed rules.forget_after"),
    ],
    "plain-http": [
        ("clusters[0].connect.server", 4, "must begin with https://, unless insecure_http is set"),
    ],
    "price": [
        ("metrics.node_hourly_price.Bad_Pool", 3, "must be the name of an AKS node pool"),
        ("metrics.node_hourly_price.blastpool.price", 4, "must be between 0 and 1000000"),
        ("metrics.node_hourly_price.blastpool.currency", 4, "must be an ISO 4217 code such as USD"),
        ("metrics.node_hourly_price.other.price", 5, "must be between 0 and 1000000"),
        ("metrics.node_hourly_price.other.currency", 5, "is required"),
    ],
    "secret-in-wrong-place": [
        ("clusters[0].connect.token_file", 5, "must be the path of a file"),
        ("listen", 8, "must be a mapping"),
        ("intervals.tick", 7, "must be a duration such as 30s, 5m, 1h30m or 250ms, or a number of seconds"),
        ("rules.token", 2, "is not a known key"),
        ("log.level", 6, "must be 'debug', 'info', 'warn' or 'error'"),
    ],
    "tls-without-key": [
        ("listen.tls.key_file", 2, "is required"),
        ("listen.tls.min_version", 4, "must be '1.2' or '1.3'"),
    ],
    "unknown-key": [
        ("listen.prot", 2, "is not a known key; did you mean listen.port?"),
        ("namespaces", 3, "is not a known key"),
        ("frobnicate", 4, "is not a known key"),
    ],
    "unreadable-files": [
        ("clusters[0].connect.ca_file", 5, "names a file that cannot be read: No such file or directory"),
        ("clusters[0].connect.token_file", 6, "names a file that cannot be read: No such file or directory"),
        ("listen.tls.cert_file", 9, "names a file that cannot be read: No such file or directory"),
        ("listen.tls.key_file", 10, "names a file that cannot be read: No such file or directory"),
    ],
    "wrong-forms": [
        ("clusters[0].name", 2, "must be text"),
        ("clusters[0].namespaces", 3, "must be a list"),
        ("clusters[1].connect.insecure_http", 6, "must be true or false"),
        ("clusters[1].namespaces[1]", 5, "must be the name of a Kubernetes namespace"),
        ("listen", 7, "must be a mapping"),
        ("intervals.tick", 9, "must be a duration such as 30s, 5m, 1h30m or 250ms, or a number of seconds"),
        ("intervals.poll", 10, "must be between 5s and 1h"),
        ("limits.searches", 15, "must be a number or text"),
        ("limits.pools", 14, "must be a number or text"),
        ("limits.page_bytes", 12, "must be a size such as 512KiB or 32MiB, or a number of bytes"),
        ("limits.pages", 13, "must be a whole number"),
        ("log.level", 17, "must be 'debug', 'info', 'warn' or 'error'"),
    ],
}
