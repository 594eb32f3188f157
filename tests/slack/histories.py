"""Hand-made histories of runs, told as the events they consist of. `Telling` collects them; `run` folds them."""

from dataclasses import dataclass, field

from bot.model import event as e
from bot.model.finding import Answer, Conclusion, Finding, Layer, RootCause, Verdict
from bot.model.playbook import Kind, Playbook, Step
from bot.model.run import Run, findings, fold, steps_told

ALICE, BOB = "slack:U0ALICE", "slack:U0BOB"
START = 1_790_000_000.0
BROKEN = Finding(
    verdict=Verdict.FAIL,
    cause="dns.service.selector",
    layer=Layer.DNS_SERVICE,
    object="Service kube-system/kube-dns",
    summary="Service kube-system/kube-dns selects k8s-app=dns, but the DNS pods carry k8s-app=kube-dns.",
    evidence=("spec.selector: k8s-app=dns (read 10:00:01)", "pods with k8s-app=dns: 0"),
    advice="Set the selector back: `kubectl -n kube-system patch service kube-dns`.",
    doc="dns.service.selector",
)
CONSEQUENCE = Finding(
    verdict=Verdict.FAIL,
    cause="dns.service.no-endpoints",
    layer=Layer.DNS_SERVICE,
    object="Service kube-system/kube-dns",
    summary="Service kube-system/kube-dns has no endpoints.",
)
FINE = Finding(verdict=Verdict.PASS, summary="as it should be")


def look(name: str, *, fresh: bool = False) -> Step:
    return Step(
        id=name, uses=f"dns.{name.removesuffix('-again')}", kind=Kind.LOOK, title=f"Look at {name}", fresh=fresh
    )


LOOKS = tuple(look(name) for name in ("platform", "plugin", "objects", "pods", "service", "endpoints", "answers"))
CHANGE = Step(id="select", uses="service.patch", kind=Kind.CHANGE, title="Set the selector", refers_run=True)
AGAIN = look("service-again", fresh=True)
ASK = Step(id="ask", uses="guide.ask", kind=Kind.GUIDE, title="Which one?")


@dataclass
class Telling:
    """A run as it unfolds; each method adds what happened, a tenth of a second later."""

    steps: tuple[Step, ...] = LOOKS
    channel: str = "C0INCIDENTS"
    thread: str = ""
    start: float = START
    events: list[e.Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        playbook = Playbook(name="dns", title="Cluster DNS", summary="Walks to CoreDNS.", steps=self.steps)
        origin = e.Origin(surface="slack", channel=self.channel, thread=self.thread, delivery="d1")
        self.events.append(
            e.RunStarted(
                at=self.start,
                by=ALICE,
                name="alice",
                playbook=playbook,
                target="prod",
                cluster="context prod-eu",
                origin=origin,
            )
        )

    @property
    def run(self) -> Run:
        return fold(self.events)

    @property
    def now(self) -> float:
        return self.events[-1].at + 0.1

    def add(self, event: e.Event) -> "Telling":
        self.events.append(event)
        return self

    def look(self, step: str, *found: Finding, after: float = 0.0) -> "Telling":
        self.add(e.StepStarted(at=self.now, step=step, attempt=1))
        return self.add(e.StepFinished(at=self.now + after, step=step, attempt=1, findings=found or (FINE,)))

    def looks(self, *names: str) -> "Telling":
        for name in names:
            self.look(name)
        return self

    def conclude(self) -> "Telling":
        found = findings(self.run)
        roots = tuple(RootCause(f, (CONSEQUENCE,)) for f in found if f.key == BROKEN.key)
        answer = Answer.BROKEN if roots else Answer.OK
        return self.add(e.RunConcluded(at=self.now, conclusion=Conclusion(answer, roots), over=steps_told(self.run)))

    def note(self, text: str = "seen") -> "Telling":
        return self.add(e.NoteAdded(at=self.now, by=BOB, text=text))

    def propose(self, attempt: int = 1) -> "Telling":
        return self.add(
            e.ApprovalRequested(
                at=self.now,
                step="select",
                attempt=attempt,
                args={"service": "kube-system/kube-dns"},
                description="Set the selector of Service kube-system/kube-dns.",
                difference=("- k8s-app: dns", "+ k8s-app: kube-dns"),
                to="group:S0NETONCALL",
            )
        )

    def approve(self, by: str = BOB, attempt: int = 1) -> "Telling":
        return self.add(e.ApprovalGranted(at=self.now, by=by, step="select", attempt=attempt))

    def apply(self, attempt: int = 1) -> "Telling":
        self.add(e.StepStarted(at=self.now, step="select", attempt=attempt))
        done = Finding(verdict=Verdict.PASS, summary="the selector was set")
        return self.add(e.StepFinished(at=self.now, step="select", attempt=attempt, findings=(done,)))

    def close(self, after: float = 0.0) -> "Telling":
        return self.add(e.RunClosed(at=self.now + after))


def broken() -> Telling:
    told = Telling().looks("platform", "plugin", "objects", "pods").look("service", BROKEN)
    return told.look("endpoints", CONSEQUENCE).looks("answers").conclude().close()


def asking() -> Telling:
    told = Telling(steps=(*LOOKS[:4], LOOKS[4], CHANGE, AGAIN)).looks("platform", "plugin", "objects", "pods")
    return told.look("service", BROKEN).conclude().propose()


def mended() -> Telling:
    return asking().approve().apply().looks("service-again").conclude().close()
