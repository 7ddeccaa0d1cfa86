"""flannel does not run on a node, so the node has no part in the pod network.

Limits: it says that flannel is not well, not why; its log does. A node on which the DaemonSet wants
no pod (selector, taints) is not counted.
Source: flannel-io/flannel v0.26.7, main.go; apps/v1 DaemonSetStatus.
"""

from collections.abc import Iterator

from diagnose.check import NotApplicable, check
from diagnose.facts import DaemonSets, FlannelLogs, Pods
from diagnose.model import Finding, Quote, Severity, Subject
from diagnose.remedies import look, quoted, restart_flannel, restart_kube_proxy

WORDS = ("flannel",)


@check(
    title="flannel does not run",
    severity=Severity.CRITICAL,
    family="overlay",
    explains=(
        "flannel-subnet-env-missing",
        "cni-config-uninitialized",
        "pod-network-cross-node-broken",
    ),
)
def flannel_daemonset_failing(
    sets: DaemonSets, pods: Pods | None, logs: FlannelLogs | None
) -> Iterator[Finding]:
    """Yield one finding per flannel pod that is not well, or one per DaemonSet lacking pods."""
    daemons = sets.named(*WORDS)
    broken = [
        pod
        for pod in (pods.named("kube-flannel", "flannel", "canal") if pods else ())
        if pod.ready is False and not pod.finished and not pod.out_of_sight
    ]
    if not daemons and not broken:
        raise NotApplicable("no flannel in the cluster")
    last = logs.streams[-1].unknown[-1:] if logs and logs.streams else ()
    for pod in broken:
        message = f"{pod.status or 'not ready'} on {pod.subject.node or 'its node'}"
        yield finding(pod.subject, message, (pod.quote, *last))
    for one in daemons if not broken else ():
        lost = sum(pod.out_of_sight for pod in (pods.named(one.subject.name) if pods else ()))
        if one.desired is not None and one.ready is not None and one.ready + lost < one.desired:
            yield finding(one.subject, f"{one.ready} of {one.desired} pods are ready", (one.quote,))


def finding(subject: Subject, message: str, quotes: tuple[Quote, ...]) -> Finding:
    """Return the finding with its log to read and the founding order of restarts."""
    space = subject.namespace or "kube-flannel"
    pod = quoted(subject.name, "<pod>") if subject.kind == "Pod" else "-l app=flannel"
    return Finding(
        subject=subject,
        message=message,
        quotes=quotes,
        remedy=(
            look(
                "Read why it ended",
                f"kubectl -n {space} logs {pod} --previous --tail=30",
                verify="the last error names the cause; repair that first",
            ),
            restart_kube_proxy(subject.node),
            restart_flannel(subject.node, space),
        ),
    )
