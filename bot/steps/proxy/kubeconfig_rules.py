"""What kube-proxy's kubeconfig speaks for. Pure."""

from ipaddress import ip_address

from bot.diagnosis.causes import find, note
from bot.model.finding import Finding, Layer, Verdict
from bot.steps import Evidence
from bot.steps.wording import list_names, parse_time, read_at

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
FILES = frozenset({f"{ACCOUNT}/ca.crt", f"{ACCOUNT}/token"})
"""What every pod finds in that folder, beside `namespace`."""


def _fault(evidence: Evidence, text: str, *told: str) -> Finding:
    verdict = Verdict.WARN if evidence["ready"] else Verdict.FAIL
    return find("proxy.kubeconfig", text, verdict=verdict, object=evidence["file"]["config_map"],
                evidence=(*told, read_at(evidence)))


def judge_parts(evidence: Evidence) -> list[Finding]:
    """Whether it is a kubeconfig that leads to a server with a CA and credentials."""
    file, name = evidence["file"], evidence["file"]["config_map"]
    if file["state"] == "missing":
        text = f"{name}, which kube-proxy takes its kubeconfig from, does not exist: its pods cannot start again."
        return [find("proxy.settings.missing", text, verdict=Verdict.WARN if evidence["ready"] else Verdict.FAIL,
                     object=name, evidence=(f"{name}: not found", read_at(evidence)))]
    if file["state"] == "no-key":
        text = f"{name} has no key {file['key']}, which kube-proxy takes its kubeconfig from."
        return [_fault(evidence, text, f"{name}: keys {list_names(file['keys']) or 'none'}, expected {file['key']}")]
    parts = evidence["parts"]
    wrong = evidence["mistake"] or ("its current-context leads to no context" if not parts["context"] else "") or (
        "its context names no cluster with a server" if not parts["server"] else "")
    for word, path in (("certificate-authority", parts["authority"]), ("tokenFile", parts["credentials"])):
        if path.startswith(f"{ACCOUNT}/") and path not in FILES:
            wrong = wrong or f"its {word} is {path}, which no pod has"
    if not parts["credentials"]:
        wrong = wrong or "its user has no credentials"
    if not wrong:
        return []
    text = f"{name}, key {file['key']}, is no kubeconfig that kube-proxy can use: {wrong}."
    return [_fault(evidence, text, f"{name}, key {file['key']}: {wrong}")]


def judge_address(evidence: Evidence, synced: list[str]) -> list[Finding]:
    name, server = evidence["file"]["config_map"], evidence["parts"]["server"]
    known = [*evidence["servers"], *filter(None, [evidence["endpoint"]])]
    host, _, port = _place(server).rpartition(":")
    told = (f"{name}: server {server}", f"API servers: {list_names(evidence['servers']) or 'not known'}"
            + (f"; controlPlaneEndpoint {evidence['endpoint']}" if evidence["endpoint"] else ""))
    if f"{host}:{port}" in known:
        text = f"kube-proxy is told to use {server}, where the cluster has its API server."
        return [_tell(evidence, Verdict.PASS, text)]
    works = [pod["node"] for pod in evidence["pods"] if pod["node"] in synced
             and parse_time(pod["started"]) > evidence["file"]["changed"] > 0]
    if works:
        text = (f"kube-proxy is told to use {server}, which no object of the cluster names; it works all the same on "
                f"{list_names(works)}.")
        return [_tell(evidence, Verdict.INFO, text)]
    if not known or _may_be_balancer(host):
        text = (f"kube-proxy is told to use {server}; whether that leads to the API servers "
                f"({list_names(known) or 'not known'}) cannot be seen from here.")
        return [_tell(evidence, Verdict.INFO, text)]
    text = f"kube-proxy is told to use {server}, and the API servers are {list_names(known)}."
    return [_fault(evidence, text, *told)]


def _tell(evidence: Evidence, verdict: Verdict, text: str) -> Finding:
    return note(verdict, Layer.PROXY, text, object=evidence["file"]["config_map"], evidence=(read_at(evidence),))


def _place(server: str) -> str:
    """host:port, without the scheme."""
    rest = server.split("://")[-1].split("/")[0].strip()
    return rest if rest.rpartition(":")[2].isdigit() and not rest.endswith("]") else f"{rest}:443"


def _may_be_balancer(host: str) -> bool:
    """A name may stand for anything, and so may the node itself, where some installers run a relay."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return True
