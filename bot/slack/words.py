"""The words in which runs are told: always an emoji and a word, never one alone. A table per kind of state."""

from bot.model.finding import Answer, Verdict
from bot.model.run import Status

VERDICTS = {
    Verdict.PASS: (":white_check_mark:", "ok"),
    Verdict.INFO: (":information_source:", "worth knowing"),
    Verdict.SKIPPED: (":fast_forward:", "not looked at"),
    Verdict.UNKNOWN: (":grey_question:", "could not tell"),
    Verdict.WARN: (":warning:", "a fault"),
    Verdict.FAIL: (":x:", "broken"),
}
STATUSES = {
    Status.WAITING: (":white_circle:", "waiting"),
    Status.RUNNING: (":hourglass_flowing_sand:", "running"),
    Status.ASKING: (":raising_hand:", "needs you"),
    Status.APPROVAL: (":raising_hand:", "needs approval"),
    Status.APPROVED: (":hourglass_flowing_sand:", "approved"),
    Status.DONE: (":white_check_mark:", "done"),
    Status.SKIPPED: (":fast_forward:", "skipped"),
}
ANSWERS = {
    Answer.OK: (":white_check_mark:", "nothing wrong"),
    Answer.DEGRADED: (":warning:", "works, with a fault in it"),
    Answer.BROKEN: (":x:", "broken"),
    Answer.UNKNOWN: (":grey_question:", "could not tell"),
}
UNTOLD = ":white_large_square:"
CELLS = {
    "ok": ":large_green_square:", "slow": ":large_yellow_square:", "small only": ":large_orange_square:",
    "by turns": ":large_orange_square:", "connection refused": ":large_red_square:",
    "no answer": ":large_red_square:", "no route": ":large_red_square:",
}
"""Of a grid; what is told in another word has `UNTOLD`."""
MENDED = (":white_check_mark:", "mended")
REPLACED = ":repeat:"
CHANGED = (":wrench:", "done")
STOPPED = (":no_entry:", "stopped")
GOING = (":hourglass_flowing_sand:", "looking")
NEEDED = (":raising_hand:", "needs somebody")


def duration(seconds: float) -> str:
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
