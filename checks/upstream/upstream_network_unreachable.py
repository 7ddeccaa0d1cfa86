"""CoreDNS's pod has no way into the network of its upstream.

"network is unreachable" is said by the pod's own kernel: it has no default route, or no address of
that family. Nodes learn IPv6 resolvers and hand them to pods that have IPv4 alone. A link-local
address (fe80:…) wants the interface behind it, which the resolv.conf of a pod cannot name.

Limits: since CoreDNS 1.15 a router's ICMP network unreachable reads the same for UDP.
Source: Linux errno(3), ENETUNREACH, EAFNOSUPPORT, EADDRNOTAVAIL; udp(7), IP_RECVERR; ipv6(7),
sin6_scope_id; coredns/coredns v1.12.0, plugin/pkg/proxy/connect.go.
"""

import ipaddress
from collections.abc import Iterator
from dataclasses import replace

from diagnose.check import check
from diagnose.facts import Corefile, ResolvConfs, UpstreamFailures
from diagnose.facts.upstream_failures import UpstreamFailure
from diagnose.findings import upstream_findings
from diagnose.model import Finding, Remedy, Severity
from diagnose.remedies import edit_corefile, look, name_upstream, quoted
from diagnose.signatures.trouble import Reason

IPV4_ONLY = "Name IPv4 resolvers: forward . <resolver>, or repair the node's file and recreate"


@check(
    title="The upstream resolver is in a network that CoreDNS cannot reach",
    severity=Severity.CRITICAL,
    family="upstream-timeout",
    explains=("external-names-fail", "hinfo-probe-unanswered", "upstream-never-answers"),
)
def upstream_network_unreachable(
    failures: UpstreamFailures, corefile: Corefile | None, resolvers: ResolvConfs | None
) -> Iterator[Finding]:
    """Yield one finding per server into whose network the pod has no way."""
    yield from upstream_findings(
        failures,
        (Reason.NETWORK_UNREACHABLE,),
        "no route into the network of {server}",
        steps,
        corefile=corefile,
        resolvers=resolvers,
        family=lambda one: "dual-stack" if is_six(one) else "",
    )
    named = tuple(one for one in failures.failures if one.server)
    yield from upstream_findings(
        replace(failures, failures=named),
        (Reason.ADDRESS_INVALID,),
        "{server} cannot be asked: a link-local address without its interface",
        steps,
        corefile=corefile,
        resolvers=resolvers,
        family=lambda _: "resolv-conf",
    )


def is_six(failure: UpstreamFailure) -> bool:
    """Whether the server has an IPv6 address, be it one of which somebody left out a piece."""
    try:
        return ipaddress.ip_address(failure.server.partition("%")[0]).version == 6
    except ValueError:
        return ":" in failure.server


def steps(failure: UpstreamFailure) -> tuple[Remedy, ...]:
    """Return the remedy: addresses and routes of the pod, then a server that they lead to."""
    server = quoted(failure.server, "<upstream>")
    if is_six(failure):
        return (
            look(
                "See whether CoreDNS's pods have IPv6 addresses, and who names the server",
                "kubectl -n kube-system get pods -l k8s-app=kube-dns -o jsonpath='{..podIPs}'",
                f"grep nameserver /etc/resolv.conf  # on {failure.subject.node or 'the node'}",
                verify="IPv4 alone: the server is of no use to these pods",
            ),
            edit_corefile(f"{IPV4_ONLY} the pods", "upstream-network-unreachable"),
        )
    return (
        look(
            "See the routes of the pod, and whether the node has one itself",
            "nsenter -t <pid of coredns> -n ip route",
            f"ip route get {server}",
            verify="no default route in the pod: its network add-on did not set it; none on the "
            "node: the node's own network",
        ),
        name_upstream(failure.server),
    )
