"""What the files of a node's CNI folder say: which one counts, and whether it can work. Pure.

containerd (go-cni) sorts by name, takes the first and fails as a whole where that one is invalid; CRI-O (ocicni) passes
over files that it cannot load.
"""

from typing import Any

from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.networks import Network, find_plugin
from bot.steps import Evidence
from bot.steps.cni.sandbox_words import strange
from bot.steps.wording import list_names, read_at

View = dict[str, Any]
File = dict[str, Any]
TOLD_HAIRPIN = ("bridge", "flannel", "weave-net")


def judge_files(evidence: Evidence, node: str, view: View) -> list[Finding]:
    if not view["files"]:
        text = f"The runtime's CNI folder on node {node} holds no configuration file."
        return [_tell(Verdict.INFO, evidence, node, text)]
    if view["files"][0]["unread"]:
        text = f"The first CNI configuration by name on node {node}, {view['files'][0]['name']}, could not be read."
        return [_tell(Verdict.UNKNOWN, evidence, node, text)]
    lenient = evidence["runtimes"].get(node, "").startswith("cri-o")
    first = view["files"][0]
    if first["error"] and not lenient:
        return [_invalid(evidence, node, view)]
    active = next((file for file in view["files"] if file["plugins"]), None)
    if active is None:
        return [_invalid(evidence, node, view)]
    shadowed = [file for file in view["files"] if file is not active]
    if running := _left_over(evidence, active):
        return [_stale(evidence, node, active, shadowed, running)]
    return [*_programs(evidence, node, view, active), *_hairpin(evidence, node, active),
            *_shadowed(evidence, node, active, shadowed)]


def _tell(verdict: Verdict, evidence: Evidence, node: str, text: str, *seen: str) -> Finding:
    return note(verdict, Layer.CNI, text, object=f"Node {node}", node=node, evidence=(*seen, read_at(evidence)))


def _names(files: list[File]) -> str:
    return list_names(file["name"] for file in files)


def _invalid(evidence: Evidence, node: str, view: View) -> Finding:
    first, rest = view["files"][0], view["files"][1:]
    blocked = f", and {_names(rest)} behind it {'is' if len(rest) == 1 else 'are'} not read" if rest else ""
    text = (f"On node {node} the first CNI configuration by name, {first['name']}, is invalid ({first['error']}): the "
            f"runtime loads none{blocked}.")
    return find("cni.files.invalid", text, verdict=Verdict.WARN, object=f"Node {node}", node=node,
                evidence=(f"files by name: {_names(view['files'])}", f"{first['name']}: {first['error']}",
                          read_at(evidence)),
                advice=f"On {node}, correct {first['name']} in the runtime's CNI folder or {_away(first)}; the runtime "
                "sees that by itself.")


def _owner(file: File) -> Network | None:
    return find_plugin(file["plugins"][0]["type"])


def _left_over(evidence: Evidence, active: File) -> str:
    """What runs instead of the network that this file belongs to; "" where the file may well be the right one."""
    owner, networks = _owner(active), evidence["networks"]
    return strange(owner, networks) if owner and networks is not None else ""


def _stale(evidence: Evidence, node: str, active: File, shadowed: list[File], running: str) -> Finding:
    owner = _owner(active)
    assert owner is not None
    others = f" and comes before {_names(shadowed)}" if shadowed else ""
    text = (f"On node {node} the runtime takes {active['name']}, which calls {owner.name}'s plugin{others}, but "
            f"{running}: new pods there get no network.")
    return find("cni.files.left-over", text, verdict=Verdict.WARN, object=f"Node {node}", node=node,
                evidence=(f"{active['name']}: type {active['plugins'][0]['type']}, active as the first by name",
                          *([f"shadowed: {_names(shadowed)}"] if shadowed else []), read_at(evidence)),
                advice=f"On {node}, take {active['name']} out of the runtime's way: {_away(active)}; then delete the "
                f"pods that wait there: `kubectl get pods -A --field-selector spec.nodeName={node}`.")


def _away(file: File) -> str:
    """A name that no runtime loads."""
    return f"give it a name that does not count (`cd /etc/cni/net.d && mv {file['name']} {file['name']}.off`)"


def _programs(evidence: Evidence, node: str, view: View, active: File) -> list[Finding]:
    if view["programs"] is None:
        return []
    wanted = dict.fromkeys(name for plugin in active["plugins"] for name in (plugin["type"], plugin["ipam"]) if name)
    missing = [name for name in wanted if name not in view["programs"]]
    if not missing:
        return []
    some = "programs" if len(missing) > 1 else "a program"
    text = (f"On node {node} {active['name']} calls {list_names(missing)}, which the runtime's folder of plugins does "
            f"not hold as {some}: new pods there get no network.")
    return [find("cni.files.program", text, verdict=Verdict.WARN, object=f"Node {node}", node=node,
                 evidence=(f"{active['name']} calls {list_names(wanted)}",
                           f"programs: {list_names(view['programs'], 12) or 'none'}", read_at(evidence)))]


def _hairpin(evidence: Evidence, node: str, active: File) -> list[Finding]:
    """Only the plain bridge, what Flannel hands to it and Weave Net need to be told; others do it by themselves."""
    off = [plugin for plugin in active["plugins"] if plugin["type"] in TOLD_HAIRPIN and not plugin["hairpin"]]
    if not off:
        return []
    text = (f"On node {node} {active['name']} leaves hairpinMode of {off[0]['type']} off: a pod cannot reach itself "
            "through its own Service, while everybody else can.")
    return [find("cni.hairpin", text, verdict=Verdict.WARN, object=f"Node {node}", node=node,
                 evidence=(f"{active['name']}: {off[0]['type']} has hairpinMode off, expected true",
                           read_at(evidence)))]


def _shadowed(evidence: Evidence, node: str, active: File, shadowed: list[File]) -> list[Finding]:
    if not shadowed:
        return []
    text = f"On node {node} the runtime takes {active['name']}; {_names(shadowed)} beside it count for nothing."
    return [_tell(Verdict.INFO, evidence, node, text, f"files by name: {active['name']} first, as the runtime sorts")]

