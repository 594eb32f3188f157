"""One row tried on a cluster: break, wait, ask, heal, and say whether the answer was right."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase

from tests.cluster.answers import Report
from tests.cluster.faults.asking import ask_row
from tests.cluster.faults.conditions import Condition
from tests.cluster.faults.fault import Fault, Heal, Injection, Root
from tests.cluster.faults.recording import Recorder
from tests.cluster.rig import Cluster

BAD = ("FAIL", "WARN")
RECOVERY = 240.0
"""Seconds. Agents that lost each other wait longer before each new attempt (Weave Net: half as long again)."""


class NotHealed(Exception):
    """The cluster could not be brought back: whoever gets this must not use it again."""


@dataclass(frozen=True, slots=True)
class Trial:
    """`wrong`: every way in which the answer is not the expected one; none where it is right."""

    found: str
    wrong: tuple[str, ...]


def try_fault(cluster: Cluster, fault: Fault, recorder: Recorder | None = None) -> Trial:
    """Raises NotHealed, and NotInTime where the fault did not show (it is healed then)."""
    fault.before.until(cluster)
    if fault.spoils:
        for injection in (*fault.stage, *fault.breaks):
            injection.inject(cluster)
        report, wrong = _asked(cluster, fault, recorder)
    else:
        with made(cluster, fault.stage, fault.cleared):
            with made(cluster, fault.breaks, fault.healed):
                report, wrong = _asked(cluster, fault, recorder)
            wrong += _lingering(cluster, fault)
    if recorder and not wrong:
        recorder.enter(fault)
    return Trial(describe(report), tuple(wrong))


def _asked(cluster: Cluster, fault: Fault, recorder: Recorder | None) -> tuple[Report, list[str]]:
    """What was found once the fault shows, and every way in which that is wrong."""
    fault.wait.until(cluster)
    if not recorder:
        report = ask_row(cluster, fault)
        return report, differences(fault, report)
    report, unlike = recorder.record(cluster, fault)
    return report, [*differences(fault, report), *unlike]


@contextmanager
def made(cluster: Cluster, injections: Sequence[Injection], undone: Condition) -> Iterator[None]:
    """Undoes all in any case, also after Ctrl-C, and as far as it can where one part of it fails."""
    heals: list[Heal] = []
    failed: list[str] = []
    try:
        heals.extend(injection.inject(cluster) for injection in injections)  # one by one: what was made is healed
        yield
    except Exception as error:
        if len(heals) < len(injections):
            failed.append(f"it could not be broken as meant: {error}")
        raise
    finally:
        failed += [trouble for heal in heals if (trouble := _heal(cluster, heal))]
        if failed:
            raise NotHealed("; ".join(failed))
        try:
            undone.until(cluster)
        except Exception as error:
            raise NotHealed(str(error)) from error


def _heal(cluster: Cluster, heal: Heal) -> str:
    try:
        heal(cluster)
    except Exception as error:
        return str(error)
    return ""


def differences(fault: Fault, report: Report) -> list[str]:
    found, wanted = report["root_causes"], list(fault.roots)
    wrong = [] if report["answer"] == fault.answer else [f"answer {report['answer']}, expected {fault.answer}"]
    wrong += [f"not found: {_root_text(root)}" for root in wanted if not any(_is(root, f) for f in found)]
    wrong += [f"found: {_found_text(f)}" for f in found if not any(_is(root, f) for root in wanted)]
    said = "\n".join(f"{f['summary']}\n{f['advice']}" for f in (found if wanted else report["findings"]))
    wrong += [f"“{words}” is not mentioned" for words in fault.mentions if words not in said]
    told = {f["cause"] for f in report["findings"] if f["verdict"] in BAD}
    allowed = (*(root.cause for root in wanted), *fault.consequences)
    strange = sorted(c for c in told if not any(fnmatchcase(c, pattern) for pattern in allowed))
    return wrong + ([f"also told: {', '.join(strange)}"] if strange and wanted else [])


def _is(root: Root, finding: Report) -> bool:
    same_place = (finding["layer"], finding["object"]) == (root.layer, root.object)
    return same_place and fnmatchcase(finding["cause"], root.cause)


def _root_text(root: Root) -> str:
    return f"{root.cause} on {root.object}"


def _found_text(finding: Report) -> str:
    """With its evidence: whoever reads of a wrong row later has no cluster left to ask."""
    evidence = " | ".join(map(str, finding["evidence"]))
    return f"{finding['cause']} on {finding['object']} ({finding['layer']}): {finding['summary']} [{evidence}]"


def describe(report: Report) -> str:
    roots = [f"{finding['cause']} on {finding['object']}" for finding in report["root_causes"]]
    return f"{report['answer']}: {' + '.join(roots)}" if roots else str(report["answer"])


def expected(fault: Fault) -> str:
    return ": ".join([fault.answer, *([" + ".join(map(_root_text, fault.roots))] if fault.roots else [])])


def _lingering(cluster: Cluster, fault: Fault) -> list[str]:
    """What is still told of a cluster that is healthy again."""
    if not fault.breaks:
        return []
    last: list[Report] = []

    def is_fine(then: Cluster) -> bool:
        last[:] = [ask_row(then, fault)]
        return str(last[0]["answer"]) == "ok"

    try:
        Condition("netcheck finds nothing any longer", is_fine).until(cluster, patience=RECOVERY)
    except Exception:
        return [f"after healing: {describe(last[0])}" if last else "after healing nothing was answered"]
    return []
