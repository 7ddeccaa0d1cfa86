"""The API server answers with errors: overloaded, or without its storage.

Limits: an API server that starts answers so for seconds; a proxy before it may be who answers.
Source: kubernetes/apimachinery pkg/api/errors/errors.go (NewGenericServerResponse), v0.31.
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.effects import COREDNS_WITHOUT_API
from diagnose.facts import ApiFailures
from diagnose.facts.api_failures import ApiFailure
from diagnose.findings import api_findings
from diagnose.model import Finding, Remedy, Severity
from diagnose.remedies import look
from diagnose.signatures.trouble import Reason


@check(
    title="The API server answers with errors",
    severity=Severity.CRITICAL,
    family="apiserver-unreachable",
    explains=COREDNS_WITHOUT_API,
)
def apiserver_overloaded(failures: ApiFailures) -> Iterator[Finding]:
    """Yield one finding per program that the API server answers with 5xx or 429."""
    yield from api_findings(
        failures,
        (Reason.SERVER_ERROR, Reason.TOO_MANY_REQUESTS),
        "{target} answers with an error for {resource}",
        steps,
    )


def steps(_: ApiFailure) -> tuple[Remedy, ...]:
    """Return the remedy: its health, its storage, who asks so much."""
    return (
        look(
            "See which part of the API server is not well",
            "kubectl get --raw '/readyz?verbose'",
            "kubectl get --raw /metrics | grep -E 'etcd_request_duration|rejected_requests'",
            verify="the failing part: etcd (disk, quorum) or too many requests",
        ),
    )
