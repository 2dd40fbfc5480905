{{- /* What the chart itself says of the clusters: `config.clusters` completes it inside, and stands alone outside. */ -}}
{{- define "elasticblast-exporter.clusters" -}}
{{- $given := default list .Values.config.clusters -}}
{{- if eq .Values.mode "outside" -}}
{{- if not (or $given (dig "discovery" "subscriptions" list .Values.config)) -}}
{{- fail "mode outside needs config.clusters or config.discovery.subscriptions" -}}
{{- end -}}
{{- toYaml $given -}}
{{- else -}}
{{- if or (gt (len $given) 1) (dig "discovery" "subscriptions" list .Values.config) -}}
{{- fail "mode inside follows one cluster; for several set mode to outside" -}}
{{- end -}}
{{- $namespaces := .Values.cluster.namespaces -}}
{{- $cluster := dict "name" .Values.cluster.name "connect" (dict "mode" "in_cluster") -}}
{{- with .Values.cluster.resourceId -}}
{{- $_ := set $cluster "azure" (dict "resource_id" .) -}}
{{- end -}}
{{- $cluster = mustMergeOverwrite $cluster (deepCopy (default dict (first $given))) -}}
{{- if .Values.rehearsal.enabled -}}
{{- $namespaces = append (default $namespaces $cluster.namespaces) .Values.rehearsal.namespace -}}
{{- else -}}
{{- $namespaces = default $namespaces $cluster.namespaces -}}
{{- end -}}
{{- $_ := set $cluster "namespaces" (uniq $namespaces) -}}
{{- list $cluster | toYaml -}}
{{- end -}}
{{- end -}}

{{- define "elasticblast-exporter.admin" -}}
enabled: true
callers: {{ .Values.admin.callers }}
{{- if eq .Values.admin.callers "tokens" }}
tokens_file: /etc/elasticblast-exporter/callers/tokens
{{- $_ := required "admin.tokensSecret is required for admin.callers tokens" .Values.admin.tokensSecret }}
{{- end }}
{{- if .Values.admin.tls.secretName }}
address: 0.0.0.0
hosts:
  {{- range (include "elasticblast-exporter.adminHosts" . | fromYamlArray) }}
  - {{ . }}
  {{- end }}
tls:
  cert_file: /etc/elasticblast-exporter/admin-tls/tls.crt
  key_file: /etc/elasticblast-exporter/admin-tls/tls.key
{{- end }}
{{- end -}}

{{- /* Not empty where each pod follows other clusters than the next one, so that a cancel must reach the right pod. */ -}}
{{- define "elasticblast-exporter.sharded" -}}
{{- if and (eq .Values.mode "outside") (gt (int .Values.replicas) 1) -}}true{{- end -}}
{{- end -}}

{{- /* The names of the admin Service; of a sharded fleet those of its pods. */ -}}
{{- define "elasticblast-exporter.adminHosts" -}}
{{- $fullname := include "elasticblast-exporter.fullname" . -}}
{{- $names := list (printf "%s-admin" $fullname) -}}
{{- if include "elasticblast-exporter.sharded" . -}}
{{- $names = list -}}
{{- range until (int .Values.replicas) -}}
{{- $names = append $names (printf "%s-%d.%s-pods" $fullname . $fullname) -}}
{{- end -}}
{{- end -}}
{{- $hosts := list -}}
{{- range $names -}}
{{- $full := printf "%s.%s" . $.Release.Namespace -}}
{{- $hosts = concat $hosts (list . $full (printf "%s.svc" $full) (printf "%s.svc.cluster.local" $full)) -}}
{{- end -}}
{{- concat $hosts .Values.admin.hosts | uniq | toYaml -}}
{{- end -}}

{{- /* The daemon's whole configuration, as YAML. Roles, ports and volumes follow the values, not what is merged here. */ -}}
{{- define "elasticblast-exporter.config" -}}
{{- range $key := list "enabled" "callers" -}}
{{- if hasKey (default dict $.Values.config.admin) $key -}}
{{- fail (printf "say admin.%s in place of config.admin.%s: the Roles follow it" $key $key) -}}
{{- end -}}
{{- end -}}
{{- $config := dict -}}
{{- if include "elasticblast-exporter.sharded" . -}}
{{- $_ := set $config "shard" (printf "ordinal/%d" (int .Values.replicas)) -}}
{{- end -}}
{{- with .Values.metrics.tls -}}
{{- if .secretName -}}
{{- $place := "/etc/elasticblast-exporter/metrics-tls" -}}
{{- $tls := dict "cert_file" (printf "%s/tls.crt" $place) "key_file" (printf "%s/tls.key" $place) -}}
{{- if .clientCertificates -}}
{{- $_ := set $tls "client_ca_file" (printf "%s/ca.crt" $place) -}}
{{- end -}}
{{- $_ := set $config "listen" (dict "tls" $tls) -}}
{{- end -}}
{{- end -}}
{{- if .Values.admin.enabled -}}
{{- $_ := set $config "admin" (include "elasticblast-exporter.admin" . | fromYaml) -}}
{{- end -}}
{{- $config = mustMergeOverwrite $config (deepCopy .Values.config) -}}
{{- with include "elasticblast-exporter.clusters" . | fromYamlArray -}}
{{- $_ := set $config "clusters" . -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{- /* The namespaces of searches in the cluster in which it is installed, from the configuration; one on a line. */ -}}
{{- define "elasticblast-exporter.namespaces" -}}
{{- range (include "elasticblast-exporter.clusters" . | fromYamlArray) -}}
{{- if has (dig "connect" "mode" "auto" .) (list "auto" "in_cluster") -}}
{{- range default (list "default") .namespaces -}}
{{- printf "%s\n" . -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "elasticblast-exporter.metricsPort" -}}
{{- dig "listen" "port" 9850 .Values.config -}}
{{- end -}}

{{- define "elasticblast-exporter.adminPort" -}}
{{- dig "admin" "port" 9851 .Values.config -}}
{{- end -}}

{{- define "elasticblast-exporter.scheme" -}}
{{- ternary "https" "http" (not (empty .Values.metrics.tls.secretName)) -}}
{{- end -}}
