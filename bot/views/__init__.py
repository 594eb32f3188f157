"""A run told to people outside Slack: terminal.py (text), report.py (JSON), transcript.py (Markdown). Pure.

May import: model. Called by cli, and by slack for transcripts.
"""
