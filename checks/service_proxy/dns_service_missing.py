"""No Service serves cluster DNS.

Limits: a cluster may be served by a DNS server outside of it; the kubelets' clusterDNS then names
no Service, and this check does not apply where that is known.
Source: coredns/deployment kubernetes/coredns.yaml.sed (Service kube-dns).
"""

from collections.abc import Iterator

from diagnose.check import NotApplicable, check
from diagnose.facts import DNSPods, DNSServices, KubeletConfigs
from diagnose.model import CLUSTER, Finding, Quote, Remedy, Risk, Severity


@check(
    title="No Service serves cluster DNS",
    severity=Severity.CRITICAL,
    family="cluster-dns-mismatch",
    explains=("resolution-fails", "kubelet-clusterdns-mismatch"),
)
def dns_service_missing(
    services: DNSServices, pods: DNSPods | None, kubelets: KubeletConfigs | None
) -> Iterator[Finding]:
    """Yield one finding when Services are known and none of them serves DNS."""
    if services.services:
        return
    system = any(one.subject.namespace == "kube-system" for one in services.others)
    if services.gaps and not system:
        return  # the Services of other namespaces say nothing of the one of DNS
    wanted = [ip for one in (kubelets.configs if kubelets else ()) for ip in one.cluster_dns or ()]
    owners = [one for one in services.others if set(one.cluster_ips or ()) & set(wanted)]
    if owners:
        raise NotApplicable(f"{owners[0].subject} has the address that kubelets hand to pods")
    if pods is not None and not pods.pods and not pods.gaps and wanted:
        raise NotApplicable("no CoreDNS in the cluster; kubelets name a DNS server outside of it")
    listed = tuple(one.quote.on("name") for one in services.others[:3])
    address = wanted[0] if wanted else "<clusterDNS>"
    yield Finding(
        subject=CLUSTER,
        message="no Service is named or labelled for DNS, and none selects CoreDNS",
        quotes=listed or (Quote(services.origin, "services found: none", summary=True),),
        remedy=(
            Remedy(
                title="Look for DNS under another name",
                commands=("kubectl get services -A | grep -E ':53|53/UDP'",),
                risk=Risk.SAFE,
                verify="a Service with port 53, or nothing",
            ),
            Remedy(
                title="Deploy CoreDNS's Service with the address that kubelets hand to pods",
                commands=(f"./deploy.sh -i {address} -s -t coredns.yaml.sed | kubectl apply -f -",),
                risk=Risk.DISRUPTIVE,
                verify="kubectl -n kube-system get service kube-dns",
                why="deploy.sh comes with coredns/deployment",
            ),
        ),
        proven=not services.gaps,
    )
