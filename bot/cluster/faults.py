"""From what went wrong to the error a person can act on: HTTP statuses and broken connections, each in one table."""

import os
import ssl
from collections.abc import Mapping
from typing import Any

import aiohttp
import orjson

from bot.cluster.records import Ask
from bot.model.errors import (
    ClusterError,
    Forbidden,
    Malformed,
    NotFound,
    NotReached,
    Rejected,
    ServerFailed,
    TimedOut,
    Unauthorized,
    Unreachable,
)

# OpenSSL's verify codes (openssl-verification-options(1)) that a person can do something about.
_CERTIFICATE_FAULTS: Mapping[int, str] = {
    9: "its certificate is not valid yet (is the clock of this machine right?)",
    10: "its certificate has expired (is the clock of this machine right?)",
    18: "its certificate is self-signed and not the one the kubeconfig names",
    19: "its certificate comes from an authority that the kubeconfig does not name (certificate-authority)",
    20: "its certificate comes from an authority that the kubeconfig does not name (certificate-authority)",
    62: "its certificate is for another name (set tls-server-name in the kubeconfig if that is meant)",
    64: "its certificate is for another address (set tls-server-name in the kubeconfig if that is meant)",
}
_SHOWN = 400
_NO_WAY = "error trying to reach service: "
"""How the API server begins when what it passes on does not arrive (apimachinery, util/proxy; seen on v1.34)."""


def explain_status(status: int, body: bytes, ask: Ask, server: str) -> ClusterError:
    """The error for an answer outside 2xx."""
    said = read_message(body)
    match status:
        case 401:
            return Unauthorized(
                f"{server} does not accept the credentials for {ask}{_colon(said)}. "
                "The token or client certificate may have expired: renew it in the kubeconfig."
            )
        case 403:
            return _explain_forbidden(said, ask)
        case 404:
            return NotFound(f"{ask}: not found{_colon(said)}.")
        case 400 | 405 | 406 | 409 | 410 | 413 | 415 | 422:
            return Rejected(f"{ask}: the API server refused it with status {status}{_colon(said)}.")
        case _ if status >= 500 and said.startswith(_NO_WAY):
            why = said.removeprefix(_NO_WAY)
            return NotReached(f"{ask}: the API server did not get through to the pod: {why}.", why)
        case 429:
            return ServerFailed(f"{ask}: {server} has too much to do (429){_colon(said)}. Try again in a while.")
        case 504:
            return TimedOut(f"{ask}: {server} waited in vain for an answer (504){_colon(said)}.{_hint(ask)}")
        case _ if status >= 500:
            return ServerFailed(f"{ask}: {server} failed with status {status}{_colon(said)}.{_hint(ask)}")
        case _:
            return Malformed(
                f"{ask}: {server} answered with status {status}, which no API server does. "
                "Is there a proxy or a login page in between?"
            )


def explain_failure(error: Exception, ask: Ask, server: str, seconds: float) -> ClusterError:
    """The error for a request that got no answer."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return Unreachable(f"{server}: {_explain_certificate(error.certificate_error)}. Nothing was asked of it.")
        case aiohttp.ClientSSLError():
            return Unreachable(f"{server} does not speak TLS as expected: {error.os_error}. Is this an API server?")
        case aiohttp.ClientConnectorDNSError():
            return Unreachable(f"{server}: {error.host} does not resolve here. Check `server` in the kubeconfig.")
        case aiohttp.ClientProxyConnectionError():
            return Unreachable(f"{server}: the proxy {error.host}:{error.port} does not answer. Check proxy-url.")
        case aiohttp.ClientHttpProxyError():
            return Unreachable(f"{server}: the proxy refuses to connect ({error.status} {error.message}).")
        case aiohttp.ConnectionTimeoutError():
            return Unreachable(f"{server}: nothing answers there (no connection in time). Is it the right address?")
        case TimeoutError():
            return TimedOut(f"{ask}: {server} is connected but gave no answer within {seconds:g} s.{_hint(ask)}")
        case aiohttp.ClientConnectorError():
            return Unreachable(f"{server}: no connection ({_explain_os(error.os_error)}). Does the API server run?")
        case aiohttp.InvalidURL():
            return Unreachable(f"{server!r} is no address of an API server. Check `server` in the kubeconfig.")
        case aiohttp.TooManyRedirects() | aiohttp.ClientResponseError():
            return Malformed(f"{ask}: what answers at {server} does not speak HTTP as an API server does: {error}.")
        case _:
            said = str(error) or type(error).__name__
            return Unreachable(f"{ask}: the connection to {server} broke off ({said}).{_hint(ask)}")


def is_own(body: bytes) -> bool:
    """Whether the API server itself says this, in its form for errors, rather than whom it passed a request on to."""
    return body.startswith(b'{"kind":"Status"')


def read_message(body: bytes) -> str:
    """What a Status object says, else the start of a plain text; an HTML page says nothing."""
    try:
        status: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        text = body.decode(errors="replace").strip()
        return "" if text.startswith("<") else " ".join(text.split())[:_SHOWN]
    message = status.get("message") if isinstance(status, dict) else None
    return message.strip().rstrip(".")[:_SHOWN] if isinstance(message, str) else ""


def _explain_forbidden(said: str, ask: Ask) -> Forbidden:
    if "system:anonymous" in said:
        advice = "The request carried no credentials that the API server knows: check the user of this context."
    else:
        advice = f"Grant `{ask.permission}` to the account that netcheck uses."
    return Forbidden(f"{ask}: not permitted{_colon(said)}. {advice}", ask.permission)


def _explain_certificate(error: Exception) -> str:
    code = error.verify_code if isinstance(error, ssl.SSLCertVerificationError) else 0
    return _CERTIFICATE_FAULTS.get(code) or f"its certificate does not hold ({error})"


def _explain_os(error: OSError) -> str:
    # asyncio has no words for a connection that ends within the TLS handshake, as a load balancer without backend does.
    return os.strerror(error.errno).lower() if error.errno else str(error) or "closed before anything was said"


def _hint(ask: Ask) -> str:
    """What a person must know who gets no answer: who else had to answer, or that something may have been done."""
    if ask.verb == "patch":
        return " Whether the change was made is not known: look at the object before you try again."
    return " For this it asks the kubelet on the pod's node (port 10250)." if ask.on_node else ""


def _colon(text: str) -> str:
    return f": {text}" if text else ""
