"""kube-controller-manager does not stay up.

Without it no ReplicaSet makes pods, no EndpointSlice follows them, no node gets a range.

Limits: only where it runs as a pod that the evidence shows.
Source: kubernetes/kubernetes v1.30.5, cmd/kubeadm/app/phases/controlplane/manifests.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Pods
from diagnose.facts.pods import Pod
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted

ENDING = ("CrashLoopBackOff", "Error", "OOMKilled", "CreateContainerError", "RunContainerError")


@check(
    title="kube-controller-manager does not stay up",
    severity=Severity.WARNING,
    family="no-endpoints",
    explains=("endpointslice-sync-failed", "no-ready-endpoints", "node-podcidr-missing"),
)
def controller_manager_down(pods: Pods) -> Iterator[Finding]:
    """Yield one finding per pod of it that is not well, unless another one is."""
    several = [one for one in pods.named("kube-controller-manager-") if not one.finished]
    ill = [one for one in several if not_well(one)]
    for pod in ill if len(ill) == len(several) else ():
        node = quoted(pod.subject.node, "the control-plane node")
        yield Finding(
            subject=pod.subject,
            message=f"{pod.status or 'not ready'}, {pod.restarts or 0} restarts",
            quotes=(pod.quote,),
            remedy=(
                look(
                    f"Read why it ends, on {node}",
                    "crictl logs $(crictl ps -a --name kube-controller-manager -q | head -1) 2>&1 "
                    "| tail -30",
                    "kubectl -n kube-system get lease kube-controller-manager",
                    verify="the last error; the lease is renewed every few seconds",
                ),
                Remedy(
                    title="Repair what it names; the kubelet starts the pod again by itself",
                    commands=("edit /etc/kubernetes/manifests/kube-controller-manager.yaml",),
                    risk=Risk.MANUAL,
                    verify="kubectl -n kube-system get pods -l component=kube-controller-manager",
                ),
            ),
        )


def not_well(pod: Pod) -> bool:
    """Whether a pod ends again and again, or runs without being ready."""
    reasons = {pod.status, *(one.reason for one in pod.containers)}
    return bool(reasons.intersection(ENDING)) or (pod.ready is False and pod.status == "Running")
