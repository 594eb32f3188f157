"""What holds of every history a run can have, whatever steps, people, crashes and the clock do."""

import json

from hypothesis import HealthCheck, given, settings

from bot.model import codec
from bot.model import event as e
from bot.model.moves import next_moves
from bot.model.playbook import Kind
from bot.model.run import Run, findings, fold
from bot.views import report, terminal, transcript
from tests.model.histories import histories

often = settings(max_examples=150, suppress_health_check=list(HealthCheck))


@often
@given(histories())
def test_every_prefix_folds_renders_and_has_a_next_move(events: list[e.Event]) -> None:
    run = Run()
    for number, event in enumerate(events, 1):
        run = fold([event], run)
        assert run == fold(events[:number])
        assert run.version == number
        assert bool(next_moves(run, event.at + 1)) is not bool(run.closed)
        assert run.playbook.title in terminal.tell("p-1", run)
        assert terminal.progress(run)
        json.dumps(report.report("p-1", run))
        assert transcript.run_markdown("p-1", run, events[:number]).startswith("# p-1")


@often
@given(histories())
def test_every_event_comes_back_from_json_as_it_was(events: list[e.Event]) -> None:
    for event in events:
        assert codec.decode(codec.encode(event)) == event


@often
@given(histories())
def test_a_change_begins_at_most_once_per_approval(events: list[e.Event]) -> None:
    started = events[0]
    assert isinstance(started, e.RunStarted)
    for step in started.playbook.steps:
        if step.kind is not Kind.CHANGE:
            continue
        begun = [x.attempt for x in events if isinstance(x, e.StepStarted) and x.step == step.id]
        granted = [x.attempt for x in events if isinstance(x, e.ApprovalGranted) and x.step == step.id]
        assert len(begun) == len(set(begun))
        assert set(begun) <= set(granted)


@often
@given(histories())
def test_nothing_begins_past_a_barrier_that_is_not_over(events: list[e.Event]) -> None:
    run = Run()
    for event in events:
        if isinstance(event, e.StepStarted | e.ApprovalRequested | e.QuestionAsked):
            steps = run.playbook.steps
            own = run.playbook.step(event.step)
            earlier = steps[: steps.index(own)]
            assert all(run.state(step.id).over for step in earlier if step.barrier or own.barrier)
        run = fold([event], run)


@often
@given(histories())
def test_a_closed_run_has_settled_every_step_and_concluded_over_all_of_them(events: list[e.Event]) -> None:
    run = fold(events)
    if run.cancelled:
        return
    assert all(run.state(step.id).over for step in run.playbook.steps)
    assert run.conclusion is not None
    fails = [f for f in findings(run) if f.verdict == "fail"]
    assert len(run.conclusion.root_causes) == len(fails)
