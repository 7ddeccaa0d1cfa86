"""CoreDNS says that it cannot watch the Kubernetes API, and not why.

CoreDNS 1.12.4 to 1.13.1 print `Failed to watch` without a reason, whether the server does not
answer, refuses the token or forbids; since 1.14.2 nothing is printed of a server that does not
answer, and only the counters show it. The reason has to be seen from elsewhere.

Limits: the same line stands there for a second while an API server restarts.
Source: coredns/coredns v1.12.4, plugin/kubernetes/logger.go; client-go v0.34.1,
tools/cache/reflector.go.
"""

from collections.abc import Iterator
from functools import partial

from diagnose.check import check
from diagnose.facts import ApiFailures, CoreDNSVersion
from diagnose.facts.api_failures import ApiFailure, numbers_of
from diagnose.findings import api_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import find_api_layer, look, quoted
from diagnose.signatures.trouble import Reason

PRINTS = (1, 13, 2)  # of a server that answers


@check(
    title="CoreDNS fails at the Kubernetes API without saying why",
    severity=Severity.CRITICAL,
    family="apiserver-unreachable",
    explains=(
        "coredns-not-ready",
        "coredns-unsynced-start",
        "coredns-replica-failing",
    ),
)
def coredns_api_error_hidden(
    failures: ApiFailures, version: CoreDNSVersion | None
) -> Iterator[Finding]:
    """Yield one finding per pod that fails at the API without a reason; never proven."""
    newest = version.newest if version else ""
    which = f" (CoreDNS {newest} does not print it)" if newest else ""
    yield from api_findings(
        failures,
        (Reason.HIDDEN, Reason.OTHER),
        f"cannot watch the API; no reason is given{which}",
        partial(steps, numbers_of(newest)),
        proven=False,
    )


def steps(version: tuple[int, ...], failure: ApiFailure) -> tuple[Remedy, ...]:
    """Return the ways to see the reason, the cheapest first."""
    looks = (
        look(
            "See whether CoreDNS may read what it needs",
            "kubectl auth can-i watch endpointslices.discovery.k8s.io -A "
            "--as=system:serviceaccount:kube-system:coredns",
            "kubectl auth can-i watch services -A --as=system:serviceaccount:kube-system:coredns",
            verify="no: its role lacks it; yes twice: it does not get through",
        ),
        find_api_layer(failure.trouble.target, failure.subject.node),
        look(
            "See the certificate that the API server shows at the address that pods ask",
            f"openssl s_client -connect {quoted(failure.trouble.target, '<service address>:443')} "
            "</dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName -subject -issuer "
            f"-dates  # on {quoted(failure.subject.node, 'the node')}",
            verify="the address is among its names, and today within its dates",
        ),
    )
    if version >= PRINTS:
        return looks
    return (
        *looks,
        Remedy(
            title="To have the reason printed, update CoreDNS to 1.13.2 or later",
            commands=(
                "kubectl -n kube-system set image deployment/coredns "
                "coredns=registry.k8s.io/coredns/coredns:v1.13.2",
            ),
            risk=Risk.DISRUPTIVE,
            verify="the line carries the reason",
        ),
    )
