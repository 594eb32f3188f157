"""Looks at cluster DNS: its Service, pods, rights, configuration, answers, and the way there."""
