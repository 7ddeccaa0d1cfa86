"""flannel does not run on a node, so the node has no part in the pod network.

Limits: it says that flannel is not well, not why; its log does. A node on which the DaemonSet wants
no pod (selector, taints) is not counted.
Source: flannel-io/flannel v0.26.7, main.go; apps/v1 DaemonSetStatus.
"""

from collections.abc import Iterator

from diagnose.check import NotApplicable, check
from diagnose.facts import AddOnAgents, DaemonSets, FlannelLogs
from diagnose.facts.add_on_agents import fails
from diagnose.facts.pods import Pod
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
        "pods-stuck-container-creating",
    ),
)
def flannel_daemonset_failing(
    sets: DaemonSets, logs: FlannelLogs | None, agents: AddOnAgents | None
) -> Iterator[Finding]:
    """Yield one finding per flannel pod that is not well, or one per DaemonSet lacking pods."""
    daemons = sets.named(*WORDS)
    broken = [
        pod
        for pod in sets.pods_named("kube-flannel", "flannel")
        if pod.ready is False and not pod.finished and not pod.out_of_sight
    ]
    waiting = agents.waiting if agents else None
    if not daemons and not broken:
        if not sets.listed:
            return  # pods alone, and none that is broken: whether it runs is not known
        raise NotApplicable("no flannel in the cluster")
    last = logs.streams[-1].unknown[-1:] if logs and logs.streams else ()
    proxies = {
        one.subject.node: one
        for one in sets.pods_named("kube-proxy")
        if one.ready is False and not one.finished and not one.out_of_sight
    }
    for pod in broken:
        message = f"{pod.status or 'not ready'} on {pod.subject.node or 'its node'}"
        near = (pod.subject.node, "") if pod.subject.node else proxies
        proxy = next((proxies[node] for node in near if node in proxies), None)
        if proxy:
            message += "; kube-proxy, which it needs, is not well either"
        quotes = (pod.quote, *((proxy.quote,) if proxy else ()), *last)
        yield finding(
            pod.subject, message, quotes, proven=proxy is None and fails(pod), waiting=waiting
        )
    for one in daemons if not broken else ():
        lost = sum(pod.out_of_sight for pod in sets.pods_named(one.subject.name))
        if one.desired is not None and one.ready is not None and one.ready + lost < one.desired:
            message = f"{one.ready} of {one.desired} pods are ready"
            yield finding(one.subject, message, (one.quote,), waiting=waiting)


def finding(
    subject: Subject,
    message: str,
    quotes: tuple[Quote, ...],
    *,
    proven: bool = True,
    waiting: Pod | None = None,
) -> Finding:
    """Return the finding with its log to read and the founding order of restarts.

    While pods wait for a sandbox, that is what it comes to; else it is their way to other nodes.
    """
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
        proven=proven,
        family="sandbox-cni-not-ready" if waiting else "",
    )
