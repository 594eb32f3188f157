"""What makes runs happen: library (playbook files), desk (what people ask for), worker (what is done about it).

The desk and the worker never call each other: both write facts into the journal, and the journal says what is next.
May import: steps, diagnosis, networks, the journal and cluster ports, model. Called by slack, wiring and cli.
"""
