"""What several verbs of the command line take, each said once. Imported by cli only."""

from enum import StrEnum
from typing import Annotated

import typer

SettingsFile = Annotated[str, typer.Option("--settings", help="Settings (else NETCHECK_SETTINGS).", metavar="FILE")]
ProbeImage = Annotated[str, typer.Option(help="Try the way from a few nodes by pods of this image.")]
ProbeNamespace = Annotated[str, typer.Option(help="Where such pods are started, and deleted again.")]
NodeProbeImage = Annotated[str, typer.Option(help="See the CNI folders of a few nodes by pods of this image.")]
NodeProbeNamespace = Annotated[str, typer.Option(help="Where those are started; its Pod Security level is privileged.")]
NodeProbeFolders = Annotated[str, typer.Option(help="Where the nodes have them.", metavar="CONFIGURATION:PROGRAMS")]
Kubeconfig = Annotated[str, typer.Option(help="Kubeconfig (else KUBECONFIG, else ~/.kube/config).", metavar="FILE")]
Context = Annotated[str, typer.Option(help="The context of the kubeconfig to use.", metavar="NAME")]
Words = Annotated[list[str] | None, typer.Argument(help="A target or context, and name=value parameters.")]
RunId = Annotated[str, typer.Argument(help="A run or an incident, such as dns-42.", metavar="RUN")]


class Output(StrEnum):
    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


class Form(StrEnum):
    """Of a transcript."""

    MARKDOWN = "markdown"
    JSON = "json"
