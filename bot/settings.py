"""What can be set: one YAML file, and the environment for secrets and places. Unknown or wrong settings stop the start.

Imported by wiring and cli only; the parts get what they need as arguments. The environment wins over the file.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from bot.model.errors import SettingsError
from bot.model.permission import Rules


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RuleSettings(Section):
    """Who may look and who may change: `slack:U012`, `group:S345`, `group:<name below>`, `cli:alice` or `*`."""

    look: tuple[str, ...] = ()
    change: tuple[str, ...] = ()
    four_eyes: bool = False

    def rules(self) -> Rules:
        return Rules(look=self.look, change=self.change, four_eyes=self.four_eyes)


class ProbeSettings(Section):
    """Pods that netcheck may start, to try the way from nodes; without `namespace` and `image` none."""

    namespace: str = Field(default="", pattern=r"^$|^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")
    image: str = ""
    pull_secret: str = ""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if bool(self.namespace) != bool(self.image):
            raise ValueError("probe pods need both a namespace and an image")
        return self


class NodeProbeSettings(ProbeSettings):
    """Pods that may see two folders of their node, for reading, and its network settings: without `namespace` and
    `image` none. The namespace needs the PodSecurity level privileged. {node} in a folder is the node's name."""

    configuration: str = Field(default="/etc/cni/net.d", pattern=r"^/")
    programs: str = Field(default="/opt/cni/bin", pattern=r"^/")


class TargetSettings(RuleSettings):
    """One cluster: `context` of the kubeconfig, which may be left out where it has only one; neither set: the cluster
    netcheck runs in. `namespace`: meant by parameters without one."""

    context: str = ""
    kubeconfig: str = ""
    namespace: str = ""
    default: bool = False
    probe: ProbeSettings | None = None
    node_probe: NodeProbeSettings | None = None


class SlackSettings(Section):
    """Tokens come from the environment: SLACK_BOT_TOKEN and SLACK_APP_TOKEN. `groups`: name -> user ids, for
    workspaces without user groups."""

    bot_token: SecretStr = SecretStr("")
    app_token: SecretStr = SecretStr("")
    api_url: str = "https://slack.com/api/"
    broadcast: bool = True
    groups: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class Settings(Section):
    """`data_dir` holds the embedded store; `keep_days` is how long closed runs are kept; `approval_hours` for how long
    a change can be approved where its step sets no limit (`expires_after`)."""

    targets: dict[str, TargetSettings] = Field(default_factory=dict)
    playbooks: dict[str, RuleSettings] = Field(default_factory=dict)
    playbook_folders: tuple[str, ...] = ()
    kubeconfig: str = ""
    redis_url: SecretStr = SecretStr("")
    data_dir: str = ""
    keep_days: float = Field(default=90.0, gt=0)
    approval_hours: float = Field(default=24.0, gt=0)
    probe: ProbeSettings = ProbeSettings()
    node_probe: NodeProbeSettings = NodeProbeSettings()
    listen: str = "0.0.0.0:8080"
    docs_url: str = "https://github.com/netcheck/netcheck/blob/main/docs/causes.md"
    slack: SlackSettings = SlackSettings()

    def rules(self, playbook: str) -> Rules:
        named = self.playbooks.get(playbook)
        return named.rules() if named else Rules()

    def with_probe(self, namespace: str, image: str) -> "Settings":
        """On every target, whatever its own setting. Raises SettingsError."""
        if not (namespace and image):
            raise SettingsError("Probe pods need both: --probe-namespace and --probe-image.")
        targets = {name: target.model_copy(update={"probe": None}) for name, target in self.targets.items()}
        probe = ProbeSettings(namespace=namespace, image=image)
        return self.model_copy(update={"probe": probe, "targets": targets})

    def with_node_probe(self, namespace: str, image: str, folders: str) -> "Settings":
        """On every target, whatever its own setting. `folders`: CONFIGURATION:PROGRAMS, or "" for the usual ones.
        Raises SettingsError."""
        if not (namespace and image):
            raise SettingsError("Node probes need both: --node-probe-namespace and --node-probe-image.")
        given = dict(zip(("configuration", "programs"), filter(None, folders.split(":")), strict=False))
        targets = {name: target.model_copy(update={"node_probe": None}) for name, target in self.targets.items()}
        try:
            probe = NodeProbeSettings(namespace=namespace, image=image, **given)
        except ValidationError as error:
            raise SettingsError(f"--node-probe-folders takes two absolute paths, as in /etc/cni/net.d:/opt/cni/bin, "
                                f"and not {folders}: {error.errors()[0]['msg']}") from None
        return self.model_copy(update={"node_probe": probe, "targets": targets})


ENVIRONMENT: dict[str, tuple[str, ...]] = {
    "SLACK_BOT_TOKEN": ("slack", "bot_token"),
    "SLACK_APP_TOKEN": ("slack", "app_token"),
    "SLACK_API_URL": ("slack", "api_url"),
    "REDIS_URL": ("redis_url",),
    "KUBECONFIG": ("kubeconfig",),
    "NETCHECK_DATA_DIR": ("data_dir",),
    "NETCHECK_LISTEN": ("listen",),
    "NETCHECK_KEEP_DAYS": ("keep_days",),
    "NETCHECK_APPROVAL_HOURS": ("approval_hours",),
    "NETCHECK_DOCS_URL": ("docs_url",),
    "NETCHECK_PLAYBOOKS": ("playbook_folders",),
}
ELSEWHERE = frozenset({"NETCHECK_SETTINGS"})
"""Names that are read before the settings are; NETCHECK_RIG_… and NETCHECK_TEST_… belong to the tests."""


def load(path: str | None = None, environment: Mapping[str, str] = os.environ) -> Settings:
    """Raises SettingsError naming each place that is wrong, and what to do."""
    path = path or environment.get("NETCHECK_SETTINGS", "")
    raw = _read(Path(path)) if path else {}
    for name, place in ENVIRONMENT.items():
        value = environment.get(name)
        if value:
            _put(raw, place, tuple(value.split(os.pathsep)) if place == ("playbook_folders",) else value)
    unknown = sorted(n for n in environment if n.startswith("NETCHECK_") and not _known(n))
    if unknown:
        raise SettingsError(f"{unknown[0]}: no such setting; there are {', '.join(sorted(ENVIRONMENT))}")
    try:
        return Settings.model_validate(raw)
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, e['loc'])) or 'settings'}: {e['msg']}" for e in error.errors()]
        raise SettingsError(f"{path or 'environment'}: " + "; ".join(problems)) from None


def _known(name: str) -> bool:
    return name in ENVIRONMENT or name in ELSEWHERE or name.startswith(("NETCHECK_TEST_", "NETCHECK_RIG"))


def _read(path: Path) -> dict[str, Any]:
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # also of a date that does not exist, deep nesting
        raise SettingsError(f"{path}: is not YAML: {error}") from None
    if not isinstance(raw or {}, dict):
        raise SettingsError(f"{path}: holds a {type(raw).__name__}; settings are names with values")
    return dict(raw or {})


def _put(raw: dict[str, Any], place: tuple[str, ...], value: Any) -> None:
    for name in place[:-1]:
        inner = raw.get(name)
        raw[name] = dict(inner) if isinstance(inner, dict) else {}
        raw = raw[name]
    raw[place[-1]] = value
