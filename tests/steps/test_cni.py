"""The network plugin on evidence alone: its agents, what they may and say, and pods that get no network."""

from typing import Any

import pytest

from bot.diagnosis.causes import CAUSES
from bot.model.finding import Verdict
from bot.networks import NETWORKS, find_network
from bot.steps.cni.agents import AGENTS
from bot.steps.cni.log_lines import keep_telling, read_lines
from bot.steps.cni.weave import read_status
from tests.steps.dns_evidence import JUST_NOW, LONG_AGO, NOW, causes, judge, node, nodes, only
from tests.steps.test_proxy import container, daemon, pod

FLANNEL, CALICO, WEAVE = (find_network(name) for name in ("Flannel", "Calico", "Weave Net"))
NAMES = {"Flannel": "kube-flannel-ds", "Calico": "calico-node", "Weave Net": "weave-net", "Cilium": "cilium"}
CRASHED = {"ready": False, "started": "", "waiting": "CrashLoopBackOff", "restarts": 4,
           "ended": {"reason": "Error", "code": 1, "at": LONG_AGO, "message": ""}}


# --- agents -----------------------------------------------------------------------------------------------------


def agent(network: str = "Flannel", **changes: Any) -> dict[str, Any]:
    plain = NAMES.get(network, network)
    of_agent = ("pods", "places", "facts", "logs", "refusals", "rights", "unhealthy", "service", "covered")
    own: dict[str, Any] = {key: changes.pop(key) for key in of_agent if key in changes}
    facts: dict[str, Any] = {"Flannel": {"flannel": flannel()}, "Calico": {"calico": {"pools": None, "addresses": {}}},
                             "Weave Net": {"weave": {}}}.get(network, {})
    return {
        "network": network, "covered": 2, "pods": None, "places": {}, "facts": facts, "logs": {}, "refusals": [],
        "rights": [], "unhealthy": {}, "service": ["10.96.0.1"], **own,
        "daemon": daemon(name=f"DaemonSet kube-system/{plain}", plain=plain, account=plain, **changes),
    }


def flannel(ranges: str = "10.244.0.0/24", text: str = '{"Network": "10.244.0.0/16"}', ip: str = "10.0.0.2",
            backend: str = "vxlan") -> Any:
    marks = {"n1": {"public_ip": "10.0.0.1", "backend": "vxlan", "ranges": ["10.244.1.0/24"]},
             "n2": {"public_ip": ip, "backend": backend, "ranges": [ranges] if ranges else []}}
    return {"nodes": marks, "doubted": [],
            "settings": {"config_map": "ConfigMap kube-flannel/kube-flannel-cfg", "missing": False, "text": text}}


def agents(*found: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"read_at": NOW, "nodes": nodes(), "agents": list(found), "skipped": [], **changes}


RANGE = """subnet "10.99.0.0/16" specified in the flannel net config doesn't contain "10.244.0.0/24" PodCIDR"""


def unreached(address: str) -> str:
    return f'Get "https://{address}/api/v1/nodes": dial tcp {address}: i/o timeout'


DENIED = [{"right": "list nodes", "allowed": False}]
ALLOWED = [{"right": "list nodes", "allowed": True}]
ONE_SHORT: dict[str, Any] = {"ready": 1, "pods": [pod("n1"), pod("n2", ready=False, container=CRASHED)]}


@pytest.mark.parametrize(("evidence", "expected"), [
    (agents(agent()), []), (agents(agent(rights=ALLOWED)), []), (agents(), []),
    (agents(agent(rights=DENIED)), ["cni.agent.forbidden"]),                     # Running and Ready, and yet
    (agents(agent(**ONE_SHORT)), ["cni.agent"]),
    (agents(agent(**ONE_SHORT, logs={"kube-proxy-n2": [RANGE]})), ["cni.agent.range"]),
    (agents(agent(**ONE_SHORT, logs={"kube-proxy-n2": ["Failed to find any valid interface to use"]})),
     ["cni.agent.interface"]),
    (agents(agent(**ONE_SHORT, logs={"kube-proxy-n2": [unreached("10.96.0.1:443")]})), ["cni.agent.api"]),
    (agents(agent(**ONE_SHORT, logs={"kube-proxy-n2": [unreached("10.0.0.9:6443")]})), ["cni.agent.api-address"]),
    (agents(agent(ready=1, desired=1, pods=[pod("n1")])), ["cni.agent"]),        # its DaemonSet leaves out a node
    (agents(agent(ready=1, current=1, rolling=True, refusals=['pods "x" is forbidden: violates PodSecurity'],
                  pods=[pod("n1")])), ["cni.agent.refused"]),
    (agents(agent(), agent("Calico")), []),                                      # Canal by hand
    (agents(agent("Cilium"), agent("Amazon VPC CNI")), []),                      # chained
    (agents(agent(), agent("Weave Net")), ["cni.two"]),
    (agents(agent(), agent("Weave Net", ready=0, desired=0, covered=0)), []),    # left over, and runs nowhere
])
def test_what_speaks_against_an_agent_is_told_by_its_cause(evidence: Any, expected: list[str]) -> None:
    assert causes(AGENTS, evidence) == expected


def test_where_no_agent_runs_later_steps_are_told_that_there_is_none() -> None:
    assert judge(AGENTS, agents()).outputs == {"networks": []}


@pytest.mark.parametrize("third", [
    node(created=JUST_NOW), node(linux=False), node(virtual=True), node(False, reason="NodeStatusUnknown"),
])
def test_new_dead_windows_and_virtual_nodes_do_not_miss_an_agent(third: dict[str, Any]) -> None:
    few = agent(covered=2 + (third["linux"] and not third["virtual"]), pods=[pod("n1"), pod("n2")])
    assert causes(AGENTS, agents(few, nodes=nodes(n1=node(), n2=node(cordoned=True), n3=third))) == []


def test_an_agent_that_is_not_on_a_node_on_its_way_out_neither_passes_nor_fails_and_no_node_is_called_new() -> None:
    leaving = agents(agent(ready=1, pods=[pod("n1")]), nodes=nodes(n1=node(), n2=node(barred=True)))
    assert only(AGENTS, leaving).verdict is Verdict.INFO
    assert "on their way out" in only(AGENTS, leaving).summary


def test_where_a_missing_right_explains_it_no_new_node_is_named_as_the_reason() -> None:
    new = nodes(n1=node(created=JUST_NOW), n2=node(created=JUST_NOW))
    found = judge(AGENTS, agents(agent(ready=0, pods=[], rights=DENIED), nodes=new)).findings
    assert [f.cause for f in found] == ["cni.agent.forbidden"]


@pytest.mark.parametrize(("crashes", "verdict"), [
    ({"waiting": "CrashLoopBackOff", "restarts": 1}, Verdict.WARN), ({"restarts": 2}, Verdict.WARN),
    ({"started": JUST_NOW, "waiting": "", "restarts": 1}, Verdict.INFO),        # kube-proxy may have come later
])
def test_an_agent_that_crashes_again_and_again_is_at_fault_on_a_node_of_any_age(
    crashes: dict[str, Any], verdict: Verdict
) -> None:
    ill = pod("n2", ready=False, created=JUST_NOW, container={**CRASHED, **crashes})
    short = agents(agent(ready=1, pods=[pod("n1"), ill]), nodes=nodes(n1=node(), n2=node(created=JUST_NOW)))
    assert only(AGENTS, short).verdict is verdict
    assert "1 of 2" in only(AGENTS, short).summary


def test_an_agent_that_is_made_anew_or_rolled_out_is_no_fault() -> None:
    begins = {"ready": False, "started": "", "waiting": "PodInitializing"}
    new = pod("n2", ready=False, created=JUST_NOW, container=begins)
    place: dict[str, Any] = {"n2": {"taints": [], "labels": {}}}
    for pods in ([pod("n1"), new], [pod("n1")]):
        assert causes(AGENTS, agents(agent(ready=1, rolling=True, pods=pods, places=place))) == []


def test_a_rollout_does_not_excuse_an_image_that_does_not_come() -> None:
    waits = {"ready": False, "started": "", "waiting": "ErrImagePull"}
    stuck = pod("n2", ready=False, created=JUST_NOW, container=waits)
    finding = only(AGENTS, agents(agent(ready=1, rolling=True, pods=[pod("n1"), stuck])))
    assert (finding.cause, finding.node, "ErrImagePull" in finding.summary) == ("cni.agent", "n2", True)


def test_the_node_that_is_left_out_is_named_with_the_reason_and_the_command_with_the_daemonset() -> None:
    place = {"n2": {"taints": [{"key": "gpu", "value": "", "effect": "NoSchedule"}], "labels": {}}}
    finding = only(AGENTS, agents(agent(ready=1, desired=1, pods=[pod("n1")], places=place, tolerations=[])))
    assert (finding.node, finding.verdict) == ("n2", Verdict.WARN)
    assert "taint gpu:NoSchedule" in finding.summary
    assert "kubectl -n kube-system edit daemonset kube-flannel-ds" in finding.advice


@pytest.mark.parametrize(("evidence", "about"), [
    (agents(agent(rights=DENIED)), "ServiceAccount kube-system/kube-flannel-ds"),
    (agents(agent(ready=1, current=1, refusals=['pods "x" is forbidden: violates PodSecurity "baseline:latest"'],
                  pods=[pod("n1")])),
     "Namespace kube-system"),
    (agents(agent(ready=1, current=1, refusals=['pods "x" is forbidden: exceeded quota'], pods=[pod("n1")])),
     "DaemonSet kube-system/kube-flannel-ds"),
])
def test_the_object_that_must_be_altered_is_the_one_that_is_named(evidence: Any, about: str) -> None:
    assert only(AGENTS, evidence).object == about


KEPT_OFF: dict[str, Any] = {"ready": 1, "desired": 1, "pods": [pod("n1")],
                            "terms": [[{"key": "metadata.name", "operator": "NotIn", "values": ["n2"]}]],
                            "places": {n: {"taints": [], "labels": {"metadata.name": n}} for n in ("n1", "n2")}}


@pytest.mark.parametrize("fresh", [{"created": JUST_NOW}, {"rolling": True}])
def test_that_a_daemonset_keeps_off_a_node_counts_at_any_age(fresh: dict[str, Any]) -> None:
    for other in (node(), node(created=JUST_NOW)):
        found = only(AGENTS, agents(agent(**KEPT_OFF, **fresh), nodes=nodes(n1=other, n2=node(created=JUST_NOW))))
        assert (found.cause, found.node, found.verdict) == ("cni.agent", "n2", Verdict.WARN)
        assert "node affinity" in found.summary


def test_a_node_that_leaves_or_has_not_come_misses_no_agent() -> None:
    assert causes(AGENTS, agents(agent(**KEPT_OFF), nodes=nodes(n1=node(), n2=node(barred=True)))) == []


def test_an_agent_set_to_run_nowhere_beside_another_network_is_no_fault() -> None:
    off = agent(**{**KEPT_OFF, "ready": 0, "desired": 0, "current": 0, "pods": []}, selector={"off": "yes"})
    assert causes(AGENTS, agents(agent("Cilium"), off)) == []
    assert causes(AGENTS, agents(off)) == ["cni.agent"]


def test_pods_refused_by_pod_security_are_told_with_the_namespace_and_its_level() -> None:
    why = 'pods "x" is forbidden: violates PodSecurity "baseline:latest": host namespaces'
    finding = only(AGENTS, agents(agent(ready=0, current=0, refusals=[why])))
    assert "Namespace kube-system: Pod Security enforces baseline, expected privileged" in finding.evidence


def test_what_the_readiness_probe_says_is_told() -> None:
    ill = pod("n2", ready=False, container={"ready": False})
    told = agents(agent("Calico", ready=1, pods=[pod("n1"), ill], unhealthy={ill["name"]: "felix is not ready"}))
    assert "felix is not ready" in only(AGENTS, told).summary


def test_bgp_peers_that_the_probe_misses_are_the_cause_but_for_a_new_agent() -> None:
    says = "calico/node is not ready: BIRD is not ready: BGP not established with 10.0.0.1"
    ill = pod("n2", ready=False, container={"ready": False})
    told = only(AGENTS, agents(agent("Calico", ready=1, pods=[pod("n1"), ill], unhealthy={ill["name"]: says})))
    assert (told.cause, told.node) == ("cni.agent.peers", "n2")
    assert "BGP not established with 10.0.0.1" in told.evidence[0]
    new = {**ill, "created": JUST_NOW}
    assert causes(AGENTS, agents(agent("Calico", ready=1, pods=[pod("n1"), new], unhealthy={ill["name"]: says}))) == []


def test_ready_agents_never_pass_the_way_between_nodes() -> None:
    finding = only(AGENTS, agents(agent()))
    assert finding.verdict is Verdict.PASS
    assert "not tested" in finding.summary
    assert "udp 8472 (VXLAN)" in finding.summary


def test_a_container_that_keeps_a_pod_from_starting_is_named() -> None:
    first = container(name="install-cni", init=True, **CRASHED)
    ill = {**pod("n2", ready=False, container={"ready": False, "started": "", "waiting": "PodInitializing"})}
    ill["containers"] = [first, *ill["containers"]]
    assert "container install-cni" in only(AGENTS, agents(agent("Calico", ready=1, pods=[pod("n1"), ill]))).summary


# --- what single networks say -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("facts", "expected"), [
    (flannel(), []), (flannel(ranges=""), ["cni.agent.pod-range"]),
    (flannel(ip="10.0.0.1"), ["cni.address.duplicate"]),
    (flannel(text='{"Network": "10.99.0.0/16"}'), ["cni.agent.range"]),
    (flannel(text='{"Network": "10.244.0.0/16" oops}'), ["cni.agent.settings"]),
    (flannel(text="[]"), ["cni.agent.settings"]), (flannel(text='{"IPv6Network": "fd00::/56"}'), []),
    ({**flannel(), "settings": {"config_map": "ConfigMap a/b", "missing": True}}, ["cni.agent.settings"]),
    ({**flannel(), "settings": {}}, []),                                         # it may not be read
])
def test_flannels_settings_and_addresses_are_held_against_the_nodes(facts: Any, expected: list[str]) -> None:
    assert causes(AGENTS, agents(agent(facts={"flannel": facts}))) == expected


SAID = '{"Network": "10.244.0.0/16", "Backend": {"Type": "%s"}}'


@pytest.mark.parametrize(("facts", "rolling", "expected"), [
    (flannel(backend="host-gw"), False, [Verdict.FAIL]), (flannel(backend="host-gw"), True, [Verdict.WARN]),
    (flannel(text=SAID % "host-gw"), False, [Verdict.WARN]), (flannel(text=SAID % "vxlan"), False, []),
    (flannel(backend=""), False, []),                                    # its agent has written nothing yet
    (flannel(text=SAID % "extension"), False, []),                       # the nodes may call it otherwise
    ({**flannel(backend="host-gw"), "settings": {}}, False, [Verdict.FAIL]),
])
def test_flannels_backends_are_the_same_on_all_nodes_and_in_the_settings(
    facts: Any, rolling: bool, expected: list[Verdict]
) -> None:
    found = judge(AGENTS, agents(agent(facts={"flannel": facts}, rolling=rolling))).findings
    assert [f.verdict for f in found if f.cause == "cni.agent.backend"] == expected


def test_settings_that_an_agents_log_speaks_of_too_are_one_fault() -> None:
    wrong = {"flannel": flannel(text='{"Network": "10.99.0.0/16"}')}
    found = judge(AGENTS, agents(agent(**ONE_SHORT, logs={"kube-proxy-n2": [RANGE]}, facts=wrong))).findings
    assert [(f.cause, f.object) for f in found] == [("cni.agent.range", "ConfigMap kube-flannel/kube-flannel-cfg")]


def pool(name: str = "a", cidr: str = "10.244.0.0/16", **changes: Any) -> dict[str, Any]:
    return {"name": name, "cidr": cidr, "disabled": False, "uses": ["Workload"], "vxlan": "Always", "ipip": "Never",
            "nodes": "all()", **changes}


def bare(backend: str = "vxlan", felix: bool = False) -> dict[str, Any]:
    """A pool without a tunnel, and who may write routes to other nodes."""
    place = "ConfigMap kube-system/calico-config: calico_backend"
    return {"pools": [pool(vxlan="Never")], "addresses": {},
            "routes": {"backend": backend, "place": place, "felix": felix}}


def chosen_by(selector: str, *more: dict[str, Any]) -> dict[str, Any]:
    """A pool for some of two nodes, n1 in zone a and n2 in zone b."""
    return {"pools": [pool(nodes=selector), *more], "addresses": {},
            "labels": {"n1": {"zone": "a"}, "n2": {"zone": "b"}}}


def chosen(second: str = "10.0.0.2/24", first: str = "10.0.0.1/24") -> dict[str, Any]:
    """What Calico took for two nodes that Kubernetes reaches at 10.0.0.1 and 10.0.0.2."""
    return {"addresses": {"n1": first, "n2": second}, "inside": {"n1": ["10.0.0.1"], "n2": ["10.0.0.2"]}}


@pytest.mark.parametrize(("facts", "expected"), [
    ({"pools": [pool()], "addresses": {"n1": "10.0.0.1/24", "n2": "10.0.0.2/24"}}, []),
    ({"pools": [pool(disabled=True)], "addresses": {}}, ["cni.pool.disabled"]),
    ({"pools": [pool(), pool("b", "10.244.128.0/20")], "addresses": {}}, ["cni.pool.overlap"]),
    ({"pools": [pool(), pool("b", "10.244.128.0/20", disabled=True)], "addresses": {}}, []),
    (bare(), ["cni.pool.encapsulation"]), (bare("bird"), []), (bare("none"), []), (bare(""), []),
    (bare(felix=True), []), ({**bare(), "routes": {}}, []),                # it may not be read
    ({**bare(), "pools": [pool(cidr="fd00::/48", vxlan="Never"), pool(vxlan="Never", nodes="!all()")]}, []),
    (chosen_by("zone == 'c'"), ["cni.pool.nodes"]), (chosen_by("zone == 'a'"), []),  # n2 may be meant to have none
    (chosen_by("all()"), []), (chosen_by("!all()"), []), (chosen_by("zone is 'c'"), []),
    (chosen_by("zone == 'c'", pool("b", "10.245.0.0/16", nodes="")), []),
    ({"pools": [], "addresses": {}}, []), ({"pools": None, "addresses": {}}, []),
    ({"pools": None, "addresses": {"n1": "172.17.0.1/16", "n2": "172.17.0.1/16"}}, ["cni.address.duplicate"]),
    ({"pools": None, **chosen("172.17.0.1/16")}, ["cni.address.wrong"]), ({"pools": None, **chosen()}, []),
    ({"pools": None, **chosen("192.168.7.2/24", "192.168.7.1/24")}, []),  # a network of its own for pods
    ({"pools": None, **chosen("10.0.0.9/24")}, []),                       # a second address in the same network
])
def test_calicos_pools_and_addresses(facts: Any, expected: list[str]) -> None:
    assert causes(AGENTS, agents(agent("Calico", facts={"calico": facts}))) == expected


def test_a_node_that_no_pool_is_meant_for_is_a_fault_where_a_pod_waits_for_an_address() -> None:
    calico = agent("Calico", facts={"calico": chosen_by("zone == 'a'")})
    told = only(AGENTS, agents({**calico, "failing": ["n2"]}))
    assert (told.cause, told.object, told.node) == ("cni.pool.nodes", "IPPool a", "n2")
    assert "nodeSelector is zone == 'a'" in told.evidence[0]


def test_an_address_that_calico_took_by_mistake_is_told_with_the_right_one() -> None:
    told = only(AGENTS, agents(agent("Calico", facts={"calico": {"pools": None, **chosen("172.17.0.1/16")}})))
    assert "is 172.17.0.1/16, expected 10.0.0.2" in told.evidence[0]


STATUS = """        Version: 2.8.1 (failed to check latest version)

        Service: router
           Name: 7e:f0:66:a4:19:75(n1)
    Connections: {connections}
          Peers: {peers}

        Service: ipam
         Status: {ipam}
"""


def weave(connections: str = "1 (1 established)", peers: str = "2 (with 2 established connections)",
          ipam: str = "ready", said: str = "", created: str = LONG_AGO, **changes: Any) -> dict[str, Any]:
    told = read_status(STATUS.format(connections=connections, peers=peers, ipam=ipam))
    facts = {"pod": "weave-net-1", "node": "n1", "created": created, "error": "", **told, "lines": [said]}
    return agents(agent("Weave Net", facts={"weave": facts}, **changes))


@pytest.mark.parametrize(("evidence", "expected"), [
    (weave(), []),
    (weave("1 (1 retrying)", "1"), ["cni.agent.peers"]), (weave("1 (1 connecting)", "1"), ["cni.agent.peers"]),
    (weave("2 (1 established, 1 failed)", "3 (with 4 established connections)", ready=3, desired=3), []),
    (weave("1 (1 failed)", "1", ready=1, pods=[pod("n1"), pod("n2", ready=False, container=CRASHED)]), ["cni.agent"]),
    (weave(ipam="all IP ranges owned by unreachable peers"), ["cni.agent.seeds"]),
    (weave(ipam="waiting for IP(s) to become available"), ["cni.sandbox.addresses"]),
    (weave(ipam="waiting for IP range grant from peers"), ["cni.agent.seeds"]),
    (weave("1 (1 retrying)", "1", said="-> 10.0.0.2:6783 retrying dial tcp: i/o timeout"), ["cni.agent.peers"]),
    (weave("1 (1 retrying)", "1", said="-> 10.0.0.2:6783 retrying No password specificed, but peer requested an "
           "encrypted connection"), ["cni.agent.password"]),
    (weave("1 (1 failed)", "1", created=JUST_NOW, said="-> 10.0.0.2:6783 retrying dial tcp: i/o timeout"), []),
    (weave("1 (1 failed)", "1", created=JUST_NOW, said="-> 10.0.0.2:6783 failed IP allocation was seeded by different "
           "peers (received: [n2], ours: [n1])"), ["cni.agent.seeds"]),
    (weave("1 (1 failed)", "1", said="-> 10.0.0.2:6783 failed Incompatible IP allocation ranges (received: "
           "10.98.0.0/16, ours: 10.244.0.0/16), retry: 2026-01-01"), ["cni.agent.ranges"]),
    (weave("1 (1 failed)", "1", ipam="awaiting consensus (quorum: 2, known: 1)", said="-> 10.0.0.1:6783 failed local "
           '"0a:04:7e:cc:96:5b(n2)" and remote "0a:04:7e:cc:96:5b(n1)" peer names collision, retry: never'),
     ["cni.agent.name"]),  # what it waits for follows
    (weave("2 (1 established, 1 failed)", "3 (with 4 established connections)", ready=3, desired=3,
           ipam="all IP ranges owned by unreachable peers"), ["cni.agent.seeds"]),
])
def test_weaves_own_status_tells_of_peers_that_readiness_does_not(evidence: Any, expected: list[str]) -> None:
    assert causes(AGENTS, evidence) == expected


@pytest.mark.parametrize(("evidence", "verdict"), [
    (weave("1 (1 retrying)", "1"), Verdict.FAIL),                                      # it has nobody
    (weave("2 (1 established, 1 failed)", "2", ready=3, desired=3), Verdict.WARN),     # a part of the peers
    (weave(ipam="all IP ranges owned by unreachable peers"), Verdict.WARN),
    (weave(ipam="waiting for IP(s) to become available"), Verdict.WARN),
])
def test_an_agent_of_weave_net_that_has_nobody_is_a_failure_and_one_that_lacks_some_a_warning(
    evidence: Any, verdict: Verdict
) -> None:
    assert {f.verdict for f in judge(AGENTS, evidence).findings if f.cause} == {verdict}


def test_a_status_page_of_weave_net_that_could_not_be_read_is_unknown() -> None:
    lost = weave()
    lost["agents"][0]["facts"]["weave"] |= {"error": "connection refused", "peers": 0}
    found = [f for f in judge(AGENTS, lost).findings if "status page" in f.summary]
    assert [(f.verdict, f.node) for f in found] == [(Verdict.UNKNOWN, "n1")]


def test_the_state_of_a_router_that_shared_out_alone_is_removed_and_not_only_its_pod() -> None:
    told = only(AGENTS, weave("1 (1 failed)", "1", said="-> 10.0.0.2:6783 failed IP allocation was seeded by different "
                              "peers (received: [n2], ours: [n1])"))
    assert "is connected to 0 of 1 others that run (1 failed): each shared out the addresses" in told.summary
    assert "rm /weavedb/weave-netdata.db" in told.advice
    assert "kubectl -n kube-system delete pod" in told.advice


# --- log lines, as they were seen -------------------------------------------------------------------------------

LINES = (
    (FLANNEL, 'E1125 18:27:26.506191 1 main.go:67] Error registering network: failed to acquire lease: subnet '
              '"10.99.0.0/16" specified in the flannel net config doesn\'t contain "10.244.0.0/24" PodCIDR of the "n1" '
              "node", "cni.agent.range"),
    (FLANNEL, "F1125 18:28:14.875255 1 main.go:39] Failed to create SubnetManager: error parsing subnet config: "
              "invalid character 'o'", "cni.agent.settings"),
    (FLANNEL, 'E1125 18:24:40.192698 1 reflector.go:205] "Failed to watch" err="failed to list *v1.Node: nodes is '
              'forbidden: User', "cni.agent.forbidden"),
    (WEAVE, "FATA: 2026/11/25 18:24:05.545772 [kube-peers] Could not get peers: nodes is forbidden: User",
     "cni.agent.forbidden"),
    (WEAVE, "FATA: 2026/11/25 18:18:15.437874 Unable to fetch ConfigMap kube-system/weave-net to infer unique cluster",
     "cni.agent.waits"),
    (CALICO, "calico/node is not ready: BIRD is not ready: Error querying BIRD: unable to connect to BIRDv4 socket: "
             "dial unix /var/run/calico/bird.ctl: connect: no such file or directory", "cni.agent.settings"),
    (CALICO, "2026-11-26 01:35:48.304 [ERROR][13] config_params.go 821: Invalid (required) config value. error=failed "
             'to parse config parameter DefaultEndpointToHostAction; value "ALLOW": unknown', "cni.agent.settings"),
    (CALICO, "2026-11-25 21:25:42.144 [WARNING][9] startup/startup.go 757: Calico node 'n1' is already using the IPv4 "
             "address 172.17.0.1.", "cni.address.duplicate"),
    (CALICO, '2026-11-25 18:47:52.585 [FATAL][1] cni-installer/install.go 475: Unable to create token for CNI '
             'kubeconfig error=serviceaccounts "calico-cni-plugin" is forbidden: User', "cni.agent.forbidden"),
    (FLANNEL, unreached("10.96.0.1:443"), "api"),
)


@pytest.mark.parametrize(("network", "line", "cause"), LINES)
def test_a_line_of_an_agents_log_is_known(network: Any, line: str, cause: str) -> None:
    assert [told.cause for told in read_lines(network, keep_telling(network, line))] == [cause]


def test_what_stands_before_a_start_that_succeeded_is_history() -> None:
    assert FLANNEL is not None
    log = f"{LINES[2][1]}\nI1125 main.go:84] Wrote subnet file to /run/flannel/subnet.env"
    assert keep_telling(FLANNEL, log) == []


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
def test_every_sign_of_a_network_speaks_for_a_cause_of_the_table(network: Any) -> None:
    assert {told.cause for told in (*network.log, *network.events)} <= set(CAUSES)


def test_a_node_that_flannel_finds_at_no_address_of_its_own_is_told_and_no_fault() -> None:
    marks = {"public_ip": "10.0.0.1", "own": ["10.0.0.1", "n1"], "backend": "vxlan", "ranges": ["10.244.0.0/24"]}
    facts = flannel()
    facts["nodes"] = {"n1": marks, "n2": {**marks, "public_ip": "192.0.2.1", "own": ["10.0.0.2"],
                                          "ranges": ["10.244.1.0/24"]}}
    found = judge(AGENTS, agents(agent(facts={"flannel": facts}))).findings
    assert [f.verdict for f in found if "n2 at 192.0.2.1" in f.summary] == [Verdict.INFO]
    assert causes(AGENTS, agents(agent(facts={"flannel": facts}))) == []
