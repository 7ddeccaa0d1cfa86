"""A certificate on the way to the API server is expired or not yet valid.

Limits: the text does not tell a certificate that ran out from a clock that is wrong.
Source: Go crypto/x509 verify.go (CertificateInvalidError.Error, Expired), go1.22.
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
    title="The API server's certificate is expired or not yet valid",
    severity=Severity.CRITICAL,
    family="time-skew-cert",
    explains=("coredns-not-ready", "coredns-unsynced-start", "coredns-api-error-hidden"),
)
def apiserver_cert_expired(failures: ApiFailures) -> Iterator[Finding]:
    """Yield one finding per program that finds the certificate outside of its time."""
    yield from api_findings(
        failures, (Reason.CERT_EXPIRED,), "{target} shows a certificate outside its time", steps
    )


def steps(_: ApiFailure) -> tuple[Remedy, ...]:
    """Return the remedy: dates and clocks first, then a new certificate."""
    return (
        look(
            "Compare the certificate's dates with the clocks",
            "kubeadm certs check-expiration; timedatectl  # on a control-plane node",
            "date  # on the node of the pod",
            verify="which of the two is wrong",
        ),
        Remedy(
            title="Renew the certificates, and restart the control plane's pods",
            commands=("kubeadm certs renew all", "crictl stop <kube-apiserver container>"),
            risk=Risk.DISRUPTIVE,
            verify="kubeadm certs check-expiration",
            why="where the clock is wrong, set it instead",
        ),
    )
