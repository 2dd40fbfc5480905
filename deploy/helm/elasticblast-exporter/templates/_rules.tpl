{{- /* Custom resources that are read, as a mapping of `group/plural` to whether they live in namespaces. */ -}}
{{- define "elasticblast-exporter.customKinds" -}}
{{- $known := dict -}}
{{- $read := dict -}}
{{- range $row := .Files.Get "files/kinds.yaml" | fromYamlArray -}}
{{- $name := printf "%s/%s" $row.group $row.plural -}}
{{- $_ := set $known $name $row.namespaced -}}
{{- $wanted := eq $.Values.rbac.customResources "all" -}}
{{- range $.Capabilities.APIVersions -}}
{{- if and (hasPrefix (printf "%s/" $row.group) .) (hasSuffix (printf "/%s" $row.kind) .) -}}
{{- $wanted = true -}}
{{- end -}}
{{- end -}}
{{- if $wanted -}}{{- $_ := set $read $name $row.namespaced -}}{{- end -}}
{{- end -}}
{{- range default list .Values.config.custom -}}
{{- $name := printf "%s/%s" .group .plural -}}
{{- $told := or .phase .states .conditions .amounts -}}
{{- if eq (toString .read) "false" -}}
{{- $_ := unset $read $name -}}
{{- else if and (hasKey $known $name) (not $told) -}}
{{- $_ := set $read $name (get $known $name) -}}
{{- else -}}
{{- $_ := set $read $name (ne (default "namespaced" .scope) "cluster") -}}
{{- end -}}
{{- end -}}
{{- toYaml $read -}}
{{- end -}}

{{- /* Rules that list the custom resources that live in namespaces, or those that do not. */ -}}
{{- define "elasticblast-exporter.customRules" -}}
{{- $groups := dict -}}
{{- range $name, $namespaced := include "elasticblast-exporter.customKinds" .root | fromYaml -}}
{{- if eq $namespaced $.namespaced -}}
{{- $group := dir $name -}}
{{- $_ := set $groups $group (append (default list (get $groups $group)) (base $name)) -}}
{{- end -}}
{{- end -}}
{{- range $group, $plurals := $groups }}
- apiGroups: [{{ $group }}]
  resources: [{{ join ", " $plurals }}]
  verbs: [list]
{{- end }}
{{- end -}}

{{- /* What is read in a namespace of searches. */ -}}
{{- define "elasticblast-exporter.readRules" -}}
{{- with .root.Values.rbac -}}
- apiGroups: [batch]
  resources: [jobs]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [{{ concat (list "pods") (ternary (list "persistentvolumeclaims") list .volumes) (ternary (list "events") list .events) | join ", " }}]
  verbs: [list, watch]
{{- if .usage }}
- apiGroups: [metrics.k8s.io]
  resources: [pods]
  verbs: [list]
{{- end }}
{{- if .leases }}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [elb-blast-submit-{{ $.namespace }}]
  verbs: [get]
{{- end }}
{{- end }}
{{- include "elasticblast-exporter.customRules" (dict "root" .root "namespaced" true) }}
{{- end -}}

{{- /* What is read of the whole cluster. */ -}}
{{- define "elasticblast-exporter.wideRules" -}}
{{- with .Values.rbac -}}
{{- if .nodes }}
- apiGroups: [""]
  resources: [nodes]
  verbs: [list, watch]
{{- end }}
{{- if .usage }}
- apiGroups: [metrics.k8s.io]
  resources: [nodes]
  verbs: [list]
{{- end }}
{{- end }}
{{- include "elasticblast-exporter.customRules" (dict "root" . "namespaced" false) }}
{{- end -}}

{{- /* A Role or ClusterRole and its binding. `namespace` is empty for the whole cluster. */ -}}
{{- define "elasticblast-exporter.role" -}}
{{- $kind := ternary "Role" "ClusterRole" (not (empty .namespace)) }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels: {{- include "elasticblast-exporter.labels" .root | nindent 4 }}
rules: {{- .rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}Binding
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels: {{- include "elasticblast-exporter.labels" .root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ $kind }}
  name: {{ .name }}
subjects:
  - kind: ServiceAccount
    name: {{ .account }}
    namespace: {{ .root.Release.Namespace }}
{{- end -}}
