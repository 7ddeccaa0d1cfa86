"""CoreDNS has no service account token or API address.

The kubernetes plugin reads token, certificate bundle and the API server's address from its pod;
one is not there.

Limits: a token that is there and refused is another finding.
Source: kubernetes/client-go v0.29.3, rest/config.go (InClusterConfig).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CoreDNSLogs
from diagnose.facts.logs import Match
from diagnose.findings import log_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look
from diagnose.signatures.coredns import K8S_CA_UNUSABLE, K8S_ENVIRONMENT_MISSING, K8S_TOKEN_MISSING


@check(
    title="CoreDNS has no service account token or API address",
    severity=Severity.CRITICAL,
    family="rbac",
    explains=("coredns-crashloop", "coredns-api-error-hidden"),
)
def coredns_serviceaccount_missing(logs: CoreDNSLogs) -> Iterator[Finding]:
    """Yield one finding per pod that says so, quoting its last such line."""
    yield from log_findings(
        logs,
        (
            K8S_TOKEN_MISSING,
            K8S_ENVIRONMENT_MISSING,
            K8S_CA_UNUSABLE,
        ),
        message,
        steps,
    )


def message(_: Match) -> str:
    """Return what the line says, in our words."""
    return "its pod lacks the token, the certificate bundle or the API server's address"


def steps(_: Match) -> tuple[Remedy, ...]:
    """Return the remedy."""
    return (
        look(
            "See the account and whether its token is mounted",
            "kubectl -n kube-system get deployment coredns -o yaml | grep -E 'Account|automount'",
            "kubectl -n kube-system get serviceaccount coredns",
            verify="the account exists and automountServiceAccountToken is not false",
        ),
        Remedy(
            title="Apply the account and its binding from CoreDNS's manifest, and mount the token",
            commands=("kubectl apply -f <the manifest of CoreDNS>",),
            risk=Risk.DISRUPTIVE,
            verify="kubectl -n kube-system rollout status deployment coredns",
        ),
    )
