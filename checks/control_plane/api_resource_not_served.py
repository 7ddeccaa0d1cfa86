"""The API server does not have a resource that a program watches.

CoreDNS since 1.11 watches discovery.k8s.io/v1 alone, which Kubernetes 1.21 brought; 1.8.1 to 1.8.3
watch v1beta1, which 1.25 removed. kube-proxy and flannel are tied to their versions likewise.

Limits: an API server that has just started answers so too, once, before its groups are there.
Source: kubernetes/apimachinery v0.30 pkg/api/errors/errors.go (NewGenericServerResponse);
coredns/deployment kubernetes/CoreDNS-k8s_version.md.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import ApiFailures
from diagnose.facts.api_failures import ApiFailure
from diagnose.findings import api_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look
from diagnose.signatures.trouble import Reason


@check(
    title="The API server does not have what a program watches",
    severity=Severity.CRITICAL,
    family="version-skew",
    explains=("coredns-not-ready", "coredns-unsynced-start", "coredns-api-error-hidden"),
    also=("endpointslice-api-unavailable",),
)
def api_resource_not_served(failures: ApiFailures) -> Iterator[Finding]:
    """Yield one finding per program that asks for a resource which the server does not have."""
    yield from api_findings(
        failures, (Reason.NOT_SERVED,), "{target} does not have {resource}", steps
    )


def steps(failure: ApiFailure) -> tuple[Remedy, ...]:
    """Return the remedy: see what is served, then a version that fits."""
    resource = failure.trouble.resource or "endpointslices.discovery.k8s.io"
    group = resource.partition(".")[2] or "discovery.k8s.io"
    return (
        look(
            "See which versions of the group the server has, and which program asks",
            f"kubectl api-versions | grep {group}",
            "kubectl version; kubectl -n kube-system get deployment coredns "
            "-o jsonpath='{..image}'",
            verify="the version that the program watches is listed, or is not",
        ),
        Remedy(
            title="Use a version of the program that fits the cluster, or finish the upgrade",
            commands=(
                "kubectl -n kube-system set image deployment/coredns coredns=<image that fits>",
            ),
            risk=Risk.DISRUPTIVE,
            verify="kubectl -n kube-system rollout status deployment coredns",
            why="where the group comes with a definition (CRD), apply that instead",
        ),
    )
