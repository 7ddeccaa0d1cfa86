"""CoreDNS has an IPv6 upstream and no IPv6 address to ask it from.

Nodes learn IPv6 resolvers by router advertisements or DHCPv6 and hand them to pods, whose network
has IPv4 alone. Each query that goes there fails at once; with the other servers it is asked again,
until those are slow for a moment.

Limits: tables show one address of a pod only, so a pod may have an IPv6 one as well: a possibility.
Source: coredns/coredns v1.12.0, plugin/forward/forward.go (ServeDNS); Kubernetes documentation,
IPv4/IPv6 dual-stack.
"""

from collections.abc import Iterator

from diagnose.check import NotApplicable, check
from diagnose.facts import DNSPods, UpstreamServers
from diagnose.model import Finding, Severity
from diagnose.remedies import edit_corefile, look


@check(
    title="An upstream has only an IPv6 address, CoreDNS's pods have none",
    severity=Severity.WARNING,
    family="dual-stack",
    explains=("upstream-network-unreachable", "upstream-no-route", "upstream-timeout"),
)
def upstream_ipv6_only(upstreams: UpstreamServers, pods: DNSPods) -> Iterator[Finding]:
    """Yield one finding per IPv6 upstream of pods whose known addresses are all IPv4."""
    several = [pod for pod in pods.pods if pod.ips and not pod.host_network]
    if not several:
        raise NotApplicable("no address of a CoreDNS pod is known")
    if any(":" in ip for pod in several for ip in pod.ips or ()):
        return
    outside = [one for one in upstreams.servers if one.ip is None or not one.ip.is_loopback]
    six = [one for one in outside if one.ip is not None and one.ip.version == 6]
    for one in six:
        where = "the Corefile" if one.named else "the node's resolv.conf"
        yield Finding(
            subject=one.subject,
            message=f"{where} names {one.address}; CoreDNS's pods have IPv4 addresses only",
            quotes=(*one.quotes, several[0].quote),
            remedy=(
                look(
                    "See which addresses the pods have",
                    "kubectl get pods -A -l k8s-app=kube-dns -o jsonpath='{..podIPs}'",
                    verify="an IPv6 address among them, or none",
                ),
                edit_corefile(
                    "Name IPv4 resolvers: forward . <resolver>, or repair the node's file and "
                    "recreate the pods",
                    "upstream-ipv6-only",
                ),
            ),
            severity=Severity.CRITICAL if len(six) == len(outside) else None,
            proven=False,
        )
