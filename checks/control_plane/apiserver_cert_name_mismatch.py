"""The API server's certificate does not name the address that is asked.

Pods ask the first address of the service range; a certificate made without it, or before that range
was changed, fits only the other addresses. Names that the TLS library refuses to parse (a trailing
dot) belong here too.

Limits: an address that another server answers at shows the same text.
Source: Go crypto/x509 verify.go (HostnameError.Error) and parser.go (malformed names), go1.22.
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
    title="The API server's certificate does not name the address asked",
    severity=Severity.CRITICAL,
    family="time-skew-cert",
    explains=("coredns-not-ready", "coredns-unsynced-start", "coredns-api-error-hidden"),
)
def apiserver_cert_name_mismatch(failures: ApiFailures) -> Iterator[Finding]:
    """Yield one finding per program that finds its address missing in the certificate."""
    yield from api_findings(
        failures,
        (Reason.CERT_NAME,),
        "the certificate of {target} does not fit",
        steps,
    )
    # An error that names nothing known, or the beginning of one: the name is what is left to see
    yield from api_findings(
        failures,
        (Reason.TLS_OTHER,),
        "TLS with {target} fails, for a reason that the line does not name",
        steps,
        proven=False,
    )


def steps(failure: ApiFailure) -> tuple[Remedy, ...]:
    """Return the remedy: show the names, then issue the certificate anew."""
    address = failure.trouble.target.rpartition(":")[0] or "<service address>"
    return (
        look(
            "Show the names in the certificate",
            "openssl s_client -connect 127.0.0.1:6443 </dev/null 2>/dev/null "
            "| openssl x509 -noout -ext subjectAltName  # on a control-plane node",
            verify=f"{address} is not among them",
        ),
        Remedy(
            title="Issue the certificate anew with the address, and restart the API server",
            commands=(
                "mv /etc/kubernetes/pki/apiserver.crt /etc/kubernetes/pki/apiserver.key /root/",
                f"kubeadm init phase certs apiserver --apiserver-cert-extra-sans={address}",
                "crictl stop <kube-apiserver container>",
            ),
            risk=Risk.DISRUPTIVE,
            verify="corediag run --check apiserver-cert-name-mismatch",
        ),
    )
