"""The liveness probe kills CoreDNS.

The kubelet asks :8080/health from the node. A process that is starved of CPU answers late; a node
whose way to its own pods is broken (a filter, a bridge of another subnet) gets no answer at all.

Limits: it says that no answer came, not why; "connection refused" is met when CoreDNS ended by
itself, and counts for nothing here.
Source: kubernetes/kubernetes v1.30.5, pkg/kubelet/prober/prober.go,
pkg/kubelet/kuberuntime/kuberuntime_manager.go (computePodActions).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import DNSPodTroubles
from diagnose.facts.dns_pod_troubles import PodTrouble, Trouble
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted


@check(
    title="The liveness probe kills CoreDNS",
    severity=Severity.CRITICAL,
    family="coredns-crashloop",
    explains=("coredns-crashloop",),
)
def coredns_liveness_killed(troubles: DNSPodTroubles) -> Iterator[Finding]:
    """Yield one finding per CoreDNS pod whose liveness probe fails again and again."""
    for one in troubles.of(Trouble.KILLED):
        detail = one.detail if "will be restarted" not in one.detail else ""
        yield Finding(
            subject=one.subject,
            message="its liveness probe gets no answer" + (f": {detail[:140]}" if detail else ""),
            quotes=one.quotes[:3],
            remedy=steps(one),
            proven=False,
        )


def steps(one: PodTrouble) -> tuple[Remedy, ...]:
    """Return the remedy: ask as the kubelet does, then the pod network or the load."""
    space, pod = quoted(one.subject.namespace, "kube-system"), quoted(one.subject.name, "<pod>")
    return (
        look(
            "Ask as the kubelet does, from the pod's node and past the pod network",
            f"curl -sm 5 http://<pod address>:8080/health  # on {one.subject.node or 'its node'}",
            f"kubectl get --raw /api/v1/namespaces/{space}/pods/{pod}:8080/proxy/health",
            f"kubectl -n {space} top pod {pod}",
            verify="no answer only from the node: a filter or the bridge; slow everywhere: load",
        ),
        Remedy(
            title="Where CoreDNS is starved: raise or remove its CPU limit, or add replicas",
            commands=(
                f"kubectl -n {space} set resources deployment coredns --limits=cpu=0",
                f"kubectl -n {space} scale deployment coredns --replicas=<more>",
            ),
            risk=Risk.DISRUPTIVE,
            verify=f"kubectl -n {space} get events --field-selector reason=Killing",
        ),
    )
