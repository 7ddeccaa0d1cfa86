"""The API server's address refuses connections.

Somebody answers with a reset: the server is down on a node that is up, or the Service `kubernetes`
has no endpoint and kube-proxy's rule rejects.

Limits: while an API server restarts this is normal for seconds; lines after which the program
reached it again raise nothing.
Source: Go net package (connect: connection refused); kubernetes/kubernetes
pkg/proxy/iptables/proxier.go (REJECT), v1.31.0.
"""

from collections.abc import Iterator
from functools import partial

from diagnose.check import check
from diagnose.effects import COREDNS_WITHOUT_API
from diagnose.facts import ApiFailures, NetworkAddOn
from diagnose.facts.api_failures import ApiFailure
from diagnose.findings import api_findings
from diagnose.model import Finding, Remedy, Severity
from diagnose.remedies import after_api_layer, find_api_layer, look
from diagnose.signatures.base import Emitter
from diagnose.signatures.trouble import Reason


@check(
    title="The API server's address refuses connections",
    severity=Severity.CRITICAL,
    family="apiserver-unreachable",
    explains=(
        *COREDNS_WITHOUT_API,
        "flannel-daemonset-failing",
        "pods-stuck-container-creating",
    ),
)
def apiserver_connection_refused(
    failures: ApiFailures, add_on: NetworkAddOn | None
) -> Iterator[Finding]:
    """Yield one finding per program whose connections to the API server are refused."""
    yield from api_findings(
        failures,
        (Reason.REFUSED,),
        "{target} refuses connections for {resource}",
        partial(steps, add_on=add_on.name if add_on else ""),
    )


def steps(failure: ApiFailure, *, add_on: str) -> tuple[Remedy, ...]:
    """Return the remedy: the server first, then who translates its address."""
    node, target = failure.subject.node, failure.trouble.target
    if failure.emitter is Emitter.API_CLIENT and not failure.certain:
        return from_outside()
    return (
        look(
            "See whether the API server runs, on a control-plane node",
            "crictl ps -a --name kube-apiserver; curl -sk https://127.0.0.1:6443/livez",
            "kubectl get endpointslices -l kubernetes.io/service-name=kubernetes",
            verify="livez says ok; the slice names that server's address",
        ),
        find_api_layer(target, node),
        *after_api_layer(target, node, add_on=add_on),
    )


def from_outside() -> tuple[Remedy, ...]:
    """Return the remedy where corediag's own request was refused: is it the right place at all."""
    return (
        look(
            "See whether the kubeconfig names the right address",
            "kubectl config view --minify",
            verify="host and port are the cluster's; a VPN or tunnel that it takes is up",
        ),
        look(
            "See whether the API server runs, on a control-plane node",
            "crictl ps -a --name 'kube-apiserver|etcd'; curl -k https://localhost:6443/livez",
            verify="livez says ok; else its log, or etcd's, says why: crictl logs <id>",
        ),
    )
