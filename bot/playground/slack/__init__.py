"""A Slack workspace in a box: Web API, Socket Mode, interactivity, files and a web page, on the loopback address.

What lives here: the rules of Slack that a bot can feel, each naming the document it comes from (`[D]` Slack's
documentation, `[K]` the machine-readable copy of its method pages, `[S]` SDK source, `[I]` an issue thread, `[E]` a
judgement; docs/slack-box.md has the table). It imports aiohttp and the standard library and nothing of netcheck, so
that it cannot share a mistake with the bot it tests. Called by the demo and by tests, through `SlackBox` in `box.py`.
"""
