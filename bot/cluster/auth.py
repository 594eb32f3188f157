"""Who we are to a cluster: kubeconfig, exec plugin or the pod's own account, loaded by `kubernetes.aio.config`.

The only module that imports `kubernetes`, and of it the configuration alone: the typed models cost 105 MiB. `connect`
reads the kubeconfig at once, so that a mistake in it is told before anything runs; tokens and certificates are loaded
at the first request, where their failure is a ClusterError like any other.
"""

import os
import socket
import ssl
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kubernetes.aio.config import ConfigException
from kubernetes.aio.config.incluster_config import InClusterConfigLoader
from kubernetes.aio.config.kube_config import ConfigNode, FileOrData, KubeConfigLoader

from bot.cluster.credentials import Credentials, Login
from bot.cluster.kubeconfig import Entry, Kubeconfig, digest, read_kubeconfig
from bot.cluster.plugin import run_plugin
from bot.model.errors import ClusterError, SettingsError, Unauthorized, UsageError

IN_CLUSTER = "in-cluster"
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_REREAD = 60.0
"""Seconds after which a token file is read again: the kubelet replaces it well before its token ends."""


async def connect(kubeconfig: str | None, context: str | None, *, account: Path = ACCOUNT) -> Credentials:
    """The credentials for one context. SettingsError for a missing or broken kubeconfig, UsageError for a context that
    is not there. Without any kubeconfig, and in a pod: the pod's own account."""
    config = read_kubeconfig(kubeconfig)
    if config.files:
        return _prepare(config, config.choose(context))
    inside = connect_inside(account=account)
    if context not in (None, "", IN_CLUSTER):
        raise UsageError(f"There is no context {context!r}: this pod has only {IN_CLUSTER}.", (IN_CLUSTER,))
    return inside


def connect_inside(*, account: Path = ACCOUNT) -> Credentials:
    """The credentials of the pod's own account, whatever kubeconfig there is. SettingsError outside a pod."""
    server = server_inside()
    if not server:
        raise SettingsError(
            "There is no cluster to talk to: no ~/.kube/config, KUBECONFIG is not set, and this is not a pod. "
            "Give --kubeconfig, or set KUBECONFIG."
        )
    return Credentials(IN_CLUSTER, server, _PodAccount(account).load)


def server_inside() -> str:
    """The address of the API server as a pod is told it; empty outside a pod."""
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST", ""), os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    return host and (f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}")


def identify_inside(*, account: Path = ACCOUNT) -> str:
    """What tells the cluster around this pod from others, which often have the same address: as `identify` does."""
    try:
        authority = (account / "ca.crt").read_bytes()
    except OSError:
        authority = b""
    return f"{server_inside()} {digest(authority)}".strip()


def pod_inside(*, account: Path = ACCOUNT) -> str:
    """The pod around this process, `namespace/name`: its hostname is its name, unless it sets another one or shares the
    network of its node. Empty outside a pod."""
    try:
        namespace = (account / "namespace").read_text().strip()
    except OSError:
        return ""
    return namespace and f"{namespace}/{socket.gethostname()}"


def _prepare(config: Kubeconfig, context: Entry) -> Credentials:
    cluster = config.follow(context, "cluster", config.clusters)
    server = str(cluster.body.get("server") or "") if cluster else ""
    if not cluster or not server.startswith(("https://", "http://")):
        raise SettingsError(
            f"{context.file}: context {context.name!r} leads to no API server (found {server!r}). "
            "Its cluster must have a `server` such as https://10.0.0.1:6443."
        )
    proxy = str(cluster.body.get("proxy-url") or "")
    if proxy and not proxy.startswith(("http://", "https://")):
        raise SettingsError(f"{cluster.file}: proxy-url {proxy!r} is not supported; http:// and https:// are.")
    user = config.follow(context, "user", config.users)
    source = _ContextSource(context, cluster, user or Entry("", {}, context.file))
    return Credentials(context.name, server, source.load)


@dataclass(slots=True)
class _Loaded:
    """What the loaders of `kubernetes` fill in, by their names for it."""

    host: str = ""
    api_key: dict[str, str] = field(default_factory=dict)
    ssl_ca_cert: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    verify_ssl: bool = True
    tls_server_name: str | None = None
    proxy: str | None = None


class _Contexts:
    """TLS contexts by the content of their files, so that a renewed token keeps its open connections."""

    def __init__(self) -> None:
        self._known: dict[tuple[bool, tuple[bytes, ...]], ssl.SSLContext] = {}

    def take(self, loaded: _Loaded) -> ssl.SSLContext | None:
        if not loaded.host.startswith("https://"):
            return None
        files = (loaded.ssl_ca_cert, loaded.cert_file, loaded.key_file)
        key = (loaded.verify_ssl, tuple(Path(file).read_bytes() if file else b"" for file in files))
        if key not in self._known:
            self._known = {key: _build_tls(loaded)}
        return self._known[key]


def _build_tls(loaded: _Loaded) -> ssl.SSLContext:
    tls = ssl.create_default_context(cafile=loaded.ssl_ca_cert)
    # Python 3.13 asks for extensions that the authorities of many clusters (kubeadm's before 1.30, k3s) do not carry.
    tls.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if not loaded.verify_ssl:
        tls.check_hostname = False
        tls.verify_mode = ssl.CERT_NONE
    if loaded.cert_file:
        # The empty password makes an encrypted key an error: OpenSSL would ask on the terminal.
        tls.load_cert_chain(loaded.cert_file, loaded.key_file, password="")
    return tls


class _PodAccount:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._contexts = _Contexts()

    async def load(self) -> Login:
        loaded = _Loaded()
        token, authority = self._folder / "token", self._folder / "ca.crt"
        try:
            InClusterConfigLoader(str(token), str(authority), try_refresh_token=False).load_and_set(loaded)
            tls = self._contexts.take(loaded)
        except (ConfigException, OSError) as error:
            raise Unauthorized(
                f"The pod's own account cannot be read in {self._folder}: {error} "
                "Does the pod have automountServiceAccountToken?"
            ) from error
        return Login(authorization=_read_bearer(loaded), tls=tls, expires=time.time() + _REREAD)


class _ContextSource:
    def __init__(self, context: Entry, cluster: Entry, user: Entry) -> None:
        self._context = context
        self._cluster = cluster
        self._user = user
        self._contexts = _Contexts()

    async def load(self) -> Login:
        loaded = _Loaded()
        loader = _PluginLoader(config_dict=self._build_tree(), config_base_path=None)
        try:
            await loader.load_and_set(loaded)
            tls = self._contexts.take(loaded)
        except ClusterError:
            raise
        except Exception as error:
            # The loaders of `kubernetes` raise whatever their parsers do; here each of it means the same.
            raise Unauthorized(
                f"The credentials of context {self._context.name!r} cannot be loaded from {self._user.file}: {error}. "
                "Check the user and the cluster there."
            ) from error
        authorization = _read_bearer(loaded)
        if tls and not authorization and not loaded.cert_file:
            raise Unauthorized(
                f"{self._user.file}: user {self._user.name or '(none)'!r} of context {self._context.name!r} has no "
                "token, no client certificate and no exec plugin. Log in again, or name another context."
            )
        expires = loader.expires or (time.time() + _REREAD if self._user.body.get("tokenFile") else None)
        return Login(
            authorization=authorization, tls=tls, tls_name=loaded.tls_server_name, proxy=loaded.proxy, expires=expires
        )

    def _build_tree(self) -> Any:
        """One context, its cluster and its user, each with the file it stands in, as the loader wants them."""
        name, cluster, user = self._context.name, dict(self._cluster.body), dict(self._user.body)
        if user.get("tokenFile"):
            # As kubectl has it: the file is the fresher of the two.
            user.pop("token", None)
        tree = {
            "current-context": name,
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "clusters": [ConfigNode("cluster", {"name": name, "cluster": cluster}, str(self._cluster.file))],
            "users": [ConfigNode("user", {"name": name, "user": user}, str(self._user.file))],
        }
        return ConfigNode("kubeconfig", tree, str(self._context.file))


class _PluginLoader(KubeConfigLoader):  # type: ignore[misc]
    """The loader with our own way to run a plugin: it raises where the other logs and goes on without credentials."""

    expires: float | None = None

    async def load_from_exec_plugin(self) -> bool:
        issued = await run_plugin(_strip(self._user["exec"]), _strip(self._cluster), Path(self._user.path).parent)
        if issued.token:
            self.token = f"Bearer {issued.token}"
        if issued.certificate:
            pair = {"clientCertificateData": issued.certificate, "clientKeyData": issued.key}
            self.cert_file = FileOrData(pair, None, "clientCertificateData", base64_file_content=False).as_file()
            self.key_file = FileOrData(pair, None, "clientKeyData", base64_file_content=False).as_file()
        self.expires = issued.expires
        return True


def _strip(node: Any) -> dict[str, Any]:
    return dict(node.value)


def _read_bearer(loaded: _Loaded) -> str:
    """The whole Authorization header; files often end in a newline, which no header may hold."""
    words = loaded.api_key.get("BearerToken", "").split()
    return " ".join([words[0].capitalize(), *words[1:]]) if words else ""
