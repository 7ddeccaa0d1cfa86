"""The API server does not have the EndpointSlices that this CoreDNS watches.

CoreDNS since 1.11 watches discovery.k8s.io/v1 alone, which Kubernetes 1.21 brought; 1.8.1 to 1.8.3
watch v1beta1, which 1.25 removed. 1.8.4 to 1.10.1 take either.

Limits: an API server that has just started answers so too, once, before its groups are there.
Source: kubernetes/apimachinery v0.30 pkg/api/errors/errors.go (NewGenericServerResponse);
coredns/deployment kubernetes/CoreDNS-k8s_version.md; coredns/coredns v1.8.4
plugin/kubernetes/controller.go.
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
    title="CoreDNS's version does not fit the cluster: EndpointSlices are not served",
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
def endpointslice_api_unavailable(failures: ApiFailures) -> Iterator[Finding]:
    """Yield one finding per CoreDNS that asks for EndpointSlices of a version that is not there."""
    own = tuple(one for one in failures.failures if one.of_slices)
    yield from api_findings(
        replace(failures, failures=own),
        (Reason.NOT_SERVED,),
        "{target} does not have {resource}",
        steps,
    )


def steps(_: ApiFailure) -> tuple[Remedy, ...]:
    """Return the remedy: both versions, then a CoreDNS that fits."""
    return (
        look(
            "See which EndpointSlices the server has, and which CoreDNS asks",
            "kubectl api-versions | grep discovery.k8s.io; kubectl version",
            "kubectl -n kube-system get deployment coredns -o jsonpath='{..image}'",
            verify="1.11 and later want discovery.k8s.io/v1, 1.8.1 to 1.8.3 v1beta1",
        ),
        Remedy(
            title="Use a CoreDNS that fits the cluster, or finish the cluster's upgrade",
            commands=(
                "kubectl -n kube-system set image deployment/coredns coredns=<image that fits>",
            ),
            risk=Risk.DISRUPTIVE,
            verify="kubectl -n kube-system rollout status deployment coredns",
            why="1.8.4 to 1.10.1 take either; a Corefile must fit the version as well",
        ),
    )
