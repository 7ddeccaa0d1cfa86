"""The DNS service and CoreDNS's pods have no IP family in common.

A Service of one family takes endpoints of that family only. A cluster that was turned to the other
family on one side (service range, or pod network) has a service without endpoints.

Limits: pods without an address yet tell nothing.
Source: Kubernetes API, core/v1 ServiceSpec.ipFamilies and PodStatus.podIPs; kubernetes/kubernetes
v1.31.0, staging/src/k8s.io/endpointslice/reconciler.go.
"""

from collections.abc import Iterable, Iterator

from diagnose.check import check
from diagnose.facts import DNSPods, DNSServices
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted


@check(
    title="DNS service and CoreDNS pods have no common IP family",
    severity=Severity.CRITICAL,
    family="ipfamilies",
    explains=("no-ready-endpoints", "resolution-fails"),
)
def dns_service_ipfamily_mismatch(services: DNSServices, pods: DNSPods) -> Iterator[Finding]:
    """Yield one finding per DNS service that no address of a CoreDNS pod fits."""
    having = families(ip for pod in pods.pods for ip in pod.ips or ())
    for one in services.services:
        wanted = families(one.cluster_ips or ())
        if not wanted or not having or wanted & having:
            continue
        space = quoted(one.subject.namespace, "kube-system")
        name = quoted(one.subject.name, "kube-dns")
        yield Finding(
            subject=one.subject,
            message=f"the service is {'/'.join(sorted(wanted))}, the pods are "
            f"{'/'.join(sorted(having))}",
            quotes=(
                one.quote.on("cluster_ips"),
                *[pod.quote.on("ips") for pod in pods.pods if pod.ips][:2],
            ),
            remedy=(
                look(
                    "See the families of service, pods and nodes",
                    f"kubectl -n {space} get service {name} "
                    "-o jsonpath='{.spec.ipFamilies} {.spec.clusterIPs}'",
                    "kubectl -n kube-system get pods -l k8s-app=kube-dns "
                    "-o jsonpath='{..podIPs}'; kubectl get nodes -o jsonpath='{..podCIDRs}'",
                    verify="the families of the service and of the pods differ",
                ),
                Remedy(
                    title="Give the pods that family too, or make the service anew in the pods'",
                    commands=(
                        f"kubectl -n {space} get service {name} -o yaml > {name}.yaml",
                        f"edit clusterIP, clusterIPs and ipFamilies in {name}.yaml",
                        f"kubectl -n {space} delete service {name} && kubectl apply -f {name}.yaml",
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify="kubectl get endpointslices -A -l k8s-app=kube-dns  # lists the pods",
                    why="a cluster address cannot be changed in place; kubelets must name the new "
                    "one in clusterDNS",
                ),
            ),
        )


def families(addresses: Iterable[str]) -> set[str]:
    """Return the IP families of addresses."""
    return {"IPv6" if ":" in one else "IPv4" for one in addresses}
