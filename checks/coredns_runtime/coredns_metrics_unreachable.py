"""The metrics of CoreDNS cannot be had, though its pod answers.

Prometheus, an agent or a ServiceMonitor gets as little: response codes and failures are not seen.
Names resolve all the same.

Limits: a note; a network policy that keeps a scraper out is not seen from the API server.
Source: coredns/coredns v1.12.4, plugin/metrics/metrics.go (OnStartup: "Failed to start metrics
handler" leaves CoreDNS running) and plugin/metrics/README.md (localhost:9153 without an address).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CoreDNSMetrics
from diagnose.facts.coredns_health import Endpoint
from diagnose.model import Finding, Remedy, Severity
from diagnose.remedies import edit_corefile, look


@check(
    title="The metrics of CoreDNS cannot be read",
    severity=Severity.INFO,
    family="corefile-domain",
)
def coredns_metrics_unreachable(metrics: CoreDNSMetrics) -> Iterator[Finding]:
    """Yield one finding per pod that answers elsewhere and not for its metrics."""
    for one in metrics.silent:
        came = f"{one.status} {one.body}".strip() if one.status else one.trouble
        yield Finding(
            subject=one.subject,
            message=f"gives no metrics on port {one.port}: {came[:120]}",
            quotes=(one.quote,),
            remedy=steps(one),
        )


def steps(one: Endpoint) -> tuple[Remedy, ...]:
    """Return the remedy: see where the plugin listens, then let it listen for pods."""
    return (
        look(
            "See what the Corefile tells the prometheus plugin, and what CoreDNS says of it",
            "kubectl -n kube-system get configmap coredns -o yaml | grep prometheus",
            "kubectl -n kube-system logs -l k8s-app=kube-dns --prefix | grep -i metrics",
            verify="prometheus :9153 in a server block, and no line of a failed start",
        ),
        edit_corefile(
            f"Let it listen on every address: prometheus :{one.port}", "coredns-metrics-unreachable"
        ),
    )
