"""CoreDNS's pods were evicted and are not replaced.

Limits: an evicted pod stays in the list for long; where its replacements are ready it is history.
Source: kubernetes/kubernetes v1.30.5, pkg/kubelet/eviction/helpers.go (evictionMessage).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import DNSPodTroubles
from diagnose.facts.dns_pod_troubles import PodTrouble, Trouble
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import NODE, look, quoted
from diagnose.signatures.kubelet import EVICTED


@check(
    title="CoreDNS's pods were evicted",
    severity=Severity.CRITICAL,
    family="node-pressure",
    explains=("no-ready-endpoints", "coredns-unschedulable", "resolution-fails"),
)
def coredns_evicted(troubles: DNSPodTroubles) -> Iterator[Finding]:
    """Yield one finding per evicted CoreDNS pod while no full set of others is ready."""
    for one in troubles.of(Trouble.EVICTED):
        found = EVICTED.match(one.detail)
        short = f": the node was low on {found['resource']}" if found else ""
        yield Finding(
            subject=one.subject,
            message=f"evicted{short}",
            quotes=one.quotes[:3],
            remedy=steps(one),
            severity=Severity.WARNING if troubles.others_ready else None,
        )


def steps(one: PodTrouble) -> tuple[Remedy, ...]:
    """Return the remedy: relieve the node, protect CoreDNS, clear what is left."""
    node = quoted(one.subject.node, NODE)
    space = quoted(one.subject.namespace, "kube-system")
    return (
        look(
            "See the node's pressure and what uses it up",
            f"kubectl describe node {node} | sed -n '/Conditions/,/Addresses/p'",
            f"df -h; df -i; free -m; crictl stats  # on {node}",
            verify="no condition ending in Pressure is True",
        ),
        Remedy(
            title="Relieve the node: unused images, logs, what grows",
            commands=("crictl rmi --prune", "journalctl --vacuum-size=200M"),
            risk=Risk.DISRUPTIVE,
            verify=f"kubectl describe node {node} | grep Pressure  # False",
        ),
        Remedy(
            title="See that CoreDNS is among the last to be evicted",
            commands=(
                f"kubectl -n {space} get deployment coredns "
                "-o jsonpath='{.spec.template.spec.priorityClassName}'",
                f"kubectl -n {space} delete pods --field-selector status.phase=Failed",
            ),
            risk=Risk.DISRUPTIVE,
            verify=f"kubectl -n {space} get pods -l k8s-app=kube-dns  # Running, none Evicted",
            why="the class is system-cluster-critical in the default manifest",
        ),
    )
