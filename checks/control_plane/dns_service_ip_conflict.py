"""The address wanted for DNS is taken by another Service, or lies outside of the service range.

Limits: kubectl's refusal is seen where the deployment's output is pasted; Events say it afterwards.
Source: kubernetes/kubernetes v1.31.0, pkg/registry/core/service/storage/alloc.go and
pkg/registry/core/service/ipallocator/controller/repair.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import AddressConflicts
from diagnose.model import Finding, Remedy, Risk, Severity, Subject
from diagnose.remedies import look, quoted


@check(
    title="The address wanted for DNS is taken or outside of the service range",
    severity=Severity.CRITICAL,
    family="cluster-dns-mismatch",
    explains=("dns-service-missing", "kubelet-clusterdns-mismatch"),
)
def dns_service_ip_conflict(conflicts: AddressConflicts) -> Iterator[Finding]:
    """Yield one finding per Service whose address could not be had."""
    for one in conflicts.conflicts:
        address = quoted(one.address, "<address>")
        yield Finding(
            subject=one.subject if one.subject.kind else Subject("Service", "", "kube-system"),
            message=f"{one.address or 'its address'} {one.why}",
            quotes=one.quotes[:3],
            remedy=(
                look(
                    "Find who has the address",
                    f"kubectl get services -A -o wide | grep -w {address}",
                    verify="another Service, or nobody: then it lies outside of the range",
                ),
                Remedy(
                    title="Move the other one away, or deploy DNS with a free address",
                    commands=(
                        "./deploy.sh -i <free address> -s -t coredns.yaml.sed | kubectl apply -f -",
                    ),
                    risk=Risk.DISRUPTIVE,
                    verify="kubectl -n kube-system get service kube-dns",
                    why="the kubelets' clusterDNS must name the same address",
                ),
            ),
        )
