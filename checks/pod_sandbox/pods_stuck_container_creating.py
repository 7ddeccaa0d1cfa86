"""Pods stay in ContainerCreating.

Limits: a young pod is rightly there for a while, and what waits for an image is not meant. It says
that sandboxes or volumes fail, not why; the Events of the pod do.
Source: kubernetes/kubernetes v1.31.0, pkg/kubelet/kuberuntime/kuberuntime_sandbox.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import StuckPods
from diagnose.model import Finding, Severity
from diagnose.remedies import look, quoted


@check(
    title="Pods stay in ContainerCreating",
    severity=Severity.CRITICAL,
    family="sandbox-other",
    explains=("no-ready-endpoints",),
    symptom=True,
)
def pods_stuck_container_creating(stuck: StuckPods) -> Iterator[Finding]:
    """Yield one finding per pod that cannot get its sandbox or has waited for minutes."""
    for one in stuck.pods:
        yield Finding(
            subject=one.subject,
            message=one.message,
            quotes=one.quotes,
            remedy=look(
                "Read the newest event of the pod: its inner error names the cause",
                f"kubectl -n {quoted(one.subject.namespace, '<namespace>')} describe pod "
                f"{quoted(one.subject.name, '<pod>')} | tail -20",
                verify="give it to corediag with --from -",
            ),
        )
