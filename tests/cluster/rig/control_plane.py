"""etcd, the API server, the controllers and the scheduler, all on the first node; and the way to them."""

from tests.cluster.rig.box import Box
from tests.cluster.rig.commands import run, until
from tests.cluster.rig.errors import RigFailed
from tests.cluster.rig.processes import Process, check_all_run
from tests.cluster.rig.site import API_NODE, POD_RANGE, SERVICE_RANGE, Site, address_of, program

ETCD = "http://127.0.0.1:2379"


def describe_control_plane(site: Site, services: str = SERVICE_RANGE) -> list[Process]:
    """In the order they are started. The socket is a file, which leads from one network namespace into another."""
    door = site.run / "api.sock"
    return [
        Process("etcd", API_NODE, [
            "etcd", f"--data-dir={site.run}/etcd", f"--listen-client-urls={ETCD}", f"--advertise-client-urls={ETCD}",
            "--listen-peer-urls=http://127.0.0.1:2380", "--unsafe-no-fsync",
        ]),
        Process("apiserver", API_NODE, [str(program("kube-apiserver")), *_api_server_options(site, services)]),
        Process("door", API_NODE, ["socat", f"UNIX-LISTEN:{door},fork,unlink-early", "TCP:127.0.0.1:6443"]),
        Process("forward", None, [
            "socat", f"TCP-LISTEN:{site.port},bind=127.0.0.1,fork,reuseaddr", f"UNIX-CONNECT:{door}",
        ]),
        Process("kcm", API_NODE, [
            str(program("kube-controller-manager")), *_user_options(site, "controllers"),
            f"--service-account-private-key-file={site.run}/pki/accounts.key", f"--root-ca-file={site.run}/pki/ca.crt",
            "--use-service-account-credentials", "--leader-elect=false", "--allocate-node-cidrs",
            f"--cluster-cidr={POD_RANGE}",
        ]),
        Process("sched", API_NODE, [
            str(program("kube-scheduler")), *_user_options(site, "scheduler"), "--leader-elect=false",
        ]),
    ]  # fmt: skip


def await_api(site: Site, box: Box) -> None:
    def is_ready() -> bool:
        check_all_run(site, box)
        try:
            return run(program("kubectl"), "--kubeconfig", site.kubeconfig, "get", "--raw", "/readyz") == "ok"
        except RigFailed:
            return False

    until("the API server is ready", is_ready)


def _api_server_options(site: Site, services: str) -> list[str]:
    pki = site.run / "pki"
    return [
        f"--etcd-servers={ETCD}", "--secure-port=6443", f"--advertise-address={address_of(API_NODE)}",
        f"--tls-cert-file={pki}/apiserver.crt", f"--tls-private-key-file={pki}/apiserver.key",
        f"--client-ca-file={pki}/ca.crt", f"--token-auth-file={pki}/tokens.csv",
        f"--service-account-key-file={pki}/accounts.key", f"--service-account-signing-key-file={pki}/accounts.key",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--kubelet-client-certificate={pki}/kubelet-client.crt", f"--kubelet-client-key={pki}/kubelet-client.key",
        "--kubelet-preferred-address-types=InternalIP", "--authorization-mode=Node,RBAC",
        f"--service-cluster-ip-range={services}", "--allow-privileged=true",
        "--enable-admission-plugins=NodeRestriction",
    ]  # fmt: skip


def _user_options(site: Site, user: str) -> list[str]:
    file = site.run / f"{user}.kubeconfig"
    return [f"--{purpose}kubeconfig={file}" for purpose in ("", "authorization-", "authentication-")]
