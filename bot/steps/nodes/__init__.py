"""Looks at nodes: their conditions, and what their kubelets tell pods."""
