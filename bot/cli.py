"""The verbs of `netcheck`. Everything heavy is imported by the verb that needs it, so that `--help` answers at once.

Exit status: 0 ok, 1 broken or degraded, 2 could not tell, 3 not understood (usage, settings, playbooks).
"""

import asyncio
import json
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot import __version__
from bot.model.errors import NetcheckError, UsageError
from bot.options import (
    Context,
    Form,
    Kubeconfig,
    NodeProbeFolders,
    NodeProbeImage,
    NodeProbeNamespace,
    Output,
    ProbeImage,
    ProbeNamespace,
    RunId,
    SettingsFile,
    Words,
)

if TYPE_CHECKING:
    from bot.settings import Settings

USAGE = 3
app = typer.Typer(
    name="netcheck",
    help="Finds out what is wrong with a Kubernetes cluster's network, and walks people through mending it.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def main() -> None:
    """The entry point."""
    try:
        status = app(standalone_mode=False)
    except typer.Abort:
        status = 130
    except typer.TyperException as error:
        print(f"netcheck: {error.format_message().rstrip('.')}. See netcheck --help.", file=sys.stderr)
        status = USAGE
    except NetcheckError as error:
        _complain(error)
        status = USAGE
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    sys.exit(status if isinstance(status, int) else 0)


def _complain(error: NetcheckError) -> None:
    print(f"netcheck: {error}", file=sys.stderr)
    if isinstance(error, UsageError) and error.near and not any(text in str(error) for text in error.near):
        print("Did you mean: " + " · ".join(f"netcheck run {text}" for text in error.near), file=sys.stderr)


def _settings(path: str, kubeconfig: str = "") -> "Settings":
    from bot.settings import load

    settings = load(path or None)
    return settings.model_copy(update={"kubeconfig": kubeconfig}) if kubeconfig else settings


def _probing(settings: "Settings", namespace: str, image: str, *node: str) -> "Settings":
    """`node`: namespace, image and folders of node probes."""
    if namespace or image:
        settings = settings.with_probe(namespace, image)
    return settings.with_node_probe(*node) if any(node) else settings


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


@app.callback(invoke_without_command=True)
def _version(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        print(__version__)
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command()
def run(
    playbook: Annotated[str, typer.Argument(help="The playbook, such as dns.")],
    words: Words = None,
    output: Annotated[Output, typer.Option(help="What to print when it is over.")] = Output.TEXT,
    kubeconfig: Kubeconfig = "",
    context: Context = "",
    settings: SettingsFile = "",
    probe_image: ProbeImage = "",
    probe_namespace: ProbeNamespace = "",
    node_probe_image: NodeProbeImage = "",
    node_probe_namespace: NodeProbeNamespace = "",
    node_probe_folders: NodeProbeFolders = "",
) -> None:
    """Run a playbook against a cluster, from here, without Slack or Redis."""
    from bot import verbs

    config = _probing(_settings(settings, kubeconfig), probe_namespace, probe_image, node_probe_namespace,
                      node_probe_image, node_probe_folders)
    text = " ".join([playbook, *map(_quoted, words or [])])
    said, status = _run(verbs.run(config, context, text, output.value))
    print(said)
    raise typer.Exit(status)


def _quoted(word: str) -> str:
    return f'"{word}"' if any(c.isspace() for c in word) else word


@app.command()
def serve(settings: SettingsFile = "", kubeconfig: Kubeconfig = "") -> None:
    """Be the Slack bot: listen, work, show."""
    from bot import serving

    _run(serving.serve(_settings(settings, kubeconfig)))


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Port of the page; 0: any free one.")] = 8300,
    kubeconfig: Annotated[str, typer.Option(help="Use this real cluster instead of the one in a box.")] = "",
    scenario: Annotated[str, typer.Option(help="The scenario to begin with.")] = "dns-selector",
) -> None:
    """A Slack workspace and a cluster in a box, on a page of this machine: try everything, break nothing."""
    from bot.playground import demo as playground

    _run(playground.run(port=port, kubeconfig=kubeconfig, scenario=scenario))


@app.command()
def lint(paths: Annotated[list[Path], typer.Argument(help="Playbook files or folders.")]) -> None:
    """Check playbooks: every mistake with file, line and column."""
    from bot.engine.library import lint as check

    problems = check(paths)
    for problem in problems:
        print(problem)
    if problems:
        raise typer.Exit(USAGE)
    print("No mistakes.")


@app.command(name="list")
def list_(settings: SettingsFile = "") -> None:
    """The playbooks there are, with their parameters."""
    from bot import verbs

    print(verbs.catalogue(_settings(settings)))


@app.command()
def show(run: RunId, settings: SettingsFile = "", output: Output = Output.TEXT) -> None:
    """A run out of the store, as it stands."""
    from bot import archive

    print(_run(archive.show(_settings(settings), run, output.value)))


@app.command()
def transcript(
    run: RunId,
    settings: SettingsFile = "",
    form: Annotated[Form, typer.Option("--format", help="json holds every event.")] = Form.MARKDOWN,
) -> None:
    """The transcript of a run or an incident, out of the store."""
    from bot import archive

    print(_run(archive.transcript(_settings(settings), run, form.value)))


@app.command()
def record(
    playbook: Annotated[str, typer.Argument(help="The playbook whose reads are saved.")],
    words: Words = None,
    to: Annotated[Path, typer.Option("--to", help="The bundle to write (.json.gz).")] = Path("bundle.json.gz"),
    title: Annotated[str, typer.Option(help="One line on what is wrong in it.")] = "",
    output: Annotated[Output, typer.Option(help="json: what the recorded run came to.")] = Output.TEXT,
    kubeconfig: Kubeconfig = "",
    context: Context = "",
    settings: SettingsFile = "",
    probe_image: ProbeImage = "",
    probe_namespace: ProbeNamespace = "",
    node_probe_image: NodeProbeImage = "",
    node_probe_namespace: NodeProbeNamespace = "",
    node_probe_folders: NodeProbeFolders = "",
) -> None:
    """Save what a playbook reads from a cluster, redacted: for a bug report, or for the cluster in a box."""
    from bot.playground import recording

    text = " ".join([playbook, *map(_quoted, words or [])])
    config = _probing(_settings(settings, kubeconfig), probe_namespace, probe_image, node_probe_namespace,
                      node_probe_image, node_probe_folders)
    line, told = _run(recording.record(config, context, text, to, title))
    print(json.dumps(told, indent=2) if output is Output.JSON else line)


@app.command()
def explain(
    what: Annotated[str, typer.Argument(help="A cause, such as dns.service.selector, or a playbook.")],
    settings: SettingsFile = "",
) -> None:
    """What a cause means and how to mend it; or how to look by hand at all that a playbook looks at."""
    if "." not in what:
        from bot import verbs

        print(verbs.by_hand(_settings(settings), what))
        return
    from bot.diagnosis.causes import explain as look_up
    from bot.diagnosis.pages import describe

    print(describe(look_up(what)))


@app.command()
def schema() -> None:
    """The JSON Schema of playbook files, for editors."""
    from bot.engine.library import schema as make

    print(json.dumps(make(), indent=2))


if __name__ == "__main__":
    main()
