"""The API server's address refuses connections.

Somebody answers with a reset: the server is down on a node that is up, or the Service `kubernetes`
has no endpoint and kube-proxy's rule rejects.

Limits: while an API server restarts this is normal for seconds; lines after which the program
reached it again raise nothing.
Source: Go net package (connect: connection refused); kubernetes/kubernetes
pkg/proxy/iptables/proxier.go (REJECT), v1.31.0.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import ApiFailures
from diagnose.facts.api_failures import ApiFailure
from diagnose.findings import api_findings
from diagnose.model import Finding, Remedy, Severity
from diagnose.remedies import find_api_layer, look, restart_flannel, restart_kube_proxy
from diagnose.signatures.trouble import Reason


@check(
    title="The API server's address refuses connections",
    severity=Severity.CRITICAL,
    family="apiserver-unreachable",
    explains=(
        "coredns-not-ready",
        "coredns-unsynced-start",
        "coredns-api-error-hidden",
        "flannel-daemonset-failing",
        "pods-stuck-container-creating",
    ),
)
def apiserver_connection_refused(failures: ApiFailures) -> Iterator[Finding]:
    """Yield one finding per program whose connections to the API server are refused."""
    yield from api_findings(
        failures, (Reason.REFUSED,), "{target} refuses connections for {resource}", steps
    )


def steps(failure: ApiFailure) -> tuple[Remedy, ...]:
    """Return the remedy: the server first, then who translates its address."""
    node = failure.subject.node
    return (
        look(
            "See whether the API server runs, on a control-plane node",
            "crictl ps -a --name kube-apiserver; curl -sk https://127.0.0.1:6443/livez",
            "kubectl get endpointslices -l kubernetes.io/service-name=kubernetes",
            verify="livez says ok; the slice names that server's address",
        ),
        find_api_layer(failure.trouble.target, node),
        restart_kube_proxy(node),
        restart_flannel(node),
    )
