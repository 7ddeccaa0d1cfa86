"""Cilium's table of services has an address without a backend.

In place of kube-proxy Cilium keeps Service addresses in a table of its own. A row without a backend
refuses: for the API server's address also Cilium itself, when it was not given the server's own.

Limits: a Service without ready endpoints has no backend rightly; the listing does not tell.
Source: cilium/cilium v1.16, cilium-dbg/cmd/service_list.go (printServiceList).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CiliumServices, DNSServices, ReadyEndpoints
from diagnose.facts.logs import Match
from diagnose.model import CLUSTER, Finding, Remedy, Risk, Severity
from diagnose.remedies import NODE, look, quoted

API_PORTS = ("443", "6443")
DNS_PORT = "53"


@check(
    title="Cilium has no backend for a service address",
    severity=Severity.CRITICAL,
    family="service-proxy",
    explains=(
        "apiserver-connection-refused",
        "apiserver-unreachable-timeout",
        "resolution-fails",
        "service-proxy-broken",
    ),
)
def cilium_service_backend_missing(
    table: CiliumServices, services: DNSServices | None, endpoints: ReadyEndpoints | None
) -> Iterator[Finding]:
    """Yield one finding per place whose table lacks the API server's or DNS's backend."""
    dns = set(services.addresses) if services else set()
    backed = bool(endpoints and any(one.ready for one in endpoints.backends))
    wanted = [one for one in table.rows if matters(one, dns)]
    for subject in dict.fromkeys(one.subject for one in wanted):
        rows = [one for one in wanted if one.subject == subject]
        yield Finding(
            subject=subject if subject.name else CLUSTER,
            message="no backend for "
            + ", ".join(dict.fromkeys(f"{one['address']}:{one['port']}" for one in rows)),
            quotes=tuple(one.quote for one in rows[:3]),
            remedy=steps(quoted(subject.node, NODE)),
            proven=backed and all(one["address"] in dns for one in rows),
        )


def matters(row: Match, dns: set[str]) -> bool:
    """Whether a row is of the API server's address, the first of its range, or of DNS."""
    if row["port"] in API_PORTS:
        return row["address"].endswith((".1", ":1"))
    return row["port"] == DNS_PORT and (not dns or row["address"] in dns)


def steps(node: str) -> tuple[Remedy, ...]:
    """Return the remedy: compare, restart the agent, give it the API server's own address."""
    return (
        look(
            "Compare the table with the endpoints",
            "kubectl -n kube-system exec ds/cilium -- cilium-dbg service list | grep -E ':443|:53'",
            "kubectl get endpointslices -A | grep -E 'kubernetes|dns'",
            verify="the endpoint is there, the backend is not",
        ),
        Remedy(
            title="Restart the agent, which fills the table anew",
            commands=(
                "kubectl -n kube-system delete pod -l k8s-app=cilium "
                f"--field-selector spec.nodeName={node}",
            ),
            risk=Risk.DISRUPTIVE,
            verify="the row has a backend",
        ),
        Remedy(
            title="Give the agent the API server's own address, so that it needs no row",
            commands=(
                "helm upgrade cilium cilium/cilium -n kube-system --reuse-values "
                "--set k8sServiceHost=<address> --set k8sServicePort=6443",
            ),
            risk=Risk.DISRUPTIVE,
            verify="cilium-dbg status  # KubeProxyReplacement: True, Kubernetes: Ok",
        ),
    )
