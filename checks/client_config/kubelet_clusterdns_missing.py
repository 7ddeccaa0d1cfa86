"""A kubelet has no DNS address to give, so its pods use the node's resolvers.

Limits: kubeadm and all distributions set it; a kubelet started by hand without it is the case.
Pods that ask for dnsPolicy Default want the node's resolvers and are no fault.
Source: kubernetes/kubernetes v1.31.0, pkg/kubelet/network/dns/dns.go (GetPodDNS, event
MissingClusterDNS).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import DNSServices, MissingClusterDNS
from diagnose.model import Finding, Remedy, Risk, Severity


@check(
    title="A kubelet has no cluster DNS address to give to pods",
    severity=Severity.CRITICAL,
    family="cluster-dns-mismatch",
    explains=("internal-names-fail",),
)
def kubelet_clusterdns_missing(
    missing: MissingClusterDNS, services: DNSServices | None
) -> Iterator[Finding]:
    """Yield one finding per node, or one for the cluster where the node is not known."""
    address = services.addresses[0] if services and services.addresses else "<service IP>"
    for place in missing.places:
        yield Finding(
            subject=place.subject,
            message="pods with cluster DNS get the node's resolvers, which know no Service",
            quotes=(place.quote,),
            remedy=(
                Remedy(
                    title="Set clusterDNS in the kubelet's configuration",
                    commands=(
                        f"set clusterDNS: [{address}] in /var/lib/kubelet/config.yaml",
                        "systemctl restart kubelet",
                    ),
                    risk=Risk.MANUAL,
                    verify="kubectl get events -A --field-selector reason=MissingClusterDNS",
                ),
                Remedy(
                    title="Recreate the pods of that node",
                    commands=("kubectl -n <namespace> delete pod <pod>",),
                    risk=Risk.DISRUPTIVE,
                    verify=f"kubectl exec <pod> -- cat /etc/resolv.conf  # nameserver {address}",
                    why="resolv.conf is written once, when a pod starts",
                ),
            ),
        )
