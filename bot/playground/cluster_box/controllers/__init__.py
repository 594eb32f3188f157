"""What a cluster does by itself after a change, so that a mended cluster is seen mended and a broken one broken.

Here: life.py (when), slices.py (EndpointSlices of a Service), workloads.py (rollouts and scaling), pods.py (states
of one pod), fate.py (what becomes of a new pod). May import the parts of the box below it; called by box.py. Each
controller does no more than the real one, a moment later, and what cannot be known from the bundle is forgotten
rather than invented.
"""
