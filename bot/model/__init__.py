"""The pure centre: what a run is, what may happen next, who may do what. No clock, no randomness, no input or output.

May import: the standard library, Jinja (template.py), pydantic never. Called by every other floor.
Time (`now`, seconds since the epoch) and ids come in as arguments.
"""
