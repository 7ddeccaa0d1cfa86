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
from functools import partial

from diagnose.check import check
from diagnose.effects import COREDNS_WITHOUT_API
from diagnose.facts import ApiFailures, NetworkAddOn
from diagnose.facts.api_failures import ApiFailure
from diagnose.findings import api_findings
from diagnose.model import Finding, Remedy, Severity
from diagnose.remedies import after_api_layer, find_api_layer
from diagnose.signatures.trouble import Reason


@check(
    title="The API server does not answer",
    severity=Severity.CRITICAL,
    family="apiserver-unreachable",
    explains=(
        *COREDNS_WITHOUT_API,
        "flannel-daemonset-failing",
        "pods-stuck-container-creating",
    ),
    also=("cni-apiserver-unreachable", "flannel-apiserver-unreachable"),
)
def apiserver_unreachable_timeout(
    failures: ApiFailures, add_on: NetworkAddOn | None
) -> Iterator[Finding]:
    """Yield one finding per program whose requests to the API server time out."""
    yield from api_findings(
        failures,
        (Reason.TIMEOUT,),
        "no answer from {target} for {resource}",
        partial(steps, add_on=add_on.name if add_on else ""),
    )


def steps(failure: ApiFailure, *, add_on: str) -> tuple[Remedy, ...]:
    """Return the remedy: find the layer, then who translates a Service's address."""
    node, target = failure.subject.node, failure.trouble.target
    return (
        find_api_layer(target, node),
        *after_api_layer(target, node, add_on=add_on),
    )
