"""`proxy.command`: is kube-proxy started with what is there, under its node's name, in a version that fits?

With `--config` the file counts, and of the flags only `--hostname-override` and those about logging
(cmd/kube-proxy/app/options.go, kubernetes#108737). Versions: https://kubernetes.io/releases/version-skew-policy/.
"""

import asyncio
import re
from collections.abc import Iterator
from typing import Any

from bot.cluster import Cluster, Object
from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Args, Evidence, Judgement, Look
from bot.steps.findings import tell_skipped
from bot.steps.proxy.objects import find_proxy
from bot.steps.proxy.setup import Setup, locate, parse_setup, read_file, read_setup, resolve
from bot.steps.readings import read_version
from bot.steps.wording import count, list_names, read_at
from bot.steps.yaml_text import parse_yaml

USUAL = "/var/lib/kube-proxy/config.conf"
HEEDED = frozenset({"config", "hostname-override", "v", "vmodule", "logtostderr", "alsologtostderr", "master", "help",
                    "log-flush-frequency", "logging-format", "init-only", "write-config-to", "cleanup", "version"})
"""Flags that count beside `--config`."""
OLDEST = 3
"""Minor versions that kube-proxy may be behind the API server."""
NODE_FIELDS = ("spec.nodeName",)
VERSION = re.compile(r"v?1\.(\d+)\.")


class CommandArgs(Args):
    """Compares kube-proxy's command with what is mounted, with its node's name and with the cluster's version."""


async def gather_command(cluster: Cluster, args: CommandArgs) -> Evidence:
    proxy = await find_proxy(cluster)
    skipped = list(proxy.skipped)
    setup, version = await asyncio.gather(read_setup(cluster, proxy, skipped), read_version(cluster, skipped))
    path = setup["flags"].get("config", "") if setup else ""
    place = locate(setup, path) if setup and path else None
    file = await read_file(cluster, proxy, place, skipped) if place and place["key"] else {}
    return {"read_at": cluster.now, "proxy": proxy.daemon["name"] if proxy.daemon else "", "setup": setup,
            "ready": proxy.daemon["ready"] if proxy.daemon else 0,
            "desired": proxy.daemon["desired"] if proxy.daemon else 0, "version": version, "place": place,
            "static": [_of_static(pod) for pod in proxy.static],
            "file": {key: file[key] for key in ("state", "config_map", "keys", "alike") if key in file},
            "hostname": _hostname(file),
            "skipped": skipped}


def _hostname(file: dict[str, Any]) -> str:
    """What the file says in place of each node's own name."""
    config, _ = parse_yaml(file.get("text", ""))
    return str(config.get("hostnameOverride") or "")


def _of_static(pod: Object) -> dict[str, str]:
    """Each is written on its own node, so that any of them may differ."""
    setup = parse_setup(pod["spec"])
    return {"node": pod["spec"].get("nodeName", ""), "image": setup["image"],
            "name": setup["flags"].get("hostname-override", "")}


def judge_command(evidence: Evidence, args: CommandArgs) -> Judgement:
    skipped, setup = tell_skipped(evidence, Layer.PROXY), evidence["setup"]
    if setup is None:
        if skipped:
            return Judgement(skipped)
        text = "There is no kube-proxy DaemonSet, so there is no command to look at."
        return Judgement((note(Verdict.INFO, Layer.PROXY, text, evidence=(read_at(evidence),)),))
    named = _static_names(evidence) if evidence.get("static") else _name(evidence, setup)
    found = [*_place(evidence, setup), *_path(evidence, setup), *named, *_flags(evidence, setup), *_versions(evidence)]
    if not found:
        path = setup["flags"].get("config")
        rest = f" out of {evidence['file']['config_map']}" if evidence["file"].get("config_map") else ""
        other = "" if path == USUAL else f" (kubeadm writes {USUAL}; another path is no fault)"
        text = (f"{evidence['proxy']} is started with {path}{rest}, under its node's name{other}." if path else
                f"{evidence['proxy']} is started by flags, without a file of configuration"
                f"{_mode(setup['flags'])}.")
        passed = Verdict.PASS if path == USUAL and evidence["file"].get("state") == "read" else Verdict.INFO
        found.append(note(passed, Layer.PROXY, text, object=evidence["proxy"], evidence=(read_at(evidence),)))
    return Judgement((*found, *skipped))


def _mode(flags: dict[str, str]) -> str:
    told = [f"--{name}={flags[name]}" for name in ("proxy-mode", "cluster-cidr") if flags.get(name)]
    return f" ({list_names(told)})" if told else ""


def _fault(evidence: Evidence, code: str, text: str, *told: str) -> Finding:
    """What runs goes on with what it was started with."""
    verdict = Verdict.WARN if evidence["ready"] else Verdict.FAIL
    return find(code, text, verdict=verdict, object=evidence["proxy"], evidence=(*told, read_at(evidence)))


def _place(evidence: Evidence, setup: Setup) -> Iterator[Finding]:
    if not setup.get("host", True):
        text = (f"{evidence['proxy']} does not run in its nodes' network: hostNetwork is not true, so its rules are "
                "written where only its own pods are.")
        seen = f"{evidence['proxy']}: spec.template.spec.hostNetwork is not set, expected true"
        yield find("proxy.host-network", text, object=evidence["proxy"], evidence=(seen, read_at(evidence)))


def _path(evidence: Evidence, setup: Setup) -> Iterator[Finding]:
    path, place, file = setup["flags"].get("config", ""), evidence["place"], evidence["file"]
    if not path:
        return
    mounted = list_names(m["path"] for m in setup["mounts"])
    told = f"{evidence['proxy']}: --config={path}, mounted: {mounted or 'nothing'}"
    if place is None:
        text = f"{evidence['proxy']} is started with --config={path}, where nothing is mounted."
        yield _fault(evidence, "proxy.command", text, told)
    elif file.get("alike") or (place["config_map"] and not place["key"]):
        keys = list_names(file.get("keys", ())) or "no keys"
        yield _fault(evidence, "proxy.command", f"{evidence['proxy']} is started with --config={path}, which ConfigMap "
                     f"{place['config_map']} does not hold: it has {keys}.", told)


def _name(evidence: Evidence, setup: Setup) -> Iterator[Finding]:
    """One name for all is wrong where there are several; whether the only one has its own is told by its log."""
    written, name = setup["flags"].get("hostname-override"), evidence.get("hostname", "")
    alone = evidence.get("desired", 0) == 1
    if written is None:
        if name and not alone:
            place = evidence["file"]["config_map"]
            yield _fault(evidence, "proxy.command", f"{evidence['proxy']} runs under one name on every node: {name}, "
                         f"as {place} says, expected the name of each.",
                         f"{place}: hostnameOverride {name}; no flag --hostname-override stands against it")
        return
    meant = resolve(setup, written)
    told = f"{evidence['proxy']}: --hostname-override={written}"
    if "unknown" in meant:
        yield _fault(evidence, "proxy.command", f"{evidence['proxy']} runs under the name {written}, as it is written: "
                     f"there is no variable {meant['unknown']}.", told)
    elif "value" in meant and not (alone and meant["value"]):
        yield _fault(evidence, "proxy.command", f"{evidence['proxy']} runs under one name on every node: "
                     f"{meant['value'] or 'none'}, expected the pod's spec.nodeName.", told)
    elif meant.get("field", NODE_FIELDS[0]) not in NODE_FIELDS:
        yield _fault(evidence, "proxy.command", f"{evidence['proxy']} takes the pod's {meant['field']} for its node's "
                     "name, expected spec.nodeName.", told)


def _static_names(evidence: Evidence) -> Iterator[Finding]:
    """A manifest that was copied from another node, with the machine perhaps."""
    for pod in evidence["static"]:
        if pod["name"] not in ("", pod["node"]):
            yield find("proxy.command", f"kube-proxy on node {pod['node']} runs under the name {pod['name']}, expected "
                       f"{pod['node']}.", verdict=Verdict.WARN, object=evidence["proxy"], node=pod["node"],
                       evidence=(f"static pod on {pod['node']}: --hostname-override={pod['name']}", read_at(evidence)))


def _flags(evidence: Evidence, setup: Setup) -> Iterator[Finding]:
    flags = setup["flags"]
    idle = [name for name in flags if name not in HEEDED and not name.startswith("log")] if "config" in flags else []
    if idle:
        text = (f"{evidence['proxy']} is given {list_names(f'--{name}' for name in idle)} beside --config, where "
                f"{'they count' if len(idle) > 1 else 'it counts'} for nothing.")
        told = ", ".join(f"--{name}={flags[name]}" for name in idle[:4])
        yield find("proxy.idle-flags", text, verdict=Verdict.WARN, object=evidence["proxy"],
                   evidence=(f"{evidence['proxy']}: {told}", read_at(evidence)))


def _versions(evidence: Evidence) -> Iterator[Finding]:
    """One image for all pods of a DaemonSet; each static pod has that of its node."""
    images = {pod["node"]: pod["image"] for pod in evidence.get("static", ())} or {"": str(evidence["setup"]["image"])}
    for node, image in images.items():
        where = f"kube-proxy on node {node} ({image})" if node else f"kube-proxy ({image})"
        wrong = _misfit(image, evidence["version"])
        if wrong:
            yield find("proxy.version", f"{where} is {wrong}.", verdict=Verdict.WARN, object=evidence["proxy"],
                       node=node, evidence=(f"{evidence['proxy']}: image {image}", f"API server: {evidence['version']}",
                                            read_at(evidence)))


def _misfit(image: str, version: str) -> str:
    own, server = VERSION.search(image.rsplit("/", 1)[-1]), VERSION.search(version)
    behind = int(server[1]) - int(own[1]) if own and server else 0
    if behind > OLDEST:
        return (f"{count(behind, 'minor version')} behind the API server ({version}); at most {OLDEST} are supported")
    return f"newer than the API server ({version}), which is not supported" if behind < 0 else ""


COMMAND = Look(
    name="proxy.command", args=CommandArgs, gather=gather_command, judge=judge_command,
    reads=("list daemonsets.apps", "get daemonsets.apps", "get /version", "get configmaps/kube-proxy in kube-system",
           "get configmaps/kube-proxy-config in kube-system"),
    by_hand="`kubectl -n kube-system get daemonset kube-proxy -o yaml` (command, volumeMounts, image; kubeadm: "
    f"--config={USUAL} and --hostname-override=$(NODE_NAME)) "
    "(https://kubernetes.io/docs/reference/command-line-tools-reference/kube-proxy/)",
)
