"""The API server does not accept the credentials that a program shows.

Service account tokens are signed with the cluster's key and name its issuer; after a control plane
was rebuilt, or with different keys on its servers, old tokens are refused. A clock that is wrong
does the same.

Limits: a token that expires while its pod sleeps is renewed by itself; then the lines stop.
Source: kubernetes/apiserver pkg/endpoints/filters/authentication.go (Unauthorized), v0.31.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.effects import COREDNS_WITHOUT_API
from diagnose.facts import ApiFailures
from diagnose.facts.api_failures import ApiFailure
from diagnose.findings import api_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, restart_coredns
from diagnose.signatures.base import Emitter
from diagnose.signatures.trouble import Reason


@check(
    title="The API server refuses the credentials",
    severity=Severity.CRITICAL,
    family="rbac",
    explains=(
        *COREDNS_WITHOUT_API,
        "cni-apiserver-unauthorized",
    ),
)
def apiserver_unauthorized(failures: ApiFailures) -> Iterator[Finding]:
    """Yield one finding per program whose credentials the API server refuses."""
    yield from api_findings(
        failures,
        (Reason.UNAUTHORIZED,),
        "unauthorized at {target} for {resource}",
        steps,
        but=(Emitter.CNI,),
    )


def steps(failure: ApiFailure) -> tuple[Remedy, ...]:
    """Return the remedy: see whether fresh tokens work, then renew what is old."""
    return (
        look(
            "See whether a fresh token is accepted, and whether the servers share one key",
            "kubectl -n kube-system create token coredns >/dev/null && echo issued",
            "sha256sum /etc/kubernetes/pki/sa.pub; date  # on each control-plane node",
            verify="one checksum everywhere, clocks agree",
        ),
        restart_coredns("new pods get fresh tokens"),
        Remedy(
            title="Where the keys differ, give every API server the same pair",
            commands=(
                "copy /etc/kubernetes/pki/sa.key and sa.pub to every control-plane node",
                "restart kube-apiserver and kube-controller-manager there",
            ),
            risk=Risk.MANUAL,
            verify="corediag run --check apiserver-unauthorized",
        ),
    )
