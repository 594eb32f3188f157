"""A playground: everything netcheck talks to, in one process, with nothing to set up.

What lives here: a Slack workspace in a box (`slack/`, with its web page in `page/`), a cluster in a box and its
scenarios, and the demo that joins them. The boxes are products, written apart from `bot/slack` and `bot/cluster`: they
share no rule and no renderer with them, so that a mistake there cannot hide here. Called by `bot/cli.py` and by tests.
"""
