"""A kubelet cuts search domains off because the list is too long.

A pod gets the cluster's three domains and then those of its node. What goes beyond the limit (6 up
to Kubernetes 1.25, 32 since; 256 and 2048 characters) is left out.

Limits: only names that need a dropped domain suffer, and which those are the kubelet does not say.
Source: kubernetes/kubernetes v1.31.0, pkg/kubelet/network/dns/dns.go (formDNSSearchFitsLimits,
CheckLimitsForResolvConf until 1.27).
"""

from collections.abc import Iterator, Sequence

from diagnose.check import check
from diagnose.facts import ResolverLimits
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted

SHOWN = 4  # domains by name


@check(
    title="Search domains are cut off: the list is too long",
    severity=Severity.WARNING,
    family="search-limits",
    explains=("external-names-fail",),
)
def node_search_limit(limits: ResolverLimits) -> Iterator[Finding]:
    """Yield one finding per node whose list is cut."""
    for one in limits.searches:
        own = [each for each in one.kept if not of_cluster(each, one.kept)]
        node = one.subject.name
        what = f"dropped: {some(one.left_out)}" if one.left_out else "the rest is dropped"
        kept = f"of the node's search domains pods keep {some(own) or 'none'}, {what}"
        yield Finding(
            subject=one.subject,
            message=(kept if one.kept else "the node's search list is too long for pods")
            + "; short names that need another do not resolve",
            quotes=one.quotes[:3],
            remedy=(
                look(
                    "Compare the node's list with what pods get",
                    f"grep ^search /etc/resolv.conf  # on {quoted(node, 'the node')}",
                    "kubectl exec <pod> -- cat /etc/resolv.conf",
                    verify="the name that fails needs a domain that only the node's list has",
                ),
                Remedy(
                    title="Shorten the node's list, or give pods that need it a list of their own",
                    commands=(
                        "set it in netplan, NetworkManager or the DHCP server, or name a shorter "
                        "file as resolvConf in /var/lib/kubelet/config.yaml",
                        "or use full names: <host>.<domain>.",
                        "systemctl restart kubelet, then recreate the pods",
                    ),
                    risk=Risk.MANUAL,
                    verify="kubectl get events -A --field-selector reason=DNSConfigForming",
                    why="three entries are for the cluster's own domains",
                ),
            ),
            proven=False,
        )


def some(domains: Sequence[str]) -> str:
    """Return domains as a text, of many the first ones and their number."""
    more = f" and {len(domains) - SHOWN} more" if len(domains) > SHOWN + 1 else ""
    return ", ".join(domains[:SHOWN] if more else domains) + more


def of_cluster(domain: str, kept: tuple[str, ...]) -> bool:
    """Whether a search domain is one of the three that the kubelet puts first."""
    zone = next((one.removeprefix("svc.") for one in kept if one.startswith("svc.")), "")
    return bool(zone) and (domain == zone or domain.endswith(f"svc.{zone}"))
