{{- define "elasticblast-exporter.testSelector" -}}
app.kubernetes.io/name: {{ include "elasticblast-exporter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: test
{{- end -}}

{{- define "elasticblast-exporter.testMetadata" -}}
namespace: {{ .Release.Namespace }}
labels:
  {{- include "elasticblast-exporter.labels" . | nindent 2 }}
  app.kubernetes.io/component: test
annotations:
  helm.sh/hook: test
  helm.sh/hook-delete-policy: before-hook-creation
{{- end -}}

{{- define "elasticblast-exporter.url" -}}
{{ include "elasticblast-exporter.scheme" . }}://{{ include "elasticblast-exporter.fullname" . }}.{{ .Release.Namespace }}.svc:9850
{{- end -}}

{{- /* Of a pod that asks the exporter: all but its container and volumes. */ -}}
{{- define "elasticblast-exporter.testPod" -}}
restartPolicy: Never
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with include "elasticblast-exporter.tolerations" . }}
tolerations: {{- . | nindent 2 }}
{{- end }}
securityContext: {{- include "elasticblast-exporter.podSecurity" . | nindent 2 }}
{{- end -}}

{{- define "elasticblast-exporter.testContainer" -}}
image: {{ include "elasticblast-exporter.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
resources:
  requests:
    cpu: 10m
    memory: 64Mi
  limits:
    memory: 256Mi
securityContext: {{- include "elasticblast-exporter.containerSecurity" . | nindent 2 }}
{{- end -}}

{{- /* The authorities of the two ports, where they serve TLS. */ -}}
{{- define "elasticblast-exporter.caVolumes" -}}
{{- $admin := ternary .Values.admin.tls.secretName "" .Values.admin.enabled -}}
{{- range $name, $secret := dict "metrics-ca" .Values.metrics.tls.secretName "admin-ca" $admin -}}
{{- if $secret }}
- name: {{ $name }}
  secret:
    secretName: {{ $secret }}
    items:
      - key: ca.crt
        path: ca.crt
{{- end -}}
{{- end -}}
{{- end -}}
