"""A pod of the API server or of its storage does not stay up.

Limits: only where the control plane runs in pods that the evidence shows; k3s, RKE2's servers and
managed clusters hide theirs.
Source: kubernetes/kubernetes v1.30.5, cmd/kubeadm/app/phases/controlplane/manifests.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Pods
from diagnose.facts.pods import Pod
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted

PARTS = ("kube-apiserver", "etcd")
ENDING = ("CrashLoopBackOff", "Error", "OOMKilled", "CreateContainerError", "RunContainerError")


@check(
    title="The API server or etcd does not stay up",
    severity=Severity.CRITICAL,
    family="apiserver-unreachable",
    explains=(
        "apiserver-connection-refused",
        "apiserver-unreachable-timeout",
        "apiserver-overloaded",
        "apiserver-tls-handshake-timeout",
        "node-not-ready",
    ),
)
def apiserver_down(pods: Pods) -> Iterator[Finding]:
    """Yield one finding per pod of the API server or etcd that is not well."""
    for part in PARTS:
        several = [one for one in pods.named(f"{part}-") if not one.finished]
        ill = [one for one in several if not_well(one)]
        for pod in ill:
            yield Finding(
                subject=pod.subject,
                message=f"{pod.status or 'not ready'}, {pod.restarts or 0} restarts"
                + (
                    f"; {len(several) - len(ill)} others are well"
                    if len(several) > len(ill)
                    else ""
                ),
                quotes=(pod.quote,),
                remedy=steps(pod, part),
                severity=Severity.CRITICAL if len(ill) == len(several) else Severity.WARNING,
            )


def not_well(pod: Pod) -> bool:
    """Whether a pod ends again and again, or runs without being ready."""
    reasons = {pod.status, *(one.reason for one in pod.containers)}
    return bool(reasons.intersection(ENDING)) or (pod.ready is False and pod.status == "Running")


def steps(pod: Pod, part: str) -> tuple[Remedy, ...]:
    """Return the remedy: its own log on its node, then what that names."""
    node = quoted(pod.subject.node, "the control-plane node")
    return (
        look(
            f"Read why it ends, on {node}",
            f"crictl logs $(crictl ps -a --name {part} -q | head -1) 2>&1 | tail -30",
            "df -h /var/lib/etcd; kubeadm certs check-expiration",
            verify="the last error: storage, a certificate, a flag, or memory",
        ),
        Remedy(
            title="Repair what it names; the kubelet starts the pod again by itself",
            commands=(f"edit /etc/kubernetes/manifests/{part}.yaml where a flag is wrong",),
            risk=Risk.MANUAL,
            verify="curl -sk https://127.0.0.1:6443/livez  # ok",
        ),
    )
