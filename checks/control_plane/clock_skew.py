"""A clock is wrong: a certificate that is in use has not begun to be valid.

Machines that resume from a snapshot, boards without a battery, and hosts whose time server is a
name that needs DNS begin years or hours in the past.

Where no program says so itself, the dates of the certificate that others are shown tell it, by the
API server's own clock.

Limits: where the certificate was issued under a clock that was ahead, that clock is the wrong one.
Source: golang/go go1.26, crypto/x509/verify.go (isValid: "current time … is before …").
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import CertificateFaults
from diagnose.findings import certificate_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import look, quoted
from diagnose.signatures.trouble import Reason
from diagnose.text.regex import regex

BEFORE = regex(r"current time (?P<now>\S{10,40}) is before (?P<begin>\d\S{9,39}?)(?=[\"\\\s]|$)")


@check(
    title="The clock of a node is wrong",
    severity=Severity.CRITICAL,
    family="time-skew-cert",
    explains=("apiserver-cert-expired", "apiserver-unauthorized", "upstream-tls-failure"),
)
def clock_skew(certificates: CertificateFaults) -> Iterator[Finding]:
    """Yield one finding per program, or server, whose clock lies before a certificate in use."""
    early = (one for one in certificates.seen if one.early)
    yield from certificate_findings(early, lambda _: steps(""))
    for one in certificates.api.failures:
        match = BEFORE.search(one.quote.text) if one.trouble.reason is Reason.CERT_EXPIRED else None
        if match is None or one.recovered:
            continue
        node = one.subject.name if one.subject.kind == "Node" else one.subject.node
        yield Finding(
            subject=one.subject,
            message=f"{one.emitter.value}: its clock says {match['now']}, the certificate of the "
            f"API server begins at {match['begin']}",
            quotes=(one.quote,),
            remedy=steps(node),
            at=one.first_at,
        )


def steps(node: str) -> tuple[Remedy, ...]:
    """Return the remedy: find which clock is wrong, then set it."""
    return (
        look(
            "Compare the clocks",
            f"timedatectl; chronyc tracking  # on {quoted(node, 'the node')}",
            "date -u  # on a control-plane node",
            verify="which of the two is wrong",
        ),
        Remedy(
            title="Set the clock, from a time server that is named by its address",
            commands=("chronyc makestep  # or: timedatectl set-ntp true",),
            risk=Risk.DISRUPTIVE,
            verify="timedatectl  # System clock synchronized: yes",
            why="a time server's name does not resolve while DNS waits for the clock",
        ),
    )
