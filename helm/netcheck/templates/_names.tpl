{{- define "netcheck.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "netcheck.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (ternary (include "netcheck.name" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{- define "netcheck.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "netcheck.labels" -}}
{{ include "netcheck.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "netcheck.image" -}}
{{- if .Values.image.digest }}{{ .Values.image.repository }}@{{ .Values.image.digest }}{{ else }}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{- define "netcheck.subject" -}}
subjects:
  - kind: ServiceAccount
    name: {{ include "netcheck.serviceAccount" . }}
    namespace: {{ .Release.Namespace }}
{{- end }}

{{- /* The colon-separated list that client libraries read from KUBECONFIG. */ -}}
{{- define "netcheck.kubeconfigs" -}}
{{- if not .Values.kubeconfigs.keys }}
{{- fail "kubeconfigs.existingSecret is given without kubeconfigs.keys: name the keys of the Secret that hold kubeconfig files" }}
{{- end }}
{{- $paths := list }}
{{- range .Values.kubeconfigs.keys }}{{ $paths = append $paths (printf "/etc/netcheck/kubeconfigs/%s" .) }}{{ end }}
{{- join ":" $paths }}
{{- end }}
