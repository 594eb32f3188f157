"""Looks at the pod network: the plugin's agents, their configuration and what keeps new pods from getting a network."""
