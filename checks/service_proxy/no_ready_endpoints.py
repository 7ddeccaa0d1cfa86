"""Nobody stands behind the DNS service.

kube-proxy answers a packet to a Service without ready endpoints with ICMP port unreachable, so
clients see "connection refused" at once, not a timeout. While pods end and still serve, it sends to
these.

Limits: endpoints are as old as the evidence; during a rollout they may be empty for seconds.
Source: kubernetes/kubernetes v1.31.0, pkg/proxy/iptables/proxier.go ("has no endpoints"), and
discovery/v1 EndpointConditions (ready).
"""

from collections.abc import Iterator

from diagnose.check import NotApplicable, check
from diagnose.facts import DNSServices, ReadyEndpoints
from diagnose.model import Finding, Severity
from diagnose.remedies import look


@check(
    title="The DNS service has no ready endpoint",
    severity=Severity.CRITICAL,
    family="no-endpoints",
    explains=(
        "resolution-fails",
        "service-proxy-broken",
        "nodelocaldns-upstream-unreachable",
    ),
    symptom=True,
)
def no_ready_endpoints(
    endpoints: ReadyEndpoints, services: DNSServices | None
) -> Iterator[Finding]:
    """Yield one finding per DNS service without a ready endpoint."""
    headless = {
        one.subject.name
        for one in (services.services if services else ())
        if one.cluster_ips == () or one.type == "ExternalName"
    }
    if endpoints.backends and all(one.service.name in headless for one in endpoints.backends):
        raise NotApplicable("the DNS service has no cluster address of its own")
    for backend in endpoints.backends:
        if backend.ready or backend.more:
            continue
        waiting = len(backend.endpoints)
        state = f"{waiting} not ready, none ready" if waiting else "none at all"
        last = "those that end answer until they are gone, then " if backend.ending else ""
        yield Finding(
            subject=backend.service,
            message=f"endpoints: {state}; {last}clients are refused",
            quotes=backend.quotes,
            remedy=look(
                "See whether the pods or the selector are wrong",
                f"kubectl -n {backend.service.namespace or 'kube-system'} "
                f"describe service {backend.service.name}",
                "kubectl get pods -A -l k8s-app=kube-dns -o wide --show-labels",
                verify="corediag run --check no-ready-endpoints",
            ),
        )
