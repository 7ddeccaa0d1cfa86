"""The resolver file that pods inherit names no server.

CoreDNS that forwards to it does not start ("no nameservers found"), and other pods without cluster
DNS resolve nothing.

Limits: an empty file is right on a node whose Corefile names its upstreams itself.
Source: coredns/coredns v1.12.0, plugin/pkg/parse/host.go (ErrNoNameservers); kubernetes/kubernetes
v1.18, pkg/kubelet/network/dns/dns.go (parseResolvConf).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import UnusableResolvConf
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import restart_coredns


@check(
    title="The resolver file for pods names no server",
    severity=Severity.CRITICAL,
    family="resolv-conf",
    explains=("coredns-crashloop", "external-names-fail", "node-image-pull-dns-failure"),
)
def node_resolvconf_empty(files: UnusableResolvConf) -> Iterator[Finding]:
    """Yield one finding per node and path without a server."""
    for one in files.empty:
        path = one.path or "/etc/resolv.conf"
        yield Finding(
            subject=one.subject,
            message=f"{path} has no nameserver line that a resolver accepts",
            quotes=one.quotes[:3],
            remedy=(
                Remedy(
                    title="Give the node a resolver",
                    commands=(
                        "resolvectl dns <interface> <resolver>",
                        "or set it in netplan, NetworkManager or the DHCP server",
                    ),
                    risk=Risk.MANUAL,
                    verify=f"grep nameserver {path}",
                ),
                restart_coredns("resolv.conf is written once, when a pod starts"),
            ),
        )
