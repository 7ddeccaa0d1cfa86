"""The API server does not answer: requests to it time out.

CoreDNS reaches the API server through its Service address, the first of the service range, which
kube-proxy of the node translates. A timeout means that packets vanish on the way: no rules, no
route, a filter, or a server that is down with its node. flannel and the plugins that ask the API
(Calico, Multus) use the same address and say the same.

Limits: CoreDNS 1.8.4 to 1.8.6 and 1.14.2 and later print nothing of a timeout, 1.12.4 to 1.13.1 no
reason; there the cause has to be seen from elsewhere.
Source: Go net package (dial tcp … i/o timeout); kubernetes/client-go tools/cache/reflector.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import ApiFailures
from diagnose.facts.api_failures import ApiFailure
from diagnose.findings import api_findings
from diagnose.model import Finding, Remedy, Severity
from diagnose.remedies import find_api_layer, restart_flannel, restart_kube_proxy
from diagnose.signatures.trouble import Reason


@check(
    title="The API server does not answer",
    severity=Severity.CRITICAL,
    family="apiserver-unreachable",
    explains=(
        "coredns-not-ready",
        "coredns-unsynced-start",
        "coredns-api-error-hidden",
        "flannel-daemonset-failing",
        "pods-stuck-container-creating",
    ),
    also=("cni-apiserver-unreachable", "flannel-apiserver-unreachable"),
)
def apiserver_unreachable_timeout(failures: ApiFailures) -> Iterator[Finding]:
    """Yield one finding per program whose requests to the API server time out."""
    yield from api_findings(
        failures, (Reason.TIMEOUT,), "no answer from {target} for {resource}", steps
    )


def steps(failure: ApiFailure) -> tuple[Remedy, ...]:
    """Return the founding order: find the layer, then kube-proxy, then flannel."""
    node = failure.subject.node
    return (
        find_api_layer(failure.trouble.target, node),
        restart_kube_proxy(node),
        restart_flannel(node),
    )
