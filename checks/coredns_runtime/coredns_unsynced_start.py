"""CoreDNS began to serve before it knew the cluster.

It waits for the Kubernetes API for 5 s, and then serves without: cluster names are SERVFAIL,
external ones resolve, until the API answers.

Limits: the line is printed once; that CoreDNS caught up later is seen from its readiness.
Source: coredns/coredns v1.12.0, plugin/kubernetes/kubernetes.go (InitKubeCache).
"""

from collections.abc import Iterator

from diagnose.check import check
from diagnose.facts import UnsyncedStarts
from diagnose.model import Finding, Severity
from diagnose.remedies import find_api_layer


@check(
    title="CoreDNS serves without knowing the cluster",
    severity=Severity.CRITICAL,
    family="apiserver-unreachable",
    explains=("internal-names-fail", "coredns-not-ready"),
)
def coredns_unsynced_start(starts: UnsyncedStarts) -> Iterator[Finding]:
    """Yield one finding per pod that started without the API and did not catch up."""
    for match in starts.open:
        yield Finding(
            subject=match.subject,
            message="serves without the cluster's Services: the Kubernetes API did not answer "
            "in time; why does not stand here",
            quotes=(match.quote,),
            remedy=(find_api_layer("", match.subject.node),),
            proven=False,
            at=match.at,
        )
