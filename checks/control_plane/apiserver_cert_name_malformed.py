"""A name in the API server's certificate is malformed, so that clients refuse all of it.

A name that ends with a dot is no name to some versions of the TLS library: those of Go 1.10, and of
Go 1.25.2 and 1.24.8, with which CoreDNS 1.13.1 is built. Others take the same certificate. kubeadm
makes such a name of a networking.dnsDomain or an entry of certSANs that ends with a dot.

Limits: an address that another server answers at shows the same text.
Source: Go crypto/x509 x509.go (parseSANExtension), go1.10, parser.go (parseSANExtension) and
verify.go (isValid), go1.25.2; golang/go issues 24070 and 75828; siderolabs/talos pull request 12286
(CoreDNS 1.13.1); kubernetes/kubernetes v1.31.0 cmd/kubeadm/app/util/pkiutil/pki_helpers.go.
"""

import re
from collections.abc import Iterator

from diagnose.check import check
from diagnose.effects import COREDNS_WITHOUT_API
from diagnose.facts import ApiFailures
from diagnose.facts.api_failures import ApiFailure
from diagnose.findings import api_findings
from diagnose.model import Finding, Remedy, Severity
from diagnose.remedies import issue_certificate, names_of_certificate
from diagnose.signatures.trouble import Reason
from diagnose.text.regex import regex

NAME = regex(r'cannot parse dnsName \\*"(?P<name>[\w.*-]{1,253})\\*"', re.ASCII)


@check(
    title="A name in the API server's certificate is malformed",
    severity=Severity.CRITICAL,
    family="time-skew-cert",
    explains=COREDNS_WITHOUT_API,
)
def apiserver_cert_name_malformed(failures: ApiFailures) -> Iterator[Finding]:
    """Yield one finding per program that cannot read the certificate for a name in it."""
    yield from api_findings(
        failures,
        (Reason.CERT_MALFORMED,),
        "the certificate of {target} cannot be read, as a name in it is malformed",
        steps,
    )


def steps(failure: ApiFailure) -> tuple[Remedy, ...]:
    """Return the remedy: show the names, then issue the certificate anew without the bad one."""
    found = NAME.search(failure.quote.text)
    name = found["name"] if found else ""
    well = name.rstrip(".")
    bad = f"{name} is among them" if name else "one ends with a dot, or is no name at all"
    without = f"{name} as {well}" if name.endswith(".") else "the bad name as it is meant"
    return (
        names_of_certificate(verify=f"{bad}: that one is refused, the others are to stay"),
        issue_certificate(
            "Issue the certificate anew with the same names, well-formed, and restart the API "
            "server",
            "in kubeadm.yaml write networking.dnsDomain and each of apiServer.certSANs without a "
            f"dot at the end, {without}, and under certSANs each further name of step 1 that is "
            "to stay",
            check="apiserver-cert-name-malformed",
        ),
    )
