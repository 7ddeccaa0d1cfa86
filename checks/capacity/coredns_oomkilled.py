"""CoreDNS is killed for memory.

Its need grows with the number of Services and pods that it watches, with its cache, and with the
queries that wait for an upstream that does not answer, or that run in a circle.

Limits: a single kill that lies back while the pod is ready is history. The state of a container
whose pod is not named is a possibility where all pods that are named are CoreDNS's.
Source: Kubernetes API, core/v1 ContainerStateTerminated (reason OOMKilled); torvalds/linux v6.1
mm/oom_kill.c; kubernetes/kubernetes v1.30.5 pkg/kubelet/oom/oom_watcher_linux.go;
coredns/deployment kubernetes/Scaling_CoreDNS.md (the manual's estimate).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import DNSPodTroubles
from diagnose.facts.dns_pod_troubles import PodTrouble, Trouble
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted

MEBIBYTE = 1024 * 1024


@check(
    title="CoreDNS is killed for memory",
    severity=Severity.CRITICAL,
    family="coredns-oom",
    explains=("coredns-crashloop",),
)
def coredns_oomkilled(troubles: DNSPodTroubles) -> Iterator[Finding]:
    """Yield one finding per CoreDNS pod that was killed for memory."""
    for one in troubles.of(Trouble.MEMORY):
        limit = f" at its limit of {one.limit_bytes // MEBIBYTE} Mi" if one.limit_bytes else ""
        yield Finding(
            subject=one.subject,
            message=f"killed for memory{limit}"
            + (f", {one.count} restarts" if one.count > 1 else "")
            + (f": {one.detail}" if one.detail else ""),
            quotes=one.quotes[:3],
            remedy=steps(one),
            severity=Severity.WARNING if one.ready else None,
            family="node-pressure" if one.detail else "",
            proven=one.told,
        )


def steps(one: PodTrouble) -> tuple[Remedy, ...]:
    """Return the remedy: see what needs it, then the limit, then the queries in flight."""
    space = quoted(one.subject.namespace, "kube-system")
    return (
        look(
            "Compare the use with the limit and with the size of the cluster",
            f"kubectl -n {space} top pod -l k8s-app=kube-dns; kubectl -n {space} get deployment "
            "coredns -o jsonpath='{..resources}'",
            "kubectl get pods,services -A --no-headers | wc -l",
            verify="about (pods + Services) / 1000 + 54 MB is needed; far more: queries pile up",
        ),
        Remedy(
            title="Raise the limit",
            commands=(
                f"kubectl -n {space} set resources deployment coredns --limits=memory=512Mi",
            ),
            risk=Risk.DISRUPTIVE,
            verify=f"kubectl -n {space} get pods -l k8s-app=kube-dns  # no new restart",
        ),
        look(
            "Where queries pile up, see whether they run in a circle or wait for an upstream",
            "corediag run --check loop --check loop-undetected --check 'upstream-*'",
            verify="none of them is found; else repair that: a higher limit only delays it",
        ),
    )
