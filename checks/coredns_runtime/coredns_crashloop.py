"""CoreDNS's container ends again and again.

Limits: it says that CoreDNS does not stay up, not why; the reason stands in the log of the run
before. Restarts that lie back while the pod is ready are history.

What keeps CoreDNS from the API server ends versions up to 1.4: their /health asks every plugin, and
that of kubernetes is unwell until its lists are there, so that the liveness probe fails.
Source: kubernetes/kubernetes v1.31.0, pkg/kubelet/kuberuntime/kuberuntime_manager.go (doBackOff);
coredns/coredns v1.4.0, plugin/health/health.go (poll), plugin/kubernetes/health.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import DNSPods
from diagnose.facts.pods import Pod
from diagnose.model import Finding, Severity
from diagnose.remedies import look, quoted

ENDING = ("CrashLoopBackOff", "Error", "OOMKilled", "RunContainerError", "StartError")
FEW = 3  # restarts of a pod that is not ready; fewer happen while a node starts


@check(
    title="CoreDNS restarts again and again",
    severity=Severity.CRITICAL,
    family="coredns-crashloop",
    explains=(
        "no-ready-endpoints",
        "external-names-fail",
        "internal-names-fail",
        "coredns-replica-failing",
    ),
    symptom=True,
)
def coredns_crashloop(pods: DNSPods) -> Iterator[Finding]:
    """Yield one finding per CoreDNS pod that does not stay up."""
    for pod in pods.pods:
        if pod.deleting or pod.status == "Terminating":
            continue  # it is to end
        ending = pod.status in ENDING or any(one.reason in ENDING for one in pod.containers)
        restless = pod.ready is False and (pod.restarts or 0) >= FEW and pod.status == "Running"
        if not ending and not restless:
            continue
        yield Finding(
            subject=pod.subject,
            message=describe(pod),
            quotes=(pod.quote,),
            remedy=look(
                "Read the log of the run before",
                f"kubectl -n {pod.subject.namespace or 'kube-system'} logs "
                f"{quoted(pod.subject.name, '<pod>')} --previous --tail=20",
                verify="its last line is the reason; give it to corediag with --from -",
            ),
        )


def describe(pod: Pod) -> str:
    """Return how a pod ended, how often, and with what exit code, as far as it is known."""
    words = [pod.status or "restarting"]
    if pod.restarts:
        words.append(f"{pod.restarts} restarts")
    for one in pod.containers:
        reason, code = one.last_reason or one.reason, one.last_exit_code
        if code is None:
            code = one.exit_code
        if code is not None and reason:
            words.append(f"last ended with {reason}, exit code {code}")
    return ", ".join(dict.fromkeys(words))
