"""The API server's certificate does not name the address that is asked.

Pods ask the first address of the service range; a certificate made without it, or before that range
was changed, fits only the other addresses.

CoreDNS from 1.12.4 to 1.13.1 refuses it without a word of why; then the certificate that others are
shown tells it, as a possibility: CoreDNS may be shown another one.

Limits: an address that another server answers at shows the same text.
Source: Go crypto/x509 verify.go (HostnameError.Error), go1.22.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.effects import COREDNS_WITHOUT_API
from diagnose.facts import CertificateFaults
from diagnose.facts.api_failures import ApiFailure
from diagnose.findings import api_findings, certificate_findings
from diagnose.model import Finding, Remedy, Severity
from diagnose.remedies import issue_certificate, names_of_certificate, quoted
from diagnose.signatures.trouble import Reason


@check(
    title="The API server's certificate does not name the address asked",
    severity=Severity.CRITICAL,
    family="time-skew-cert",
    explains=COREDNS_WITHOUT_API,
)
def apiserver_cert_name_mismatch(certificates: CertificateFaults) -> Iterator[Finding]:
    """Yield one finding per program that misses its address, or per certificate that lacks it."""
    yield from api_findings(
        certificates.api,
        (Reason.CERT_NAME,),
        "the certificate of {target} does not fit",
        of_failure,
    )
    seen = (one for one in certificates.seen if one.reason is Reason.CERT_NAME)
    yield from certificate_findings(seen, lambda one: steps(one.address))
    # An error that names nothing known, or the beginning of one: the name is what is left to see
    yield from api_findings(
        certificates.api,
        (Reason.TLS_OTHER,),
        "TLS with {target} fails, for a reason that the line does not name",
        of_failure,
        proven=False,
    )


def of_failure(failure: ApiFailure) -> tuple[Remedy, ...]:
    """Return the remedy of a failed request."""
    return steps(failure.trouble.target.rpartition(":")[0])


def steps(address: str) -> tuple[Remedy, ...]:
    """Return the remedy: show the names, then issue the certificate anew."""
    address = quoted(address, "<service address>")
    return (
        names_of_certificate(verify=f"{address} is not among them"),
        issue_certificate(
            "Issue the certificate anew with the address beside its other names, and restart the "
            "API server",
            f"under apiServer.certSANs in kubeadm.yaml write {address} and each name and address "
            "of step 1 that is to stay",
            check="apiserver-cert-name-mismatch",
        ),
    )
