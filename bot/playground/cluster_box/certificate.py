"""A certificate authority of the box's own and a server certificate by it, made anew at each start and never written
out but for the authority's public part, which goes into the kubeconfig.
"""

import ssl

import trustme


def make_certificate(*names: str) -> tuple[ssl.SSLContext, str]:
    """A server context for these names and addresses, and the authority's certificate as PEM."""
    authority = trustme.CA(organization_name="netcheck cluster in a box")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    authority.issue_cert(*names).configure_cert(context)
    return context, authority.cert_pem.bytes().decode()
