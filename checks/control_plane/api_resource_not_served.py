"""The API server does not have a resource that a program watches.

kube-proxy, flannel and the plugins of network add-ons are tied to versions of Kubernetes, or to
definitions (CRD) of their own. CoreDNS and its EndpointSlices are endpointslice-api-unavailable.

Limits: an API server that has just started answers so too, once, before its groups are there.
Source: kubernetes/apimachinery v0.30 pkg/api/errors/errors.go (NewGenericServerResponse).
"""

from collections.abc import Iterator
from dataclasses import replace

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
    explains=(
        "coredns-not-ready",
        "coredns-unsynced-start",
        "coredns-api-error-hidden",
        "coredns-klog-tmp-crash",
        "coredns-crashloop",
    ),
)
def api_resource_not_served(failures: ApiFailures) -> Iterator[Finding]:
    """Yield one finding per program that asks for a resource which the server does not have."""
    others = tuple(one for one in failures.failures if not one.of_slices)
    yield from api_findings(
        replace(failures, failures=others),
        (Reason.NOT_SERVED,),
        "{target} does not have {resource}",
        steps,
    )


def steps(failure: ApiFailure) -> tuple[Remedy, ...]:
    """Return the remedy: see what is served, then a version that fits."""
    group = failure.trouble.resource.partition(".")[2] or "<group>"
    return (
        look(
            "See which versions of the group the server has, and which version asks",
            f"kubectl api-versions | grep {group}",
            "kubectl version; kubectl get pods -A -o jsonpath='{..image}' | tr ' ' '\\n' | sort -u",
            verify="the version that the program watches is listed, or is not",
        ),
        Remedy(
            title="Use a version of the program that fits the cluster, or finish the upgrade",
            commands=("kubectl apply -f <the program's manifest for this Kubernetes>",),
            risk=Risk.DISRUPTIVE,
            verify="its pods are Running and Ready",
            why="where the group comes with a definition (CRD), apply that instead",
        ),
    )
