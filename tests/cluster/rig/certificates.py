"""Who is who: one authority, the API server's certificates, and a token for every user, made anew for each cluster."""

import json
import secrets
from collections.abc import Iterable

import trustme

from tests.cluster.rig.site import API_NODE, API_SERVICE, Site, address_of

API_NAMES = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost")
COMPONENTS = {
    "admin": ("admin", "system:masters"),
    "controllers": ("system:kube-controller-manager", ""),
    "scheduler": ("system:kube-scheduler", ""),
}


def write_identities(site: Site, nodes: Iterable[str]) -> None:
    """`pki/` and one kubeconfig for each user; only the administrator's leads through the port of this machine."""
    pki = site.run / "pki"
    authority = trustme.CA(organization_name="netcheck test cluster")
    authority.cert_pem.write_to_path(pki / "ca.crt")
    server = authority.issue_cert(*API_NAMES, API_SERVICE, "127.0.0.1", address_of(API_NODE))
    client = authority.issue_cert("kubelet-client", common_name="kubelet-client", organization_name="system:masters")
    accounts = authority.issue_cert("accounts")
    for name, leaf in (("apiserver", server), ("kubelet-client", client), ("accounts", accounts)):
        leaf.private_key_pem.write_to_path(pki / f"{name}.key")
        leaf.cert_chain_pems[0].write_to_path(pki / f"{name}.crt")
    users = {**COMPONENTS, **{node: (f"system:node:{node}", "system:nodes") for node in nodes}}
    tokens = {user: secrets.token_hex(16) for user in users}
    rows = (f'{tokens[user]},{name},{user},"{group}"\n' for user, (name, group) in users.items())
    (pki / "tokens.csv").write_text("".join(rows))
    inside = f"https://{address_of(API_NODE)}:6443"
    for user, token in tokens.items():
        address = f"https://127.0.0.1:{site.port}" if user == "admin" else inside
        (site.run / f"{user}.kubeconfig").write_text(_kubeconfig(site, user, token, address))


def _kubeconfig(site: Site, user: str, token: str, address: str) -> str:
    return json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": site.name,
        "clusters": [{"name": site.name, "cluster": {
            "server": address, "certificate-authority": str(site.run / "pki/ca.crt")}}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": site.name, "context": {"cluster": site.name, "user": user}}],
    })  # fmt: skip
