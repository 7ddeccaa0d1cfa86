"""DNS over TLS to the upstream fails: at the certificate, or before there is one.

A server that accepts a connection at port 853 and then ends it, or resets it, speaks no TLS there,
does not want this client, or is a machine between that lets no TLS through.

Limits: the line does not tell a wrong tls_servername from an intercepted port or a wrong clock, nor
who ended a connection. EOF alone names no server, and so no port.
Source: coredns/coredns v1.12.0, plugin/forward/README.md; Go crypto/x509 verify.go; RFC 7858.
"""

from collections.abc import Iterator
from dataclasses import replace

from diagnose.check import check
from diagnose.facts import Corefile, ResolvConfs, UpstreamFailures
from diagnose.facts.upstream_failures import UpstreamFailure
from diagnose.findings import upstream_findings
from diagnose.model import Finding, Remedy, Severity
from diagnose.remedies import ask_upstream, edit_corefile, look, quoted
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
    """Yield one finding per server whose certificate is not accepted, or that ends before it."""
    yield from upstream_findings(
        failures,
        (
            Reason.CERT_UNKNOWN_AUTHORITY,
            Reason.CERT_NAME,
            Reason.CERT_MALFORMED,
            Reason.CERT_EXPIRED,
            Reason.TLS_OTHER,
            Reason.TLS_HANDSHAKE_TIMEOUT,
        ),
        "the TLS handshake with {server} fails",
        lambda one: (
            shown(one.server),
            edit_corefile("Set tls_servername to a name of that certificate", "upstream-tls-*"),
        ),
        corefile=corefile,
        resolvers=resolvers,
    )
    over_tls = tuple(one for one in failures.failures if one.over_tls)
    yield from upstream_findings(
        replace(failures, failures=over_tls),
        (Reason.RESET, Reason.EOF),
        "{server} accepts connections at the port of DNS over TLS and ends them before an answer",
        ended,
        corefile=corefile,
        resolvers=resolvers,
        family=lambda _: "upstream-refused",
    )


def shown(server: str) -> Remedy:
    """Return the step that shows how the handshake goes."""
    return look(
        "Show the certificate that the server gives",
        f"openssl s_client -connect {quoted(server, '<upstream>')}:853 </dev/null",
        "date",
        verify="its names, its authority and its dates against the clock",
    )


def ended(one: UpstreamFailure) -> tuple[Remedy, ...]:
    """Return the remedy: whether it speaks TLS at all, then plain DNS or another server."""
    return (
        shown(one.server),
        ask_upstream(one.server, one.subject.node),
        edit_corefile(
            "Where it shows no certificate, name a resolver that speaks DNS over TLS, or ask this "
            "one without: forward . <resolver>",
            "upstream-tls-*",
        ),
    )
