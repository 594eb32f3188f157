{{- /* A Role and its binding: (dict "top" $ "tier" "logs" "namespace" "kube-system" "rules" "...yaml...") */ -}}
{{- define "netcheck.role" -}}
{{- $name := printf "%s-%s-%s" (include "netcheck.name" .top) .top.Release.Namespace .tier -}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ $name }}
  namespace: {{ .namespace }}
  labels: {{- include "netcheck.labels" .top | nindent 4 }}
rules: {{- .rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ $name }}
  namespace: {{ .namespace }}
  labels: {{- include "netcheck.labels" .top | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ $name }}
{{ include "netcheck.subject" .top }}
{{ end }}
