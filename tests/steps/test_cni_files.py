"""What the nodes' CNI folders and kernels say, on evidence alone; and what is run there to see them."""

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bot.cluster import NodeProbePlace
from bot.diagnosis.causes import find
from bot.model.finding import Verdict
from bot.steps.cni.files import FILES
from bot.steps.cni.node_script import read_file, read_view, write_script
from bot.steps.cni.node_views import find_folders, make_pod
from tests.steps.dns_evidence import NOW, causes, judge, only, roots

BRIDGE = {"type": "bridge", "ipam": "host-local", "hairpin": True}
PORTMAP = {"type": "portmap", "ipam": "", "hairpin": False}
GOOD = {"name": "10-bridge.conflist", "error": "", "unread": False, "plugins": [BRIDGE, PORTMAP]}
BAD = {"name": "00-bad.conf", "error": "it names no plugin (type)", "unread": False, "plugins": []}
PROGRAMS = ["bridge", "flannel", "host-local", "portmap"]
PLACE = NodeProbePlace(namespace="probes", image="busybox:1", configuration="/etc/cni/net.d", programs="/opt/cni/bin")


def conf(name: str, *types: str, **changes: Any) -> dict[str, Any]:
    plugins = [{"type": t, "ipam": "", "hairpin": True} for t in types]
    return {"name": name, "error": "", "unread": False, "plugins": plugins, **changes}


def view(*files: dict[str, Any], **changes: Any) -> dict[str, Any]:
    settings = {"forward": "1", "bridged": "1", **changes.pop("settings", {})}
    return {"folder": True, "files": list(files or (GOOD,)), "programs": PROGRAMS, "settings": settings,
            "links": {"lo": 65536, "eth0": 1500, "cni0": 1500, "veth1": 1500}, "uplink": "eth0", **changes}


def evidence(n2: dict[str, Any] | None = None, networks: tuple[str, ...] | None = (), **changes: Any) -> dict[str, Any]:
    seen = {"n2": n2} if n2 else {"n1": view(), "n2": view()}
    return {"read_at": NOW, "networks": None if networks is None else list(networks), "version": "v1.34.4",
            "proxied": True, "runtimes": {"n1": "containerd://1.7.2", "n2": "containerd://1.7.2"}, "skipped": [],
            "views": {"how": "probe", "nodes": seen, "failures": {}, "unseen": 0}, **changes}


CILIUM = conf("05-cilium.conflist", "cilium-cni")
K3S = conf("10-flannel.conflist", "flannel", "portmap")


@pytest.mark.parametrize(("told", "expected"), [
    (evidence(), []), (evidence(view(GOOD, conf("99-loopback.conf", "loopback"))), []),
    (evidence(view(BAD, GOOD)), ["cni.files.invalid"]),
    (evidence(view(BAD, GOOD), runtimes={"n2": "cri-o://1.31.0"}), []),       # CRI-O passes over it
    (evidence(view(GOOD, BAD)), []),                                          # never reached
    (evidence(view(CILIUM, GOOD)), ["cni.files.left-over"]),
    (evidence(view(CILIUM, GOOD), networks=None), ["cni.files.program"]),     # which network runs is not known
    (evidence(view(CILIUM, programs=["cilium-cni"]), networks=("Amazon VPC CNI", "Cilium")), []),      # chained
    (evidence(view(CILIUM, GOOD), networks=("Amazon VPC CNI",)), ["cni.files.left-over"]),    # Cilium went away
    (evidence(view(conf("10-calico.conflist", "calico"), programs=["calico"]), networks=("Canal",)), []),
    (evidence(view(K3S)), []),                                                # built into the platform's process
    (evidence(view(conf("00-multus.conf", "multus"), programs=["multus"]), networks=("Flannel",)), []),
    (evidence(view(programs=["host-local", "portmap"])), ["cni.files.program"]),
    (evidence(view(programs=["bridge", "portmap"])), ["cni.files.program"]),  # the one for addresses
    (evidence(view(programs=None)), []),                                      # not seen
    (evidence(view(conf("10-bridge.conf", "bridge", plugins=[{**BRIDGE, "hairpin": False}]))), ["cni.hairpin"]),
    (evidence(view(settings={"forward": "0"})), ["node.forwarding"]),
    (evidence(view(settings={"forward": ""})), []),                           # could not be read
    (evidence(view(settings={"bridged": "0"})), ["cni.bridge-filter"]),
    (evidence(view(settings={"bridged": ""})), ["cni.bridge-filter"]),        # br_netfilter is not loaded
    (evidence(view(settings={"bridged": "0"}), proxied=False), []),           # no rules to be passed by
    (evidence(view(conf("10-calico.conflist", "calico"), programs=["calico"], settings={"bridged": "0"}),
              networks=("Calico",)), []),                                     # routed, not bridged
    (evidence(view(links={"eth0": 1500, "cni0": 9000})), ["cni.mtu"]),
    (evidence(view(links={"eth0": 1500, "flannel.1": 1500})), ["cni.mtu"]),
    (evidence(view(links={"eth0": 1500, "flannel.1": 1450, "cni0": 1450, "veth1": 1450})), []),
    (evidence(view(links={"eth0": 1500, "vxlan.calico": 1410, "cali1": 1410})), []),
    (evidence(view(links={"lo": 65536, "cni0": 65535}, uplink="")), []),      # nothing to compare with
])
def test_what_stands_on_a_node_is_told_by_its_cause(told: Any, expected: list[str]) -> None:
    assert causes(FILES, told) == expected


@pytest.mark.parametrize("ill", [
    view(BAD, GOOD), view(CILIUM, GOOD), view(programs=["host-local", "portmap"]), view(settings={"forward": "0"}),
    view(conf("10-bridge.conf", "bridge", plugins=[{**BRIDGE, "hairpin": False}])), view(settings={"bridged": "0"}),
    view(links={"eth0": 1500, "cni0": 9000}),
], ids=["invalid", "left over", "program", "forwarding", "hairpin", "bridged", "mtu"])
def test_what_is_wrong_on_one_of_two_nodes_is_a_warning_about_that_node(ill: dict[str, Any]) -> None:
    told = evidence()
    told["views"]["nodes"] = {"n1": view(), "n2": ill}
    assert {(f.verdict, f.node) for f in judge(FILES, told).findings if f.cause} == {(Verdict.WARN, "n2")}


def test_a_folder_without_configuration_or_with_none_that_is_valid_is_told_as_such() -> None:
    bare = [f for f in judge(FILES, evidence({**view(), "files": []})).findings if f.node]
    assert [(f.verdict, "holds no configuration file" in f.summary) for f in bare] == [(Verdict.INFO, True)]
    half = evidence(views={**evidence()["views"], "nodes": {"n1": view(), "n2": {**view(), "files": []}}})
    well = [f.summary for f in judge(FILES, half).findings if f.verdict is Verdict.PASS]
    assert [text.startswith("On n1 the runtime") for text in well] == [True]
    none = judge(FILES, evidence({**view(), "files": []})).findings
    assert {f.verdict for f in none} == {Verdict.INFO}
    assert causes(FILES, evidence(view(BAD))) == ["cni.files.invalid"]


def test_a_tunnel_of_different_widths_is_told_where_it_is_narrow() -> None:
    told = evidence()
    told["views"]["nodes"] = {node: view(links={"eth0": 1500, "flannel.1": size})
                              for node, size in (("n1", 1450), ("n2", 1400))}
    (finding,) = [f for f in judge(FILES, told).findings if f.cause]
    assert (finding.cause, finding.node) == ("cni.mtu", "n2")


def test_packets_that_are_too_large_on_all_nodes_are_one_fault() -> None:
    told = evidence()
    told["views"]["nodes"] = {node: view(links={"eth0": 1500, "vxlan.calico": 1450, "cali1": 8900})
                              for node in ("n1", "n2")}
    (finding,) = [f for f in judge(FILES, told).findings if f.cause]
    assert (finding.cause, finding.object, finding.verdict) == ("cni.mtu", "Nodes", Verdict.FAIL)
    assert [line.split(":")[0] for line in finding.evidence[:2]] == ["Node n1", "Node n2"]


def test_the_active_file_and_those_that_count_for_nothing_are_named() -> None:
    told = [f for f in judge(FILES, evidence(view(GOOD, conf("87-podman.conflist", "bridge")))).findings if f.node]
    assert [(f.verdict, "10-bridge.conflist; 87-podman.conflist" in f.summary) for f in told] == [(Verdict.INFO, True)]


def test_an_invalid_first_file_says_what_it_blocks_and_how_to_mend_it() -> None:
    (found,) = [f for f in judge(FILES, evidence(view(BAD, GOOD))).findings if f.cause]
    assert "10-bridge.conflist behind it is not read" in found.summary
    assert "mv 00-bad.conf 00-bad.conf.off" in found.advice


def test_without_a_way_to_the_nodes_the_look_says_so_and_passes_nothing() -> None:
    blind = evidence(views={"how": "", "nodes": {}, "failures": {}, "unseen": 2, "needs": ""})
    finding = only(FILES, blind)
    assert finding.verdict is Verdict.SKIPPED
    assert "Not looked at: the CNI folder of the nodes" in finding.summary
    assert "node_probe" in finding.summary


def test_a_node_that_was_not_seen_is_unknown_with_the_reason() -> None:
    why = "create pods probes: pods is forbidden: violates PodSecurity"
    told = evidence(views={"how": "probe", "nodes": {}, "failures": {"n1": why}, "unseen": 1})
    assert [(f.verdict, why in f.summary) for f in judge(FILES, told).findings] == [(Verdict.UNKNOWN, True)]


@pytest.mark.parametrize("code", ["cni.files.invalid", "cni.files.left-over", "cni.files.program"])
def test_what_a_node_lacks_explains_its_pods_without_a_network_and_not_those_of_another(code: str) -> None:
    fault = find(code, "x", object="Node n2", node="n2", evidence=("x",))
    here, there = (find("cni.sandbox.plugin", "x", object=f"Node {node}", node=node, evidence=("x",))
                   for node in ("n2", "n1"))
    assert roots(fault, here) == [code]
    assert sorted(roots(fault, here, there)) == sorted([code, "cni.sandbox.plugin"])


# --- the script -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "content", "error"), [
    ("10-a.conf", '{"name": "a", "type": "bridge"}', ""), ("10-a.conf", "{}", "it names no plugin (type)"),
    ("10-a.conf", "", "it is empty"), ("10-a.conf", "[]", "it holds no JSON object"),
    ("10-a.conflist", '{"name": "a", "plugins": [{"type": "bridge"}]}', ""),
    ("10-a.conflist", '{"name": "a", "plugins": []}', "it lists no plugins"),
    ("10-a.conflist", '{"plugins": [{"type": "bridge"}]}', "it has no name"),
    ("10-a.conflist", '{"name": "a", "plugins": [{}]}', "one of its plugins has no type"),
])
def test_a_file_is_read_by_the_rules_of_the_runtimes(name: str, content: str, error: str) -> None:
    assert read_file(name, content)["error"] == error


def test_of_a_file_only_what_is_judged_is_kept() -> None:
    secret = {"name": "a", "type": "calico", "policy": {"k8s_auth_token": "t0ken"}, "ipam": {"type": "calico-ipam"}}
    assert "t0ken" not in json.dumps(read_file("10-calico.conf", json.dumps(secret)))


def test_the_script_run_by_a_shell_tells_files_in_the_runtimes_order_and_programs(tmp_path: Path) -> None:
    folder, programs = tmp_path / "net.d", tmp_path / "bin"
    for place in (folder, programs):
        place.mkdir()
    (folder / "10-b.conflist").write_text('{"name": "b", "plugins": [{"type": "bridge", "hairpinMode": true}]}')
    (folder / '05-odd "name".conf').write_text("{}")
    (folder / "kubeconfig").write_text("token: secret")
    (programs / "bridge").touch()
    done = subprocess.run(["sh", "-c", write_script(str(folder), str(programs))], capture_output=True, text=True)
    seen = read_view(done.stdout)
    assert seen is not None
    assert [(file["name"], bool(file["error"])) for file in seen["files"]] == [
        ('05-odd "name".conf', True), ("10-b.conflist", False)]
    assert seen["programs"] == ["bridge"]
    assert "lo" in seen["links"]
    assert base64.b64encode(b"token").decode()[:6] not in done.stdout


def test_secrets_of_a_file_do_not_leave_the_node(tmp_path: Path) -> None:
    (tmp_path / "10-a.conf").write_text('{"type": "calico", "policy": {"k8s_auth_token": "t0ken"}, "etcd_Key": "k3y"}')
    (tmp_path / "20-empty.conf").touch()
    done = subprocess.run(["sh", "-c", write_script(str(tmp_path), "")], capture_output=True, text=True)
    sent = [base64.b64decode(json.loads(line)["text"]).decode() for line in done.stdout.splitlines() if "text" in line]
    assert len(sent) == 2
    assert not any(secret in text for text in sent for secret in ("t0ken", "k3y"))
    seen = read_view(done.stdout)
    assert seen is not None
    assert [(f["error"], f["unread"]) for f in seen["files"]] == [("", False), ("it is empty", False)]


def test_a_file_that_could_not_be_read_is_unknown_and_no_fault() -> None:
    row = {"file": base64.b64encode(b"10-a.conf").decode(), "size": "120", "text": ""}
    seen = read_view(json.dumps(row) + '\n{"link": "lo", "mtu": "65536"}')
    assert seen is not None
    (found,) = [f for f in judge(FILES, evidence(seen)).findings if f.node]
    assert (found.verdict, found.cause) == (Verdict.UNKNOWN, "")


def test_an_answer_that_is_none_is_no_view() -> None:
    assert read_view("sh: base64: not found\n") is None


def test_folders_that_could_be_commands_are_refused() -> None:
    with pytest.raises(ValueError, match="is no folder"):
        write_script("/etc/$(reboot)", "")


def test_the_pod_reads_two_folders_of_its_node_and_can_write_nothing() -> None:
    pod = make_pod(PLACE, "n2", ("/data/{node}/net.d", "/opt/cni/bin"))
    container = pod["spec"]["containers"][0]
    assert [v["hostPath"] for v in pod["spec"]["volumes"]] == [
        {"path": "/data/n2/net.d", "type": "Directory"}, {"path": "/opt/cni/bin", "type": "Directory"}]
    assert all(mount["readOnly"] for mount in container["volumeMounts"])
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert not container["securityContext"].get("privileged")
    assert pod["spec"]["hostNetwork"]


def test_k3s_keeps_the_folders_elsewhere_unless_the_settings_say_where() -> None:
    assert find_folders(PLACE, "v1.31.2+k3s1")[0] == "/var/lib/rancher/k3s/agent/etc/cni/net.d"
    assert find_folders(PLACE, "v1.31.2") == ("/etc/cni/net.d", "/opt/cni/bin")
    own = NodeProbePlace(namespace="p", image="i", configuration="/own", programs="/opt/cni/bin")
    assert find_folders(own, "v1.31.2+k3s1")[0] == "/own"
