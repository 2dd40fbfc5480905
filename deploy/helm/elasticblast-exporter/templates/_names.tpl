{{- define "elasticblast-exporter.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- /* At most 50 characters, so that a suffix fits into a name of 63. */ -}}
{{- define "elasticblast-exporter.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "elasticblast-exporter.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "elasticblast-exporter.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- /* For what stands outside the release's namespace, where another release may have the same name. */ -}}
{{- define "elasticblast-exporter.widename" -}}
{{- printf "%s-%s" (include "elasticblast-exporter.fullname" .) .Release.Namespace -}}
{{- end -}}

{{- define "elasticblast-exporter.account" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "elasticblast-exporter.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name is required where serviceAccount.create is false" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "elasticblast-exporter.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{- printf "%s@%s" .repository .digest -}}
{{- else -}}
{{- printf "%s:%s" .repository (default $.Chart.AppVersion .tag) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "elasticblast-exporter.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: elasticblast
app.kubernetes.io/name: {{ include "elasticblast-exporter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- with .Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* The pods of the exporter, not those of the tests. */ -}}
{{- define "elasticblast-exporter.selector" -}}
app.kubernetes.io/name: {{ include "elasticblast-exporter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: exporter
{{- end -}}

{{- /* The API groups of `groups` that the cluster serves for `kind`, or all of them if `force`; one on a line. */ -}}
{{- define "elasticblast-exporter.served" -}}
{{- range $group := .groups -}}
{{- if or $.force ($.root.Capabilities.APIVersions.Has (printf "%s/v1/%s" $group $.kind)) -}}
{{- printf "%s\n" $group -}}
{{- end -}}
{{- end -}}
{{- end -}}
