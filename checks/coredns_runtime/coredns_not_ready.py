"""CoreDNS runs and is not ready.

The ready plugin answers 503 until every plugin that can say so is ready; the kubernetes plugin is
ready once it has listed the cluster. A pod that is not ready gets no traffic.

Limits: the first half minute of a pod looks like this. It says that CoreDNS waits, not for what.
Source: coredns/coredns v1.12.0 and v1.12.2, plugin/ready/ready.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import UnreadyCoreDNS
from diagnose.model import Finding, Severity
from diagnose.remedies import look


@check(
    title="CoreDNS runs but is not ready",
    severity=Severity.CRITICAL,
    family="no-endpoints",
    explains=(
        "no-ready-endpoints",
        "internal-names-fail",
        "coredns-replica-failing",
    ),
    symptom=True,
)
def coredns_not_ready(unready: UnreadyCoreDNS) -> Iterator[Finding]:
    """Yield one finding per CoreDNS pod that runs without being ready."""
    for one in unready.pods:
        if one.kube_dns:
            continue
        plugins = f": waits for its plugin {', '.join(one.plugins)}" if one.plugins else ""
        if one.unnamed:
            plugins = f"; a log that names no pod waits for the plugin {', '.join(one.unnamed)}"
        yield Finding(
            subject=one.subject,
            message=f"runs, not ready{plugins}",
            quotes=one.quotes[:3],
            remedy=look(
                "Read what it says about the Kubernetes API",
                "kubectl -n kube-system logs -l k8s-app=kube-dns --tail=30 --prefix",
                verify="kubectl -n kube-system get pods -l k8s-app=kube-dns  # READY 1/1",
            ),
            family="apiserver-unreachable" if "kubernetes" in (*one.plugins, *one.unnamed) else "",
        )
