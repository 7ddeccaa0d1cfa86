"""DNS over TLS to the upstream fails at the certificate.

Limits: the line does not tell a wrong tls_servername from an intercepted port or a wrong clock.
Source: coredns/coredns v1.12.0, plugin/forward/README.md; Go crypto/x509 verify.go.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import Corefile, ResolvConfs, UpstreamFailures
from diagnose.findings import upstream_findings
from diagnose.model import Finding, Severity
from diagnose.remedies import edit_corefile, look, quoted
from diagnose.signatures.trouble import Reason


@check(
    title="DNS over TLS to the upstream fails",
    severity=Severity.CRITICAL,
    family="time-skew-cert",
    explains=("external-names-fail", "hinfo-probe-unanswered"),
)
def upstream_tls_failure(
    failures: UpstreamFailures, corefile: Corefile | None, resolvers: ResolvConfs | None
) -> Iterator[Finding]:
    """Yield one finding per server whose certificate is not accepted."""
    yield from upstream_findings(
        failures,
        (
            Reason.CERT_UNKNOWN_AUTHORITY,
            Reason.CERT_NAME,
            Reason.CERT_EXPIRED,
            Reason.TLS_OTHER,
            Reason.TLS_HANDSHAKE_TIMEOUT,
        ),
        "the TLS handshake with {server} fails",
        lambda one: (
            look(
                "Show the certificate that the server gives",
                f"openssl s_client -connect {quoted(one.server, '<upstream>')}:853 </dev/null",
                "date",
                verify="its names, its authority and its dates against the clock",
            ),
            edit_corefile("Set tls_servername to a name of that certificate", "upstream-tls-*"),
        ),
        corefile=corefile,
        resolvers=resolvers,
    )
