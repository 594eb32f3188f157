"""A name outside the cluster that does not resolve, in each way in which it may not."""

from tests.cluster.faults.conditions import DNS_SERVES
from tests.cluster.faults.corefile import RESTART, edit
from tests.cluster.faults.fault import Fault, Injection, Root
from tests.cluster.faults.upstream import DEAD, UPSTREAM_DEAD

NAME = "api.example.com"


def _template(rule: str) -> tuple[Injection, ...]:
    """CoreDNS answers by this rule before it does anything else."""
    return edit(r"^    ready\n", f"    ready\n    template {rule}\n"), RESTART


def _row(name: str, says: str, cause: str, *breaks: Injection, asked: str = NAME,
         mentions: tuple[str, ...] = ()) -> Fault:
    return Fault(name=f"external-{name}", reference="4.8", says=says, breaks=breaks, wait=DNS_SERVES, mentions=mentions,
                 roots=(Root(cause, "client", f"Name {asked}"),), playbook="external-dns-resolution",
                 arguments=(asked,))


EXTERNAL_FAULTS = (
    _row("missing", "an outside name does not exist, say the resolvers outside", "dns.external.missing",
         *_template("ANY ANY api.example.com {\n        rcode NXDOMAIN\n    }"), mentions=("does not exist",)),
    _row("refused", "an outside name is refused", "dns.external.refused",
         *_template("ANY ANY api.example.com {\n        rcode REFUSED\n    }")),
    _row("failed", "an outside name fails, others do not", "dns.external.failed",
         *_template("ANY ANY api.example.com {\n        rcode SERVFAIL\n    }")),
    _row("hijacked", "a wildcard under the search list answers in place of an outside name", "dns.external.hijacked",
         *_template('IN A svc.cluster.local {\n        match com\\.svc\\.cluster\\.local\\.$\n        '
                    'answer "{{ .Name }} 30 IN A 192.0.2.66"\n    }'), mentions=("192.0.2.66", "svc.cluster.local")),
    Fault(
        name="external-upstream-dead", reference="D13", says="an outside name fails because the resolver does not run",
        breaks=(UPSTREAM_DEAD,), roots=(DEAD,), consequences=("dns.external.*",), playbook="external-dns-resolution",
        arguments=(NAME,),
    ),
)
EXTERNAL_LOOKALIKES = (
    Fault(name="external-healthy", says="an outside name resolves", wait=DNS_SERVES, answer="ok",
          playbook="external-dns-resolution", arguments=(NAME,)),
)
