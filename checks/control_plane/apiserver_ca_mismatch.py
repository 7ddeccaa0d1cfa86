"""The API server's certificate is signed by an authority that pods do not know.

Pods verify it with the bundle that kube-controller-manager writes into each namespace
(kube-root-ca.crt). After the authority was replaced, running pods hold the old bundle.

Limits: another cluster that answers at the address shows the same text.
Source: Go crypto/x509 verify.go (UnknownAuthorityError.Error), go1.22; client-go rest/config.go
("Expected to load root CA config").
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
    title="Pods do not trust the API server's certificate",
    severity=Severity.CRITICAL,
    family="time-skew-cert",
    explains=(
        *COREDNS_WITHOUT_API,
        "cni-apiserver-unauthorized",
    ),
)
def apiserver_ca_mismatch(failures: ApiFailures) -> Iterator[Finding]:
    """Yield one finding per program that does not know the certificate's authority."""
    yield from api_findings(
        failures,
        (Reason.CERT_UNKNOWN_AUTHORITY,),
        "the certificate of {target} is signed by an unknown authority",
        steps,
        but=(Emitter.CNI,),
    )


def steps(_: ApiFailure) -> tuple[Remedy, ...]:
    """Return the remedy: compare bundle and certificate, write the bundle anew, new pods."""
    return (
        look(
            "Compare the bundle that pods get with the authority of the certificate",
            "kubectl -n kube-system get configmap kube-root-ca.crt "
            "-o jsonpath='{.data.ca\\.crt}' | openssl x509 -noout -fingerprint",
            "openssl x509 -noout -fingerprint -in /etc/kubernetes/pki/ca.crt"
            "  # on a control-plane node",
            verify="the two fingerprints differ",
        ),
        Remedy(
            title="Name the right authority in kube-controller-manager's --root-ca-file",
            commands=("edit /etc/kubernetes/manifests/kube-controller-manager.yaml",),
            risk=Risk.MANUAL,
            verify="the fingerprints agree",
        ),
        restart_coredns("running pods hold the old bundle"),
    )
