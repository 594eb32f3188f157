"""How kube-proxy is set up, on evidence alone: command, ConfigMap beside what runs, kubeconfig, rights."""

from typing import Any

import orjson
import pytest

from bot.diagnosis.causes import find
from bot.model.finding import Verdict
from bot.steps.proxy.access import ACCESS
from bot.steps.proxy.command import COMMAND
from bot.steps.proxy.config import CONFIG
from bot.steps.proxy.config_fields import pick_running, pick_written
from bot.steps.proxy.kubeconfig import KUBECONFIG, pick_parts
from bot.steps.proxy.setup import locate, parse_setup, resolve
from bot.steps.yaml_text import parse_yaml
from tests.steps.dns_evidence import LONG_AGO, NOW, causes, judge, only, roots

PROXY, MAP = "DaemonSet kube-system/kube-proxy", "ConfigMap kube-system/kube-proxy"
DENIED = "get configmaps/kube-proxy in kube-system"
COMMANDED = ("/usr/local/bin/kube-proxy", "--config=/var/lib/kube-proxy/config.conf",
             "--hostname-override=$(NODE_NAME)")


def daemon_set(*words: str, image: str = "registry.k8s.io/kube-proxy:v1.34.4", **mount: Any) -> dict[str, Any]:
    node = {"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": mount.pop("field", "spec.nodeName")}}}
    volume = {"name": "kube-proxy", "configMap": {"name": "kube-proxy", **mount.pop("source", {})}}
    container = {"name": "kube-proxy", "image": image, "command": list(words or COMMANDED), "env": [node],
                 "volumeMounts": [{"name": "kube-proxy", "mountPath": "/var/lib/kube-proxy", **mount}]}
    return {"hostNetwork": True, "containers": [container], "volumes": [volume]}


# --- the command ------------------------------------------------------------------------------------------------


def command(*words: str, ready: int = 2, state: str = "read", version: str = "v1.34.4", **more: Any) -> dict[str, Any]:
    alike = more.pop("alike", ["config.conf"])
    setup = parse_setup(daemon_set(*words, **more))
    path = setup["flags"].get("config", "")
    place = locate(setup, path) if path else None
    file: dict[str, Any] = {"state": state, "config_map": MAP, "keys": ["config.conf"]} if place else {}
    file |= {"alike": alike} if state == "no-key" else {}
    return {"read_at": NOW, "proxy": PROXY, "setup": setup, "ready": ready, "version": version, "place": place,
            "file": file, "static": [], "skipped": []}


def with_flag(place: int, words: str) -> tuple[str, ...]:
    return (*COMMANDED[:place], words, *COMMANDED[place + 1:])


@pytest.mark.parametrize(("evidence", "expected"), [
    (command(), []),
    (command("kube-proxy", "--v=2", *COMMANDED[1:]), []),                                   # EKS
    (command("/bin/sh", "-c", f"exec kube-proxy {' '.join(COMMANDED[1:])} 2>&1"), []),      # in a shell
    (command("kube-proxy", "--config", "/var/lib/kube-proxy/config.conf"), []),             # host name as node name
    (command("kube-proxy", "--cluster-cidr=10.0.0.0/8", "--kubeconfig=/x"), []),            # by flags alone (AKS)
    (command(*with_flag(1, "--config=/etc/kube-proxy/config.conf")), ["proxy.command"]),    # nothing mounted there
    (command(state="no-key"), ["proxy.command"]), (command(state="no-key", alike=[]), []),  # the map is at fault
    (command(source={"items": [{"key": "other", "path": "other"}]}), ["proxy.command"]),    # key is not brought
    (command(state="missing"), []), (command(state="unread"), []),                          # not its affair
    (command(*with_flag(2, "--hostname-override=n1")), ["proxy.command"]),
    (command(*with_flag(2, "--hostname-override=$(HOST)")), ["proxy.command"]),             # no such variable
    (command(field="metadata.name"), ["proxy.command"]),
    (command(*COMMANDED, "--proxy-mode=nftables"), ["proxy.idle-flags"]),
    (command(*COMMANDED, "--v=4", "--logging-format=json"), []),
    (command(image="x/kube-proxy:v1.30.2"), ["proxy.version"]),
    (command(image="x/kube-proxy:v1.31.2"), []), (command(image="x/kube-proxy@sha256:aa"), []),
    (command(image="x/kube-proxy:v1.35.0"), ["proxy.version"]), (command(version=""), []),
])
def test_a_command_is_wrong_only_where_it_leads_nowhere(evidence: Any, expected: list[str]) -> None:
    assert causes(COMMAND, evidence) == expected


def test_one_name_for_all_nodes_in_the_file_counts_where_no_flag_stands_against_it() -> None:
    (finding,) = judge(COMMAND, {**command(*COMMANDED[:2]), "hostname": "n1"}).findings
    assert (finding.cause, finding.verdict) == ("proxy.command", Verdict.WARN)
    assert "n1" in finding.summary
    assert causes(COMMAND, {**command(), "hostname": "n1"}) == []
    for alone in (command(*COMMANDED[:2]), command(*with_flag(2, "--hostname-override=n1"))):
        assert causes(COMMAND, {**alone, "hostname": "n1", "desired": 1}) == []


def test_another_path_than_kubeadms_is_no_fault_and_is_told() -> None:
    eks = command("kube-proxy", "--config=/var/lib/kube-proxy-config/config", COMMANDED[2],
                  mountPath="/var/lib/kube-proxy-config", source={"name": "kube-proxy-config"})
    assert only(COMMAND, eks).verdict is Verdict.INFO
    assert "kubeadm writes /var/lib/kube-proxy/config.conf" in only(COMMAND, eks).summary
    assert only(COMMAND, command()).verdict is Verdict.PASS


def test_a_wrong_command_breaks_now_only_where_no_pod_is_ready() -> None:
    wrong = with_flag(1, "--config=/nowhere")
    assert [only(COMMAND, command(*wrong, ready=n)).verdict for n in (1, 0)] == [Verdict.WARN, Verdict.FAIL]


def test_the_key_behind_a_path_is_found_through_items_and_sub_paths() -> None:
    items = parse_setup(daemon_set(source={"items": [{"key": "a", "path": "config.conf"}]}))
    below = parse_setup(daemon_set(mountPath="/etc/config.conf", subPath="b"))
    assert [locate(items, "/var/lib/kube-proxy/config.conf"), locate(below, "/etc/config.conf")] == [
        {"config_map": "kube-proxy", "key": key, "optional": False} for key in ("a", "b")]
    assert resolve(items, "$(NODE_NAME)") == {"field": "spec.nodeName"}


# --- the ConfigMap ----------------------------------------------------------------------------------------------

FILE = """\
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: "iptables"
clusterCIDR: 10.244.0.0/16
clientConnection:
  kubeconfig: /var/lib/kube-proxy/kubeconfig.conf
"""
PATH = "/var/lib/kube-proxy/kubeconfig.conf"
CHANGED = NOW - 100


def page(mode: str = "iptables", ranges: tuple[str, ...] = ("10.244.0.0/16",), **more: Any) -> str:
    told = {"Mode": mode, "DetectLocal": {"ClusterCIDRs": list(ranges)}, "NodePortAddresses": None,
            "ClientConnection": {"Kubeconfig": PATH},
            "Linux": {"Conntrack": {"MaxPerCore": 32768, "Min": 131072}}, **more}
    return orjson.dumps({"kubeproxy.config.k8s.io": told}).decode()


def config(text: str = FILE, running: str | None = None, state: str = "read", **more: Any) -> dict[str, Any]:
    fields, mistake = parse_yaml(text) if state == "read" else ({}, "")
    pods = [{"name": "kube-proxy-n1", "node": "n1", "started": LONG_AGO, "running": pick_running(running or page()),
             "error": ""}]
    return {"read_at": NOW, "proxy": PROXY, "path": "/var/lib/kube-proxy/config.conf", "ready": 2, "own_ranges": [],
            "file": {"state": state, "config_map": MAP, "key": "config.conf", "changed": CHANGED, "keys": ["x"],
                     "alike": more.pop("alike", [])},
            "mistake": mistake, **pick_written(fields), "pods": pods, "skipped": [],
            "ranges": {"n1": ["10.244.0.0/24"], "n2": ["10.244.1.0/24"]}, **more}


@pytest.mark.parametrize(("evidence", "expected"), [
    (config(), []), (config(FILE.replace('"iptables"', '""')), []),
    (config(state="missing"), ["proxy.settings.missing"]), (config(state="no-key"), ["proxy.settings.missing"]),
    (config(state="no-key", alike=["other.conf"]), []),                      # the command is at fault
    (config("a: [1"), ["proxy.settings.invalid"]), (config(""), ["proxy.settings.invalid"]),
    (config(FILE.replace("KubeProxyConf", "KubeletConf")), ["proxy.settings.invalid"]),
    (config(FILE.replace("kubeproxy.config", "kubelet.config")), ["proxy.settings.invalid"]),
    (config(FILE.replace('"iptables"', "iptable")), ["proxy.settings.invalid"]),
    (config(FILE.replace('"iptables"', "nftables")), ["proxy.settings.not-loaded"]),
    (config(FILE.replace("clusterCIDR", "clusterCidr")), ["proxy.settings.misspelt"]),
    (config(FILE + "conntrack: {maxPercore: 1}\n"), ["proxy.settings.misspelt"]),
    (config(FILE + "newThing: 1\n"), []),                                    # of a version that is not known here
    (config(FILE.replace("10.244.0.0/16", "10.99.0.0/16"), page(ranges=("10.99.0.0/16",))),
     ["proxy.settings.pod-range"]),
    (config(FILE.replace("10.244.0.0/16", "10.99.0.0/16"), page(ranges=("10.99.0.0/16",)), own_ranges=["Calico"]), []),
    (config(FILE.replace("10.244.0.0/16", "fd00::/48"), page(ranges=("fd00::/48",))), []),     # another family
    (config(FILE + "detectLocalMode: NodeCIDR\n", ranges={"n1": ["192.168.0.0/24"]}), []),
    (config(state="unread", skipped=[DENIED]), []),
])
def test_a_configuration_is_at_fault_where_kube_proxy_would_do_otherwise(evidence: Any, expected: list[str]) -> None:
    assert causes(CONFIG, evidence) == expected


def test_what_runs_and_what_is_written_are_shown_with_both_times() -> None:
    finding = next(f for f in judge(CONFIG, config(FILE.replace('"iptables"', "nftables"))).findings if f.node)
    assert finding.node == "n1"
    assert "mode iptables" in finding.summary
    assert any("changed" in line and LONG_AGO in line for line in finding.evidence)


def test_the_mode_is_that_which_runs_and_unknown_where_neither_is_known() -> None:
    nothing = config(state="unread", skipped=[DENIED], pods=[])
    told = [judge(CONFIG, evidence).outputs["mode"] for evidence in (
        config(state="missing", pods=config(running=page("nftables"))["pods"]), config(), nothing)]
    assert told == ["nftables", "iptables", ""]


def test_a_map_that_may_not_be_read_is_skipped_and_a_page_that_does_not_answer_is_unknown() -> None:
    denied = judge(CONFIG, config(state="unread", skipped=[DENIED])).findings
    assert [(f.verdict, DENIED in f.summary) for f in denied] == [(Verdict.SKIPPED, True)]
    silent = config(pods=[{"name": "p", "node": "n1", "started": LONG_AGO, "running": None, "error": "no answer"}])
    assert [f.verdict for f in judge(CONFIG, silent).findings] == [Verdict.PASS, Verdict.UNKNOWN]


def test_the_page_of_what_runs_is_read_in_its_newer_and_its_older_form() -> None:
    older = page(DetectLocal=None, ClusterCIDR="10.244.0.0/16", Linux=None, Conntrack={"MaxPerCore": 5, "Min": 6})
    told = pick_running(older)
    assert told is not None
    assert (told["ranges"], told["per_core"], told["least"]) == (["10.244.0.0/16"], 5, 6)
    assert pick_running("<html>") is None


def test_that_a_node_port_has_no_socket_is_told_as_normal() -> None:
    assert "no listening socket of its own, which is normal" in judge(CONFIG, config()).findings[0].summary


# --- the kubeconfig ---------------------------------------------------------------------------------------------

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


def kubeconfig(server: str = "https://172.31.0.11:6443", endpoint: str = "", state: str = "read", **more: Any) -> Any:
    parts = {"context": "default", "server": server, "authority": f"{ACCOUNT}/ca.crt", "unchecked": False,
             "credentials": f"{ACCOUNT}/token", **more.pop("parts", {})}
    return {"read_at": NOW, "proxy": PROXY, "ready": 2, "path": PATH, "mistake": "", "parts": parts,
            "file": {"state": state, "config_map": MAP, "key": "kubeconfig.conf", "changed": CHANGED, "keys": []},
            "servers": ["172.31.0.11:6443"], "endpoint": endpoint, "skipped": [],
            "pods": [{"node": "n1", "started": LONG_AGO}], **more}


WRONG = "https://192.0.2.10:6443"
AFTER = [{"node": "n1", "started": "2027-01-15T07:59:30Z"}]


@pytest.mark.parametrize(("evidence", "synced", "expected"), [
    (kubeconfig(), [], []), (kubeconfig(WRONG), [], ["proxy.kubeconfig"]),
    (kubeconfig(WRONG), ["n1"], ["proxy.kubeconfig"]),             # began before the change: the next start fails
    (kubeconfig(WRONG, pods=AFTER), ["n1"], []),                   # works with this very address
    (kubeconfig(WRONG, pods=AFTER), [], ["proxy.kubeconfig"]),
    (kubeconfig(WRONG, endpoint="192.0.2.10:6443"), [], []),       # the load balancer that kubeadm was told of
    (kubeconfig("https://abc.eks.amazonaws.com"), [], []),         # a name may be a load balancer
    (kubeconfig("https://127.0.0.1:6443"), [], []),                # a relay on the node
    (kubeconfig(WRONG, servers=[]), [], []),                       # nothing to compare with
    (kubeconfig(parts={"context": ""}), [], ["proxy.kubeconfig"]),
    (kubeconfig(parts={"server": ""}), [], ["proxy.kubeconfig"]),
    (kubeconfig(parts={"authority": f"{ACCOUNT}/ca-old.crt"}), [], ["proxy.kubeconfig"]),
    (kubeconfig(parts={"authority": "inline"}), [], []),
    (kubeconfig(parts={"credentials": ""}), [], ["proxy.kubeconfig"]),
    (kubeconfig(state="no-key"), [], ["proxy.kubeconfig"]),
    (kubeconfig(state="missing"), [], ["proxy.settings.missing"]),
    (kubeconfig(state="unread", skipped=[DENIED]), [], []), (kubeconfig(state="none"), [], []),
])
def test_another_address_is_a_fault_only_where_nothing_speaks_for_it(
    evidence: Any, synced: list[str], expected: list[str]
) -> None:
    assert causes(KUBECONFIG, evidence, synced=synced) == expected


def test_no_token_and_no_key_is_kept_of_a_kubeconfig() -> None:
    config = {"current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
              "clusters": [{"name": "k", "cluster": {"server": "https://a", "certificate-authority-data": "Q0E="}}],
              "users": [{"name": "u", "user": {"token": "s3cret", "client-key-data": "S0VZ"}}]}
    parts = pick_parts(config)
    assert parts == {"context": "c", "server": "https://a", "authority": "inline", "unchecked": False,
                     "credentials": "token"}


def test_a_wrong_kubeconfig_explains_a_proxy_that_reaches_no_api_server() -> None:
    assert roots(find("proxy.kubeconfig", "x"), find("proxy.api", "y", node="n1"),
                 find("proxy.unsynced", "z", node="n2")) == ["proxy.kubeconfig"]


# --- the rights -------------------------------------------------------------------------------------------------


def access(*denied: str, exists: bool | None = True, **more: Any) -> dict[str, Any]:
    answers = [{"verb": "list", "resource": name, "allowed": name not in denied}
               for name in ("services", "endpointslices.discovery.k8s.io", "nodes")]
    return {"read_at": NOW, "proxy": PROXY, "ready": 2, "account": "ServiceAccount kube-system/kube-proxy",
            "exists": exists, "answers": answers, "skipped": [],
            "bindings": [{"name": "kubeadm:node-proxier", "role": "system:node-proxier"}], **more}


@pytest.mark.parametrize(("evidence", "expected"), [
    (access(), []), (access("nodes"), ["proxy.rights"]), (access(exists=False), ["proxy.rights"]),
    (access("services", bindings=[]), ["proxy.rights"]),
    (access(answers=[], skipped=["create subjectaccessreviews.authorization.k8s.io"]), []),
    ({"read_at": NOW, "account": "", "skipped": []}, []),
])
def test_rights_are_missed_only_where_the_api_server_denies_them(evidence: Any, expected: list[str]) -> None:
    assert causes(ACCESS, evidence) == expected


def test_where_the_review_could_not_be_asked_nothing_passes() -> None:
    told = access(answers=[], skipped=["create subjectaccessreviews.authorization.k8s.io"])
    assert {f.verdict for f in judge(ACCESS, told).findings} == {Verdict.INFO, Verdict.SKIPPED}


def test_a_proxy_in_a_network_of_its_own_writes_rules_for_nobody() -> None:
    evidence = command()
    evidence["setup"]["host"] = False
    assert causes(COMMAND, evidence) == ["proxy.host-network"]
