{{- define "stepgate.name" -}}
{{- default .Chart.Name .Values.nameOverride | replace "." "-" | trunc 53 | trimSuffix "-" -}}
{{- end -}}

{{- /* At most 53 characters, so that suffixes fit into 63. */ -}}
{{- define "stepgate.fullname" -}}
{{- $name := include "stepgate.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | replace "." "-" | trunc 53 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | replace "." "-" | trunc 53 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | replace "." "-" | trunc 53 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- /* Immutable in a Deployment: never add to these. */ -}}
{{- define "stepgate.selectorLabels" -}}
app.kubernetes.io/name: {{ include "stepgate.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "stepgate.labels" -}}
{{ include "stepgate.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: stepgate
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "stepgate.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (include "stepgate.fullname" .) -}}
{{- end -}}

{{- define "stepgate.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "stepgate.env" -}}
- name: STEPGATE_LISTEN
  value: "0.0.0.0:8080"
- name: STEPGATE_LOG_FORMAT
  value: {{ .Values.logFormat | quote }}
- name: STEPGATE_LOG
  value: {{ .Values.logLevel | quote }}
- name: STEPGATE_CHECK_INTERVAL
  value: {{ .Values.checkInterval | quote }}
{{- with .Values.defaultClass }}
- name: STEPGATE_DEFAULT_CLASS
  value: {{ . | quote }}
{{- end }}
- name: STEPGATE_CONCURRENCY
  value: {{ .Values.concurrency | int | quote }}
{{- if .Values.leaderElection.enabled }}
- name: STEPGATE_LEADER_ELECTION_NAMESPACE
  value: {{ .Release.Namespace | quote }}
- name: STEPGATE_LEADER_ELECTION_ID
  value: {{ include "stepgate.fullname" . | quote }}
- name: STEPGATE_LEADER_ELECTION_IDENTITY
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
{{- else }}
- name: STEPGATE_NO_LEADER_ELECTION
  value: "true"
{{- end }}
{{- with .Values.watchNamespace }}
- name: STEPGATE_NAMESPACE
  value: {{ . | quote }}
{{- end }}
{{- with .Values.ownerId }}
- name: STEPGATE_OWNER_ID
  value: {{ . | quote }}
{{- end }}
{{- with .Values.aws.region }}
- name: AWS_REGION
  value: {{ . | quote }}
{{- end }}
{{- with .Values.aws.endpointUrl }}
- name: AWS_ENDPOINT_URL
  value: {{ . | quote }}
{{- end }}
{{- with .Values.aws.invokeUrl }}
- name: STEPGATE_INVOKE_URL
  value: {{ . | quote }}
{{- end }}
{{- with .Values.aws.credentialsSecret }}
- name: AWS_ACCESS_KEY_ID
  valueFrom: {secretKeyRef: {name: {{ . | quote }}, key: AWS_ACCESS_KEY_ID}}
- name: AWS_SECRET_ACCESS_KEY
  valueFrom: {secretKeyRef: {name: {{ . | quote }}, key: AWS_SECRET_ACCESS_KEY}}
- name: AWS_SESSION_TOKEN
  valueFrom: {secretKeyRef: {name: {{ . | quote }}, key: AWS_SESSION_TOKEN, optional: true}}
{{- end }}
{{- end -}}

{{- /* What the controller does with the objects it manages; kube's finalizer and status writes are patches. */ -}}
{{- define "stepgate.clusterRules" -}}
- apiGroups: [stepgate.dev]
  resources: [stepfunctionsapiclasses]
  verbs: [get, list, watch]
{{- if not .Values.ownerId }}
- apiGroups: [""]
  resources: [namespaces]
  resourceNames: [kube-system]
  verbs: [get]
{{- end }}
{{- end -}}

{{- define "stepgate.rules" -}}
- apiGroups: [stepgate.dev]
  resources: [stepfunctionsapis]
  verbs: [get, list, watch, patch]
- apiGroups: [stepgate.dev]
  resources: [stepfunctionsapis/status]
  verbs: [patch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
# What specs refer to, and what is written for spec.outputs and API keys: only those named there. list and watch are for
# metadata alone.
- apiGroups: [""]
  resources: [configmaps]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [sfn.services.k8s.aws, sfn.aws.m.upbound.io]
  resources: [statemachines]
  verbs: [get, list, watch]
{{- if not .Values.watchNamespace }}
- apiGroups: [sfn.aws.upbound.io]
  resources: [statemachines]
  verbs: [get, list, watch]
{{- end }}
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list, watch, create, patch]
{{- end -}}

{{- /* A name cannot limit create. */ -}}
{{- define "stepgate.leaseRules" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ include "stepgate.fullname" . | quote }}]
  verbs: [get, update]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
{{- end -}}

{{- define "stepgate.subjects" -}}
- kind: ServiceAccount
  name: {{ include "stepgate.serviceAccountName" . | quote }}
  namespace: {{ .Release.Namespace | quote }}
{{- end -}}
