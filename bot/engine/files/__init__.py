"""From the text of a playbook file to a Playbook, or to every mistake in it with its place.

document.py (YAML with places) → shape.py (which keys there are) → arguments.py, references.py (what they hold) →
reading.py (all of it put together). schema.py says the same as JSON Schema. May import: steps, model. Called by
engine/library.py only.
"""
