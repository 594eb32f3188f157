"""A cluster in a box: a Kubernetes API over HTTPS, served from a bundle instead of from a cluster.

Here: box.py (start, stop, kubeconfig), server.py (one request from socket to answer), store.py (the objects and what
is known), the API's own rules one file each (selectors, lists, patches, permissions, logs, streams), and
controllers/ (what a cluster does by itself after a change). It evaluates what a real API server evaluates and says
`NotRecorded` where the bundle does not know. Shares no rule with `bot.cluster`; called by the demo, by
`bot/playground/recorder.py` for its table of kinds, and by tests.
"""
