"""A certificate on the way to the API server is expired or not yet valid.

Where CoreDNS does not say why it fails, the dates of the certificate that others are shown tell it:
a possibility, as CoreDNS may be shown another one.

Limits: neither tells a certificate that ran out from a clock that is wrong.
Source: Go crypto/x509 verify.go (CertificateInvalidError.Error, Expired), go1.22.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.effects import COREDNS_WITHOUT_API
from diagnose.facts import CertificateFaults
from diagnose.facts.api_failures import ApiFailure
from diagnose.findings import api_findings, certificate_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look
from diagnose.signatures.trouble import Reason


@check(
    title="The API server's certificate is expired or not yet valid",
    severity=Severity.CRITICAL,
    family="time-skew-cert",
    explains=COREDNS_WITHOUT_API,
)
def apiserver_cert_expired(certificates: CertificateFaults) -> Iterator[Finding]:
    """Yield one finding per program that says so, or per certificate that is seen to be."""
    yield from api_findings(
        certificates.api,
        (Reason.CERT_EXPIRED,),
        "{target} shows a certificate outside its time",
        steps,
    )
    seen = (one for one in certificates.seen if one.reason is Reason.CERT_EXPIRED)
    yield from certificate_findings(seen, lambda _: steps())


def steps(_: ApiFailure | None = None) -> tuple[Remedy, ...]:
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
