"""What to do about each word of the vocabulary: data, written for the person whose search it is.

In a command, `{namespace} {id} {job} {batch} {node}` are filled in; words in capitals are the reader's: CFG is the
ElasticBLAST configuration file, RESULTS its results URL, GROUP CLUSTER POOL DB the names in Azure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Remedy:
    """What a word asks for, and commands that help."""

    text: str
    commands: tuple[str, ...] = ()


NOTHING_TO_DO = "Nothing to do"
"""How an advice begins that asks for nothing."""

_JOBS = "kubectl -n {namespace} get jobs,pods -l elb-job-id={id}"
_EVENTS = "kubectl -n {namespace} get events --field-selector type=Warning --sort-by=.lastTimestamp"
_SETUP_LOG = "kubectl -n {namespace} logs -l app=setup,elb-job-id={id} --all-containers --prefix --tail=50"
_SUBMIT_LOG = "kubectl -n {namespace} logs -l app=submit,elb-job-id={id} --tail=100"
_FINALIZER_LOG = "kubectl -n {namespace} logs -l app=finalizer,elb-job-id={id} --tail=100"
_END_FINALIZER = "kubectl -n {namespace} delete jobs -l app=finalizer,elb-job-id={id}"
_MARKERS = 'azcopy list "RESULTS/{id}/metadata"'
_OUTPUT = 'azcopy list "RESULTS/{id}"'
_BATCH_LOG = 'azcopy list "RESULTS/{id}" | grep -e "-{batch}" -e "_{batch}"'
_DESCRIBE = "kubectl -n {namespace} describe pods -l app=blast,elb-job-id={id}"
_NODE = "kubectl describe node {node}"
_NODES = "kubectl get nodes -L agentpool,workload,ordinal"
_SCALE = "az aks nodepool scale -g GROUP --cluster-name CLUSTER -n POOL --node-count COUNT"
_SUBMIT = "elastic-blast submit --cfg CFG"

PHASES: Mapping[str, Remedy] = {
    "initializing": Remedy("Nothing to do: setup Jobs copy the database, which may take 45 minutes.", (_SETUP_LOG,)),
    "submitting": Remedy("Nothing to do: its batches are being created.", (_SUBMIT_LOG,)),
    "pending": Remedy("Nothing to do yet: batches wait for a node. See what blocks them if this lasts.", (_DESCRIBE,)),
    "running": Remedy("Nothing to do."),
    "failing": Remedy("See the last failures: batches that are left go on, but it will not complete.", (_JOBS,)),
    "finalizing": Remedy("Nothing to do: the finalizer completes the results.", (_FINALIZER_LOG,)),
    "cancelling": Remedy("Nothing to do: its Jobs are being deleted.", (_JOBS,)),
    "succeeded": Remedy("Fetch the results.",
                        ('azcopy copy "RESULTS/{id}/*" . --recursive --include-pattern "*.out.gz"',)),
    "failed": Remedy("See the last failures, mend the cause and submit it again.", (_OUTPUT, _SUBMIT)),
    "cancelled": Remedy("Results of batches that had ended are kept. Submit it again for the rest.", (_OUTPUT,)),
    "vanished": Remedy("Its Jobs are gone; only the results say what was done.", (_MARKERS, _OUTPUT)),
    "completed_unverified": Remedy("Only the markers among its results say how it ended.", (_MARKERS,)),
    "unknown": Remedy("The cluster's answers are too old to say anything: test the connection and the permissions.",
                      ("elasticblast-exporter check",)),
}  # fmt: skip

REASONS: Mapping[str, Remedy] = {
    "admin": Remedy("It was cancelled on purpose. What was uploaded before is kept.", (_OUTPUT,)),
    "external_delete": Remedy(
        "Somebody or something deleted its Jobs: a delete command, or a namespace or cluster being taken down. "
        "Find out who before you submit it again.",
        ("kubectl -n {namespace} get events --sort-by=.lastTimestamp",),
    ),
    "batch_failed": Remedy(
        "At least one batch used up its retries, so the search cannot complete; other batches go on and keep their "
        "results. The failure reasons below say what to mend before you submit it again.",
        (_BATCH_LOG, _JOBS),
    ),
    "partial_submit": Remedy(
        "The submit Job failed after it had created some batches: the results will cover a part of the query only. "
        "Do not trust a SUCCESS marker of this search. Read why, and submit it again.",
        (_SUBMIT_LOG, _SUBMIT),
    ),
    "submit_failed": Remedy(
        "The submit Job ended before it created a batch. A setup Job that failed, also one of another search, makes "
        "it fail. Read its log, clear the cause and submit it again.",
        (_SUBMIT_LOG, "kubectl -n {namespace} get jobs -l app=setup", _SUBMIT),
    ),
    "setup_failed": Remedy(
        "The database or the queries could not be copied to the nodes: no storage right, a closed storage firewall, "
        "a wrong name, or more than 45 minutes. Read the log of the setup Job.",
        (_SETUP_LOG, _SUBMIT),
    ),
    "finalizer_failed": Remedy(
        "The finalizer could not merge or upload: the batches' own results may be complete. Read its log, look at "
        "the results, and merge by hand or submit it again.",
        (_FINALIZER_LOG, _OUTPUT),
    ),
    "idle": Remedy("Batches are left but none runs now: look at what blocks them.", (_DESCRIBE, _EVENTS)),
    "unschedulable": Remedy("No node can take its pods: the block reasons below say why.", (_DESCRIBE, _NODES)),
    "submit_active": Remedy("Nothing to do: more batches are being created.", (_SUBMIT_LOG,)),
    "stalled": Remedy(
        "Setup is over, but nothing creates batches: the process that submits has probably ended. "
        "See whether it still runs where you started it; otherwise submit it again.",
        (_JOBS, _SUBMIT),
    ),
    "phantom": Remedy(
        "Only a finalizer is left. It waits up to an hour for batches and holds a run slot meanwhile. "
        "If the submission has failed, delete the finalizer.",
        (_END_FINALIZER,),
    ),
    "marker_doubt": Remedy(
        "Every batch succeeded, some only after a retry: then the finalizer writes FAILURE although the results are "
        "complete. Look at the markers; with all batch files there, the results are good.",
        (_MARKERS, _OUTPUT),
    ),
    "no_finalizer": Remedy(
        "It has no finalizer, so nothing writes a SUCCESS marker or merges shards. Look at the results themselves.",
        (_OUTPUT,),
    ),
    "finalizer_lost": Remedy(
        "The batches succeeded, but the finalizer was deleted before it ended: the marker and the merge may be "
        "missing.",
        (_MARKERS, _OUTPUT),
    ),
    "batches_expired": Remedy(
        "The finalizer ended, but the batches were cleaned up before this exporter saw them. The markers decide.",
        (_MARKERS,),
    ),
    "nothing_left": Remedy("Setup ended hours ago and no batch followed. Submit it again.", (_MARKERS, _SUBMIT)),
    "lost": Remedy("Its Jobs were deleted before they ended. See what was uploaded, then submit it again.",
                   (_OUTPUT, _SUBMIT)),
    "expired_unseen": Remedy(
        "Its Jobs ended and were cleaned up while nobody looked. The markers among the results say how it ended.",
        (_MARKERS,),
    ),
}  # fmt: skip

FAILURES: Mapping[str, Remedy] = {
    "bad_input": Remedy(
        "BLAST refused the query or an option (exit code 1). A retry does not help: check the log of batch {batch} in "
        "the results, correct the query or `[blast] options`, and submit it again.",
        (_BATCH_LOG, 'azcopy copy "RESULTS/{id}/query_batches/batch_{batch}.fa" .'),
    ),
    "database": Remedy(
        "BLAST could not read the database (exit code 2). On one node only: its copy is damaged or of another shard; "
        "on all: the name is wrong or files are missing. Load the database again before you submit it again.",
        ("kubectl -n {namespace} get jobs -l 'app in (setup,elb-db-warmup)' -L db,shard", _NODES),
    ),
    "engine": Remedy(
        "BLAST itself failed (exit code 3). Run the one batch by hand with the same options; if it fails there too, "
        "report it to NCBI with the log.",
        (_BATCH_LOG,),
    ),
    "memory": Remedy(
        "A container ran out of memory (exit code 4 or OOMKilled). Raise `[blast] mem-limit` if the node has room; "
        "else use a larger `[cluster] machine-type`, a smaller `[blast] batch-len` or more shards.",
        (_NODE, "kubectl top nodes"),
    ),
    "network": Remedy("BLAST met a network error (exit code 5). A retry usually helps; if not, look at the node.",
                      (_NODE,)),
    "output": Remedy(
        "BLAST could not write its output (exit code 6): the disk of the node is full, or an option names a file that "
        "cannot be written. See DiskPressure on the node.",
        (_NODE,),
    ),
    "exit_255": Remedy(
        "BLAST ended with 255, typically because taxonomy index files (.nos, .not) are missing beside the database. "
        "Stage them, or leave out taxid filters.",
        (_BATCH_LOG,),
    ),
    "download": Remedy(
        "The database or a query could not be fetched. Most often the identity of the nodes has no "
        "`Storage Blob Data Reader` yet, or the storage account's firewall refuses the cluster.",
        (_SETUP_LOG, "az storage account show -g GROUP -n ACCOUNT --query '[publicNetworkAccess,networkRuleSet]'"),
    ),
    "export": Remedy(
        "BLAST ended well, but its result was not uploaded: without a retry that works this batch is lost. Check "
        "that the nodes' identity may write (`Storage Blob Data Contributor`).",
        (_BATCH_LOG, "az role assignment list --assignee IDENTITY --all -o table"),
    ),
    "killed": Remedy(
        "A container was killed (exit code 137) without an OOMKilled mark. Suspect memory first, then the node.",
        (_NODE, "kubectl get events -A --field-selector reason=OOMKilling"),
    ),
    "terminated": Remedy(
        "A container was asked to end (exit code 143): its node was drained or its pod deleted. The Job retries.",
        (_NODES,),
    ),
    "deadline": Remedy(
        "It ran into its time limit. Raise `[timeouts]` (blast-k8s-job for batches, init-pv for setup), or make the "
        "batches smaller with `[blast] batch-len`.",
    ),
    "evicted": Remedy(
        "The node gave its pod up: pressure on memory or disk, a spot node taken back, or the node is gone. "
        "The Job retries; if it goes on, use nodes that are not spot, or fewer batches on one node.",
        (_NODE, _NODES),
    ),
    "start": Remedy(
        "The container could not be started at all. Its image or its command is wrong for this node.",
        (_DESCRIBE, _EVENTS),
    ),
    "other": Remedy("The cause was not seen or is none of the known ones. What is left of it is here.",
                    (_BATCH_LOG, _EVENTS)),
}  # fmt: skip

BLOCKS: Mapping[str, Remedy] = {
    "cpu": Remedy(
        "No node has enough free CPU. With batches running this is the queue and it passes; if none runs, a batch "
        "asks for more than a node has: lower `[cluster] num-cpus`, or add nodes.",
        ("kubectl describe nodes | grep -A8 'Allocated resources'", _SCALE),
    ),
    "memory": Remedy(
        "No node has enough free memory. Lower `[blast] mem-request`, use a larger machine, or add nodes.",
        ("kubectl describe nodes | grep -A8 'Allocated resources'", _SCALE),
    ),
    "storage": Remedy("No node has enough free ephemeral storage. Finished pods hold disk: delete old Jobs.",
                      (_NODES, "kubectl -n {namespace} get jobs --sort-by=.status.completionTime")),
    "affinity": Remedy(
        "No node carries the labels its pods ask for (`workload=blast`, or `ordinal=N` for a shard). A pool scaled "
        "down, or nodes replaced since the database was loaded: label or add the nodes.",
        (_NODES, _SCALE),
    ),
    "taint": Remedy(
        "Nodes refuse its pods: a taint that they do not tolerate, or the nodes are cordoned or not ready.",
        ("kubectl get nodes -o custom-columns=NAME:.metadata.name,TAINTS:.spec.taints",),
    ),
    "volume": Remedy("A volume is not bound or not attached.",
                     ("kubectl -n {namespace} get pvc", "kubectl -n {namespace} describe pvc")),
    "image": Remedy(
        "An image cannot be pulled: a wrong name or tag, or the cluster may not read the registry.",
        (_DESCRIBE, "az aks check-acr -g GROUP -n CLUSTER --acr REGISTRY.azurecr.io"),
    ),
    "config": Remedy(
        "A container cannot be made: a ConfigMap or the node's /workspace folder is missing. See that the "
        "create-workspace DaemonSet runs on every node.",
        ("kubectl -n kube-system get daemonset create-workspace", "kubectl -n {namespace} get configmap elb-scripts"),
    ),
    "crash_loop": Remedy("A container crashes again and again; the failure reasons say why. Read its last run.",
                         ("kubectl -n {namespace} logs -l elb-job-id={id} --all-containers --previous --tail=50",)),
    "other": Remedy("The scheduler's own words are in the description of the pods.", (_DESCRIBE, _EVENTS)),
}  # fmt: skip

FLAGS: Mapping[str, Remedy] = {
    "finalizer_alone": Remedy(
        "The finalizer waits for batches that cannot complete any more, up to 72 hours each, and holds a run slot. "
        "When the results are there or the search has failed, delete the finalizer.",
        (_OUTPUT, _END_FINALIZER),
    ),
    "finalizer_early": Remedy(
        "The finalizer judged the search before all batches had ended: do not trust the SUCCESS marker. Wait until "
        "no batch is left, then count the result files.",
        (_OUTPUT,),
    ),
    "history_incomplete": Remedy(
        "The exporter started after batches had come and gone: counts and failures are lower bounds. "
        "The number of batches submitted stands among the results.",
        ('azcopy copy "RESULTS/{id}/metadata/num_jobs_submitted.txt" .',),
    ),
    "recreated": Remedy(
        "Jobs appeared after the search had ended: it was submitted twice, or a submission went on after a cancel.",
        (_JOBS,),
    ),
    "foreign_setup": Remedy(
        "A setup Job of another search is active or failed, and each submit Job of the namespace waits for all setup "
        "Jobs, and fails if one has failed. Wait for it; if it has failed and nobody needs it, delete that one Job.",
        ("kubectl -n {namespace} get jobs -l app=setup -L elb-job-id",),
    ),
    "shard_without_node": Remedy(
        "A shard waits for a node with its number, and there is none: more shards than nodes, or a node was replaced. "
        "Add nodes and label them, or submit it again with as many shards as nodes.",
        (_NODES, _SCALE),
    ),
    "zombie": Remedy(
        "Jobs of it were made after it was cancelled: a client goes on submitting it. Stop that client, then cancel it "
        "again.",
        ("elasticblast-exporter cancel {id} --namespace {namespace}",),
    ),
    "export_stuck": Remedy(
        "BLAST was killed before it wrote its exit code, so results-export waits for ever. Delete that pod: the Job "
        "makes a new one.",
        ("kubectl -n {namespace} get pods -l app=blast,elb-job-id={id}", "kubectl -n {namespace} delete pod POD"),
    ),
}
