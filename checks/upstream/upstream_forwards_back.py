"""CoreDNS's upstream is its own Service.

The Corefile, or the node's resolv.conf that it forwards to, names the address of cluster DNS: each
query for an outside name comes back to a CoreDNS.

Limits: where a node's file names it, the kubelet may hand out another file; so that is a
possibility. Resolvers outside that forward back are not seen here.
Source: coredns/coredns v1.12.0, plugin/loop/README.md (Troubleshooting).
"""

from collections.abc import Iterator

from diagnose.check import NotApplicable, check
from diagnose.facts import DNSServices, UpstreamServers
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import edit_corefile, restart_coredns


@check(
    title="The upstream of CoreDNS is cluster DNS itself",
    severity=Severity.CRITICAL,
    family="loop",
    explains=("loop", "loop-undetected", "upstream-timeout", "external-names-fail"),
)
def upstream_forwards_back(upstreams: UpstreamServers, services: DNSServices) -> Iterator[Finding]:
    """Yield one finding per place that names an address of the DNS Service as an upstream."""
    if not services.addresses:
        raise NotApplicable("the DNS service has no cluster address of its own")
    for one in upstreams.servers:
        if one.address not in services.addresses:
            continue
        where = "the Corefile" if one.named else "the node's resolv.conf"
        yield Finding(
            subject=one.subject,
            message=f"{where} names {one.address}, the address of cluster DNS, as a resolver",
            quotes=one.quotes,
            remedy=(
                edit_corefile(
                    "Let CoreDNS forward to resolvers outside: forward . <resolver>",
                    "upstream-forwards-back",
                ),
                Remedy(
                    title="Where the node's file names it, take it out there",
                    commands=("set the servers in netplan, NetworkManager or resolved.conf",),
                    risk=Risk.MANUAL,
                    verify=f"grep {one.address} /etc/resolv.conf  # on the node: nothing",
                    why="a node that is to resolve cluster names asks a conditional forwarder",
                ),
                restart_coredns("resolv.conf is written once, when a pod starts"),
            ),
            proven=one.named,
        )
