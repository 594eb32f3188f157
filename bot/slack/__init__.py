"""Netcheck in Slack: what people type and click comes in by listen.py, runs are told by view.py and publish.py.

    listen ── commands, clicks, modals ──► the desk          view ── root, steps, prompts, closing: Run → posts
    people, membership: who asks, and from where             publish ── calls, limits: posts → Slack
    connection: the socket                                   text, blocks, words: every character that is sent

Nothing is decided here: listeners translate, ask the desk and acknowledge; the view is pure. May import: engine, views,
diagnosis, the journal port, model; slack_bolt and slack_sdk are imported here and in wiring only. Called by wiring.
"""
