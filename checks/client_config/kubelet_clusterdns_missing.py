"""A kubelet has no DNS address to give, so its pods use the node's resolvers.

A pod's own resolv.conf shows it too, where nothing of the cluster is in it.

Limits: kubeadm and all distributions set it; a kubelet started by hand without it is the case.
Pods that ask for dnsPolicy Default want the node's resolvers and are no fault.
Source: kubernetes/kubernetes v1.31.0, pkg/kubelet/network/dns/dns.go (GetPodDNS, event
MissingClusterDNS).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import DNSServices, MissingClusterDNS
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted


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
            remedy=steps(address),
        )
    for place in missing.pods:
        pod = quoted(place.subject.name, "<pod>")
        yield Finding(
            subject=place.subject,
            message="its resolv.conf has no search domain of Services: the kubelet gave it the "
            "node's, or its dnsPolicy or hostNetwork asks for that",
            quotes=(place.quote,),
            remedy=(
                look(
                    "See what the pod asks for, and what its kubelet has to give",
                    f"kubectl get pod {pod} -o jsonpath='{{.spec.dnsPolicy}} "
                    "{.spec.hostNetwork}'",
                    "grep -A1 clusterDNS /var/lib/kubelet/config.yaml; ps -o args= -C kubelet"
                    "  # on its node",
                    verify="ClusterFirst and not hostNetwork: the kubelet has no clusterDNS",
                ),
                *steps(address),
            ),
            severity=Severity.WARNING,
            proven=False,
        )


def steps(address: str) -> tuple[Remedy, ...]:
    """Return how kubelets come to give the address."""
    return (
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
    )
