"""More than three name servers: those beyond the third are never asked.

Harmless as long as the first three answer and know the same names, so it is a note.

Source: kubernetes/kubernetes v1.31.0, pkg/kubelet/network/dns/dns.go
(formDNSNameserversFitsLimits); glibc resolv.h (MAXNS), musl src/network/lookup.h (MAXNS).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import ResolverLimits
from diagnose.model import Finding, Remedy, Risk, Severity


@check(
    title="More name servers than a resolver takes",
    severity=Severity.INFO,
    family="search-limits",
)
def node_nameserver_limit(limits: ResolverLimits) -> Iterator[Finding]:
    """Yield one finding per node whose list is cut."""
    for one in limits.nameservers:
        rest = f", never {', '.join(one.left_out)}" if one.left_out else ", never the others"
        yield Finding(
            subject=one.subject,
            message=f"only {', '.join(one.kept) or 'the first three'} are asked{rest}",
            quotes=one.quotes[:3],
            remedy=Remedy(
                title="Leave at most three, those that know all names first",
                commands=(
                    "set them in netplan, NetworkManager or the DHCP server (IPv4 and IPv6 add up)",
                    "systemctl restart kubelet, then recreate the pods",
                ),
                risk=Risk.MANUAL,
                verify="kubectl get events -A --field-selector reason=DNSConfigForming",
            ),
        )
