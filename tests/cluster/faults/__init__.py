"""Faults as data: what can be broken in a cluster, and what netcheck must say about it.

    fault.py       the form of a row
    api.py         injections made with the API server alone; node.py: those that need the nodes
    conditions.py  what is waited for
    <subject>.py   the rows, one file for each subject; table.py puts them together and chooses among them
    trial.py       breaks, waits, asks, compares, heals; ledger.py: the table that is printed

`python -m tests.cluster.faults` prints the rows. Called by tests/cluster/test_faults.py and conftest.py.
"""
