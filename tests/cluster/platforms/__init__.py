"""Clusters of other platforms, as far as the API shows them: written as data, made on a real API server, recorded.

    platform.py   the words: a node, a workload, a platform
    objects.py    what the API holds of them, with the statuses that kubelets and controllers would write
    upstream.py, rancher.py, clouds.py, openshift.py   the platforms themselves, by what their documentation and
                  manifests say; table.py lists them
    builder.py    etcd and an API server of their own for each, the objects through the API, a bundle out of it

No kubelet and no controller runs: logs and the pages of kube-proxy are written by hand (answers.py) and marked so in
the bundle's title. `python -m tests.cluster.platforms [NAME …]` makes the bundles of tests/platforms/bundles anew.
"""
