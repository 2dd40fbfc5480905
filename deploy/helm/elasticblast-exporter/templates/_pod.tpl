{{- define "elasticblast-exporter.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "elasticblast-exporter.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- /* A ServiceAccount's token for the API that is good for an hour, with what belongs to it. */ -}}
{{- define "elasticblast-exporter.tokenVolume" -}}
name: kube-api
projected:
  sources:
    - serviceAccountToken:
        path: token
        expirationSeconds: 3600
    - configMap:
        name: kube-root-ca.crt
        items:
          - key: ca.crt
            path: ca.crt
    - downwardAPI:
        items:
          - path: namespace
            fieldRef:
              fieldPath: metadata.namespace
{{- end -}}

{{- define "elasticblast-exporter.tokenMount" -}}
name: kube-api
mountPath: /var/run/secrets/kubernetes.io/serviceaccount
readOnly: true
{{- end -}}

{{- define "elasticblast-exporter.probe" -}}
{{- if .root.Values.metrics.tls.clientCertificates -}}
tcpSocket:
  port: metrics
{{- else -}}
httpGet:
  path: {{ .path }}
  port: metrics
  scheme: {{ include "elasticblast-exporter.scheme" .root | upper }}
{{- end -}}
{{- end -}}

{{- define "elasticblast-exporter.affinity" -}}
{{- if .Values.affinity -}}
{{- toYaml .Values.affinity -}}
{{- else if ne .Values.systemPool "ignore" -}}
{{- $system := list (dict "key" "kubernetes.azure.com/mode" "operator" "In" "values" (list "system")) -}}
nodeAffinity:
  {{- if eq .Values.systemPool "require" }}
  requiredDuringSchedulingIgnoredDuringExecution:
    nodeSelectorTerms:
      - matchExpressions: {{- toYaml $system | nindent 10 }}
  {{- else }}
  preferredDuringSchedulingIgnoredDuringExecution:
    - weight: 100
      preference:
        matchExpressions: {{- toYaml $system | nindent 10 }}
  {{- end }}
{{- end -}}
{{- end -}}

{{- define "elasticblast-exporter.tolerations" -}}
{{- $system := list (dict "key" "CriticalAddonsOnly" "operator" "Exists") -}}
{{- with concat (ternary list $system (eq .Values.systemPool "ignore")) .Values.tolerations -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}

{{- define "elasticblast-exporter.spread" -}}
{{- if .Values.topologySpreadConstraints -}}
{{- toYaml .Values.topologySpreadConstraints -}}
{{- else if gt (int .Values.replicas) 1 -}}
{{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
- maxSkew: 1
  topologyKey: {{ $key }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels: {{- include "elasticblast-exporter.selector" $ | nindent 6 }}
{{- end }}
{{- end -}}
{{- end -}}

{{- define "elasticblast-exporter.volumes" -}}
- name: config
  configMap:
    name: {{ include "elasticblast-exporter.fullname" . }}
{{- if include "elasticblast-exporter.namespaces" . }}
- {{ include "elasticblast-exporter.tokenVolume" . | nindent 2 | trim }}
{{- end }}
{{- with .Values.metrics.tls.secretName }}
- name: metrics-tls
  secret:
    secretName: {{ . }}
{{- end }}
{{- if .Values.admin.enabled }}
{{- with .Values.admin.tls.secretName }}
- name: admin-tls
  secret:
    secretName: {{ . }}
{{- end }}
{{- if eq .Values.admin.callers "tokens" }}
- name: callers
  secret:
    secretName: {{ .Values.admin.tokensSecret }}
    items:
      - key: tokens
        path: tokens
{{- end }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "elasticblast-exporter.mounts" -}}
- name: config
  mountPath: /etc/elasticblast-exporter/config
  readOnly: true
{{- if include "elasticblast-exporter.namespaces" . }}
- {{ include "elasticblast-exporter.tokenMount" . | nindent 2 | trim }}
{{- end }}
{{- if .Values.metrics.tls.secretName }}
- name: metrics-tls
  mountPath: /etc/elasticblast-exporter/metrics-tls
  readOnly: true
{{- end }}
{{- if .Values.admin.enabled }}
{{- if .Values.admin.tls.secretName }}
- name: admin-tls
  mountPath: /etc/elasticblast-exporter/admin-tls
  readOnly: true
{{- end }}
{{- if eq .Values.admin.callers "tokens" }}
- name: callers
  mountPath: /etc/elasticblast-exporter/callers
  readOnly: true
{{- end }}
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "elasticblast-exporter.container" -}}
name: exporter
image: {{ include "elasticblast-exporter.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args:
  - run
  - --config=/etc/elasticblast-exporter/config/config.yaml
  {{- with .Values.extraArgs }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
env:
  - name: ELASTICBLAST_EXPORTER_CONFIG # for what is run in the pod by hand, such as `check`
    value: /etc/elasticblast-exporter/config/config.yaml
  {{- with .Values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .Values.extraEnvFrom }}
envFrom: {{- toYaml . | nindent 2 }}
{{- end }}
ports:
  - name: metrics
    containerPort: {{ include "elasticblast-exporter.metricsPort" . }}
  {{- if .Values.admin.enabled }}
  - name: admin
    containerPort: {{ include "elasticblast-exporter.adminPort" . }}
  {{- end }}
startupProbe: # a first look at 150,000 Jobs takes half a minute
  {{- include "elasticblast-exporter.probe" (dict "root" . "path" "/livez") | nindent 2 }}
  periodSeconds: 2
  failureThreshold: 75
livenessProbe:
  {{- include "elasticblast-exporter.probe" (dict "root" . "path" "/livez") | nindent 2 }}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  {{- include "elasticblast-exporter.probe" (dict "root" . "path" "/readyz") | nindent 2 }}
  periodSeconds: 5
  timeoutSeconds: 5
resources: {{- toYaml .Values.resources | nindent 2 }}
securityContext: {{- include "elasticblast-exporter.containerSecurity" . | nindent 2 }}
volumeMounts: {{- include "elasticblast-exporter.mounts" . | nindent 2 }}
{{- end -}}

{{- /* The pod template of the Deployment and of the StatefulSet. */ -}}
{{- define "elasticblast-exporter.pod" -}}
metadata:
  labels:
    {{- include "elasticblast-exporter.labels" . | nindent 4 }}
    app.kubernetes.io/component: exporter
    {{- if .Values.workloadIdentity.clientId }}
    azure.workload.identity/use: "true"
    {{- end }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    checksum/config: {{ include "elasticblast-exporter.config" . | sha256sum }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "elasticblast-exporter.account" . }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with include "elasticblast-exporter.tolerations" . }}
  tolerations: {{- . | nindent 4 }}
  {{- end }}
  {{- with include "elasticblast-exporter.affinity" . }}
  affinity: {{- . | nindent 4 }}
  {{- end }}
  {{- with include "elasticblast-exporter.spread" . }}
  topologySpreadConstraints: {{- . | nindent 4 }}
  {{- end }}
  securityContext: {{- include "elasticblast-exporter.podSecurity" . | nindent 4 }}
  containers:
    - {{ include "elasticblast-exporter.container" . | nindent 6 | trim }}
  volumes: {{- include "elasticblast-exporter.volumes" . | nindent 4 }}
{{- end -}}
