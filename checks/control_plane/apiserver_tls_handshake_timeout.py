"""Connections to the API server open and then break: in the TLS handshake, or by a reset.

Small packets pass and the certificate does not (the path takes smaller packets than the pods
send), something between that is no API server answers, or the server is overloaded.

Limits: the text does not tell these apart.
Source: Go net/http transport.go (TLS handshake timeout), crypto/tls (first record does not look
like a TLS handshake), go1.22.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.effects import COREDNS_WITHOUT_API
from diagnose.facts import ApiFailures
from diagnose.facts.api_failures import ApiFailure
from diagnose.findings import api_findings
from diagnose.model import Finding, Remedy, Risk, Severity
from diagnose.remedies import find_api_layer, look
from diagnose.signatures.trouble import Reason

BROKEN = (
    Reason.TLS_HANDSHAKE_TIMEOUT,
    Reason.EOF,
    Reason.RESET,
    Reason.HTTP_NOT_TLS,
    Reason.NOT_PERMITTED,
)


@check(
    title="Connections to the API server break before an answer",
    severity=Severity.CRITICAL,
    family="apiserver-unreachable",
    explains=(
        *COREDNS_WITHOUT_API,
        "pods-stuck-container-creating",
    ),
)
def apiserver_tls_handshake_timeout(failures: ApiFailures) -> Iterator[Finding]:
    """Yield one finding per program whose connections to the API server break."""
    yield from api_findings(
        failures, BROKEN, "connections to {target} break before an answer", steps, proven=False
    )


def steps(failure: ApiFailure) -> tuple[Remedy, ...]:
    """Return the remedy: find the hop, then see whether large packets pass."""
    target = failure.trouble.target.rpartition(":")[0] or "<API server address>"
    return (
        find_api_layer(failure.trouble.target, failure.subject.node),
        look(
            "See whether large packets pass",
            f"ping -M do -s 1422 -c 3 {target}  # from a pod",
            f"curl -v https://{target}/version  # stops after Client Hello: large ones do not",
            verify="small ones pass and large ones do not: lower the pods' MTU",
        ),
        Remedy(
            title="Where packets are too large, lower the MTU of the pod network",
            commands=("set the MTU in the network add-on's configuration and recreate the pods",),
            risk=Risk.MANUAL,
            verify="corediag run --check apiserver-tls-handshake-timeout",
        ),
    )
