"""forward names an upstream that CoreDNS cannot use.

It takes addresses, with a port where it is not 53, and files in the form of resolv.conf, divided
by spaces, fifteen at most. Names of hosts are looked up since 1.14.4, at the start alone. A
variable of the environment that is not set leaves an upstream empty, and a template that nobody
filled in leaves its mark.

Limits: a port beyond 65535 is refused only when a query is sent. A file that is missing or
empty is the node's matter: see node-resolvconf-missing and node-resolvconf-empty.
Source: coredns/coredns v1.12.0, plugin/pkg/parse/host.go (HostPortOrFile), plugin/forward/setup.go
(parseStanza); v1.14.4, plugin/forward/resolve.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CorefileFaults
from diagnose.facts.corefile_faults import CorefileFault, FaultKind
from diagnose.findings import corefile_findings
from diagnose.model import Finding, Severity


@check(
    title="The Corefile forwards to something that is no address",
    severity=Severity.CRITICAL,
    family="corefile-syntax",
    explains=("coredns-crashloop", "corefile-reload-failed", "external-names-fail"),
)
def corefile_forward_invalid(faults: CorefileFaults) -> Iterator[Finding]:
    """Yield one finding per upstream that CoreDNS refuses."""
    yield from corefile_findings(
        faults, (FaultKind.UPSTREAM,), "corefile-forward-invalid", what_to_do
    )


def what_to_do(one: CorefileFault) -> str:
    """Return what to change, by what stands in the address's place."""
    example = "forward . 10.0.0.2 10.0.0.3"
    if "invalid port" in one.message:
        return "Name a port of the upstream that there is, or none: it is 53 then"
    if one.word.isdigit():
        return f"Name fifteen upstreams at most: {example}"
    if "," in one.word:
        return f"Divide the upstreams by spaces alone: {example}"
    if not one.word:
        return f"Write the address, or set in the Deployment the variable that gives it: {example}"
    return f"Name the upstream by its address: {example}"
